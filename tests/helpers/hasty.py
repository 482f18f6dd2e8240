"""What most tests run takes a moment, to compile it seconds: it is compiled soon, and runs slower.

It is compiled with little optimization, and g++ reads the headers of ap_int and of the simulators,
which are the same for all designs, once a session instead of once a design. The sources, the
harness and all that is compared are the same. Tests of what users compile have what users have, and
so have processes that tests start, but for those with ``hasty_environment``.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from gatewright.errors import GatewrightError
from gatewright.hls_templates.cosim import simulators
from gatewright.hls_templates.cosim.cxxrtl import RUNTIME, cxxrtl_model
from gatewright.hls_templates.cosim.library import flags as core_flags
from gatewright.hls_templates.cosim.verilator import (
    OUR_STYLE,
    Model,
    Style,
    includes,
    verilator_model,
)
from gatewright.hls_templates.csim import library
from gatewright.hls_templates.csim.library import ap_flags, native_flags
from gatewright.tools import Tool
from gatewright.tools.compiler import Compiler, apart, find_compiler, run_compiler
from gatewright.tools.home import VARIABLE as CACHE

STANDARD = ("cerrno", "chrono", "cstdarg", "cstdio", "cstring", "memory", "stdexcept", "vector")
HEADERS = {
    "ap": ("ap_int.h", "cassert", "type_traits", "vector"),
    "verilated": (*STANDARD, "verilated.h"),
    "cxxrtl": (*STANDARD, "cxxrtl/cxxrtl.h"),
}
# The integers of every width that designs use are instantiated there too: an eighth of a compile.
MADE = {
    "ap": """\
#include <utility>
template <class> struct Made;
template <int... N> struct Made<std::integer_sequence<int, N...>> {
  static constexpr auto SIZE = (... + (sizeof(ap_int<N + 1>) + sizeof(ap_uint<N + 1>)));
};
static_assert(Made<std::make_integer_sequence<int, 64>>::SIZE > 0, "");
"""
}
ONCE = Path(__file__).with_name("objcache")
# g++ takes memory that is there before it looks for garbage.
ROOMY = ("--param", "ggc-min-heapsize=1000000")


def headers_folder() -> Path:
    """Beside the cache of the session."""
    return Path(f"{os.environ[CACHE]}-headers")


def made_soon() -> dict[str, str]:
    """For the environment of ``verilator --binary``: its own runtime is not optimized, either.

    It is compiled once a session.
    """
    return {
        "MAKEFLAGS": "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0",
        "OBJCACHE": shlex.quote(str(ONCE)).replace("$", "$$"),
        **_objects(),
    }


def verilated_objects(flags: Sequence[str], include: Path, folder: Path) -> list[str]:
    """Verilator's own runtime, compiled once a session.

    Args:
        flags: The compiler's.
        include: Where its sources are.
        folder: Where copies of the objects are put.

    Returns:
        Their paths.
    """
    made = []
    for name in ("verilated", "verilated_threads"):
        made.append(str(folder / f"{name}.o"))
        command = [str(ONCE), *find_compiler().command, *flags, "-c", "-o", made[-1]]
        subprocess.run(
            [*command, str(include / f"{name}.cpp")], env={**os.environ, **_objects()}, check=True
        )
    return made


def _objects() -> dict[str, str]:
    return {"OBJECTS": str(headers_folder() / "objects")}


def make_haste() -> None:
    """From here on this process compiles soon."""
    haste = Haste(headers_folder())
    simulators.verilator_model = haste.verilator_model
    simulators.cxxrtl_model = haste.cxxrtl_model
    library.ap_flags = haste.ap_flags
    library.native_flags = haste.native_flags


def hasty_environment(*paths: Path, **more: str) -> dict[str, str]:
    """For a process that compiles soon, too.

    Args:
        paths: What else it imports from.
        more: Other variables.
    """
    helpers = Path(__file__).parent
    before = [str(path) for path in (helpers / "soon", helpers, helpers.parents[1], *paths)]
    inherited = [path for path in [os.environ.get("PYTHONPATH")] if path]
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*before, *inherited]), **more}


class Haste:
    """What takes the place of four functions of the package.

    Args:
        folder: Where ``HEADERS`` are; each is made when it is first asked for.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def verilator_model(self, tool: Tool, *, trace: bool, style: Style = OUR_STYLE) -> Model:
        """The model in haste."""
        style = replace(style, optimize=self._core("verilated", "-O0", includes(tool)))
        return verilator_model(tool, trace=trace, style=style)

    def cxxrtl_model(self, tool: Tool, *, trace: bool) -> Model:
        """The model in haste."""
        assert tool.root is not None
        optimize = self._core("cxxrtl", "-O0", [f"-isystem{tool.root / RUNTIME}"])
        return cxxrtl_model(tool, trace=trace, optimize=optimize)

    def ap_flags(self, compiler: Compiler) -> list[str]:
        """The flags in haste; for compilers that are none of g++, as they are."""
        flags = ap_flags(compiler)
        if compiler.name != "g++":
            return flags
        flags = ["-Og" if flag == "-O1" else flag for flag in flags]
        alike = ["-std=c++17", "-fPIC", *apart(compiler), *flags]
        return [*self._read_before("ap", compiler, alike), *flags]

    def native_flags(self) -> list[str]:
        """The flags in haste."""
        return ["-O1" if flag == "-O3" else flag for flag in native_flags()]

    def _core(self, name: str, optimize: str, headers: Sequence[str]) -> Sequence[str]:
        compiler = find_compiler()
        if compiler.name != "g++":
            return (optimize,)
        alike = [*core_flags(compiler), optimize, *headers]
        return (optimize, *self._read_before(name, compiler, alike))

    def _read_before(self, name: str, compiler: Compiler, alike: Sequence[str]) -> Sequence[str]:
        """Flags that bring some of ``HEADERS``; ``alike`` are those that have to be the same."""
        try:
            return ("-include", str(self._made(name, compiler, [*alike, *ROOMY])), *ROOMY)
        except GatewrightError:  # a test has broken it: the next call says so, as users see it
            return ()

    def _made(self, name: str, compiler: Compiler, flags: Sequence[str]) -> Path:
        header, new = self._folder / f"{name}.hpp", self._folder / f"new-{name}.hpp"
        self._folder.mkdir(exist_ok=True)
        with FileLock(self._folder / f"{name}.lock"):
            if not header.exists():
                included = "".join(f"#include <{file}>\n" for file in HEADERS[name])
                new.write_text(included + MADE.get(name, ""))
                arguments = [*flags, "-x", "c++-header", new.name, "-o", f"{header.name}.gch"]
                run_compiler(compiler, arguments, self._folder)
                new.replace(header)
        return header
