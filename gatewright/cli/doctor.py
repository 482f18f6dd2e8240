"""What is installed here, and what each thing is for."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from gatewright.boards import open_boards
from gatewright.boards.families import OPEN_FAMILIES
from gatewright.errors import GatewrightError
from gatewright.tools import Tool, find_verilator, find_yosys, user_cache
from gatewright.tools.compiler import OWN_HEADERS, ap_types, check_compiler, find_compiler
from gatewright.tools.home import VARIABLE as CACHE
from gatewright.tools.programs import (
    COMPILER,
    IVERILOG,
    VERILATOR,
    VITIS,
    VIVADO,
    VVP,
    YOSYS,
    Program,
    find_program,
)

PACKAGES = {
    "torch": "trace torch modules",
    "brevitas": "trace torch modules",
    "qonnx": "run 1_traced.onnx",
    "onnx": "read and write every graph",
    "onnxruntime": "run 2_standard.onnx",
    "hls4ml": "C-simulate on AMD's ap_int, which its wheel brings; gatewright.hls4ml",
    "ziglang": "C-simulate where there is no g++",
}
PLACES, PACKS = "synth: place and route for", "synth: bitstreams for"
FOR_VENDORS = (
    (VITIS, "synth --flow vitis: synthesize hls/ to IP"),
    (VIVADO, "synth --flow vivado; --flow vitis: place and route the IP"),
)


@dataclass(frozen=True)
class Entry:
    """A line of the report.

    Attributes:
        name: Package or program.
        found: Version or path, or None.
        enables: What it is for.
        needed: Whether compile or verify cannot do without.
        problem: Why it is not there, or does not do.
    """

    name: str
    found: str | None
    enables: str
    needed: bool
    problem: str = ""


def examine() -> list[Entry]:
    """Look for everything Gatewright can use."""
    lines = [Entry("python", platform.python_version(), "everything", True)]
    optional = ("torch", "brevitas", "hls4ml", "ziglang")
    lines += [
        Entry(name, _package(name), enables, name not in optional)
        for name, enables in PACKAGES.items()
    ]
    lines += [_line(COMPILER, _compiler, "C-simulate", needed=True), _headers(), _cache()]
    lines += [*_simulators(), *_flows()]
    lines.append(Entry("pyserial", _package("pyserial"), "run: models on boards", False))
    return lines + [_program(program, enables) for program, enables in FOR_VENDORS]


def _package(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _program(program: Program, enables: str) -> Entry:
    """A line of what is looked for and not run."""
    return _line(program, lambda: find_program(program).origin, enables)


def _line(program: Program, say: Callable[[], str], enables: str, needed: bool = False) -> Entry:
    """A line with what ``say`` says of a program, or else why it is not there."""
    try:
        found = say()
    except GatewrightError as error:
        problem = f"{error.code}: {error.cause} {error.remedy}"
        return Entry(program.name, None, enables, needed, problem)
    words = f"{enables}; {program.choice}" if program.choice else enables
    return Entry(program.name, found, words, needed)


def _compiler() -> str:
    compiler = find_compiler()
    check_compiler(compiler)
    return f"{compiler.version()}, {compiler.origin}"


def _tool(program: Program, find: Callable[[], Tool]) -> str:
    version, origin = find().version, find_program(program).origin
    return version if version == origin else f"{version}, {origin}"


def _headers() -> Entry:
    ours = "Gatewright's own" if ap_types() == OWN_HEADERS else "AMD's"
    return Entry("ap_int.h", ours, "C-simulate on the types of Vitis HLS", True)


def _cache() -> Entry:
    found, problem = None, ""
    try:
        folder = user_cache()
        found = f"{folder} ({size_of(folder) / 1e6:.1f} MB)"
    except GatewrightError as error:
        problem = f"{error.code}: {error.cause}"
    enables = f"keep what is compiled; set {CACHE} to choose a folder, delete it to clear it"
    return Entry("cache", found, enables, True, problem)


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def _simulators() -> list[Entry]:
    synth = "level cxxrtl: simulate rtl/; synth: synthesize it"
    return [
        _line(VERILATOR, lambda: _tool(VERILATOR, find_verilator), "level rtl: simulate rtl/"),
        _line(YOSYS, lambda: _tool(YOSYS, find_yosys), synth),
        _program(IVERILOG, "tests: read rtl/, and simulate it with four states"),
        _program(VVP, "run what iverilog compiles"),
    ]


def _flows() -> list[Entry]:
    """What takes a netlist to a bitstream, with the boards that need it."""
    boards = list(open_boards().values())
    lines = []
    for family in OPEN_FAMILIES.values():
        named = ", ".join(board.name for board in boards if board.family is family)
        for program, does in ((family.nextpnr, PLACES), (family.packer, PACKS)):
            lines.append(_program(program, f"{does} {named}"))
    return lines
