"""What is installed here, and what each thing is for."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from gatewright import tools as eda
from gatewright.boards import open_boards
from gatewright.boards.families import OPEN_FAMILIES
from gatewright.errors import GatewrightError
from gatewright.hls_templates.csim import find_compiler
from gatewright.tools.compiler import ap_types, check_compiler
from gatewright.tools.home import VARIABLE as CACHE
from gatewright.tools.programs import Program, find_program

PACKAGES = {
    "torch": "trace torch modules",
    "brevitas": "trace torch modules",
    "qonnx": "run 1_traced.onnx",
    "onnx": "read and write every graph",
    "onnxruntime": "run 2_standard.onnx",
    "hls4ml": "C-simulate on ap_int (its wheel brings ap_int.h)",
    "ziglang": "C-simulate where there is no g++",
}
PLACES, PACKS = "synth: place and route for", "synth: bitstreams for"
PROGRAMS = {
    "vitis_hls": "synthesize hls/ to IP: vitis_hls -f run_hls.tcl",
    "vivado": "place and route the IP",
}


@dataclass(frozen=True)
class Tool:
    """One line of the report.

    Attributes:
        name: Package or program.
        found: Version or path, or None.
        enables: What it is for.
        needed: Whether compile or verify cannot do without.
        problem: Why one that is there does not do.
    """

    name: str
    found: str | None
    enables: str
    needed: bool
    problem: str = ""


def examine() -> list[Tool]:
    """Look for everything Gatewright can use."""
    tools = [Tool("python", platform.python_version(), "everything", True)]
    optional = ("torch", "brevitas", "ziglang")
    tools += [
        Tool(name, _package(name), enables, name not in optional)
        for name, enables in PACKAGES.items()
    ]
    tools += [_compiler(), _headers(), _cache(), *_simulators(), *_flows()]
    tools.append(Tool("pyserial", _package("pyserial"), "run: models on boards", False))
    return tools + [
        Tool(name, shutil.which(name), enables, False) for name, enables in PROGRAMS.items()
    ]


def _package(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _compiler() -> Tool:
    found, problem = None, ""
    try:
        compiler = find_compiler()
        check_compiler(compiler)
        found = compiler.version()
    except GatewrightError as error:
        problem = f"{error.code}: {error.cause}"
    return Tool("C++ compiler", found, "C-simulate; set CXX to choose one", True, problem)


def _headers() -> Tool:
    try:
        found = "found" if (ap_types() / "ap_int.h").is_file() else None
    except GatewrightError:
        found = None
    return Tool("ap_int.h", found, "C-simulate on the types of Vitis HLS", True)


def _cache() -> Tool:
    found, problem = None, ""
    try:
        folder = eda.user_cache()
        found = f"{folder} ({size_of(folder) / 1e6:.1f} MB)"
    except GatewrightError as error:
        problem = f"{error.code}: {error.cause}"
    enables = f"keep what is compiled; set {CACHE} to choose a folder, delete it to clear it"
    return Tool("cache", found, enables, True, problem)


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def _simulators() -> list[Tool]:
    return [
        _hardware("verilator", eda.find_verilator, "level rtl: simulate rtl/"),
        _hardware("yosys", eda.find_yosys, "level cxxrtl: simulate rtl/; synth: synthesize it"),
    ]


def _hardware(name: str, find: Callable[[], eda.Tool], enables: str) -> Tool:
    try:
        found = find().version
    except GatewrightError:
        found = None
    return Tool(name, found, f"{enables}; set {name.upper()} to choose one", False)


def _flows() -> list[Tool]:
    """What takes a netlist to a bitstream, with the boards that need it."""
    boards = list(open_boards().values())
    tools = []
    for family in OPEN_FAMILIES.values():
        named = ", ".join(board.name for board in boards if board.family is family)
        for program, does in ((family.nextpnr, PLACES), (family.packer, PACKS)):
            tools.append(Tool(program.name, _flow_tool(program), f"{does} {named}", False))
    return tools


def _flow_tool(program: Program) -> str | None:
    """The version of its wheel, or where it is."""
    try:
        origin = find_program(program).origin
    except GatewrightError:
        return None
    version = _package(origin)
    return f"{origin} {version}" if version else origin
