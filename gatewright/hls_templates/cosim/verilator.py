"""The model that Verilator makes, and its run-time library, which is compiled once for all."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gatewright.hls_templates.cosim.library import CORE_MAIN, MODEL_HEAD, Model, flags
from gatewright.hls_templates.cosim.project import RtlProject
from gatewright.hls_templates.project.names import ROMS_HERE, Names
from gatewright.tools import Cached, Tool, run_tool
from gatewright.tools.cache import header_facts
from gatewright.tools.compiler import Compiler, find_compiler, run_compiler

_VERILATE = ("--cc", "-O3", "--assert", "--x-assign", "unique")
PRINT = "gw_printf"
MODEL = "model"
# Ours stand in verilator_core.hpp.
OWN = ("STOP", "FINISH", "FATAL", "WARN")


@dataclass(frozen=True)
class Style:
    """How sources are taken.

    Attributes:
        kind: Names the libraries.
        options: Verilator's, for warnings and start values.
        optimize: The compiler's.
    """

    kind: str
    options: tuple[str, ...]
    optimize: tuple[str, ...]


# Unset registers begin with seeded random bits: what depends on them shows.
OUR_STYLE = Style("verilator", ("-Wall", "--x-initial", "unique"), ("-O3", "-march=native"))
# Not written by us, and large: it has to compile soon. Cells have the start values of the device.
_QUIET = ("-Wno-fatal", "-Wno-lint", "-Wno-style", "--x-initial", "fast")
NETLIST_STYLE = Style("netlist", _QUIET, ("-O1",))


def verilator_model(tool: Tool, *, trace: bool, style: Style = OUR_STYLE) -> Model:
    """The model."""
    options = [*_VERILATE, *style.options, *(["--trace-vcd"] if trace else [])]

    def generate(rtl: RtlProject, names: Names, work: Path) -> Sequence[str]:
        top = ["--top-module", names.core, f'+define+{names.rom_dir}="{ROMS_HERE}"']
        run_tool(tool, [*options, *top, "--Mdir", MODEL, *rtl.sources], work)
        sources = sorted(path.name for path in (work / MODEL).glob("*.cpp"))
        text = "".join(f'#include "{MODEL}/{name}"\n' for name in sources)
        model = f"V{names.core}"
        head = f'{MODEL_HEAD}#include "{MODEL}/{model}.h"\nusing gw_model = {model};\n'
        (work / "gw_model.hpp").write_text(head + text)
        objects = [Path(shutil.copy(path, work)).name for path in runtime.paths()]
        return [*compiling, f"-I{MODEL}", *objects]

    runtime = run_time(tool, find_compiler(), trace=trace)
    compiling = [*style.optimize, *includes(tool)]
    facts = [*tool.facts(), *options, *compiling, *runtime.facts]
    return Model(style.kind, "verilator_core.hpp", "top.{}".format, facts, generate)


def includes(tool: Tool) -> list[str]:
    """Where its headers are, as the compiler's flags."""
    assert tool.root is not None
    return [f"-isystem{tool.root / 'include'}", f"-isystem{tool.root / 'include' / 'vltstd'}"]


def run_time(tool: Tool, compiler: Compiler, *, trace: bool) -> Cached:
    """Object files of the run-time library."""
    assert tool.root is not None
    names = ["verilated", "verilated_threads", *(["verilated_vcd_c"] if trace else [])]
    declared = f'extern "C" int {PRINT}(const char*, ...);\n'
    arguments = [*flags(compiler), "-O2", "-c", *(f"-DVL_USER_{name}" for name in OWN)]
    arguments += [f"-DVL_PRINTF={PRINT}", *includes(tool)]

    def make(work: Path) -> None:
        for name in names:
            # Not under its own name, which the text includes.
            (work / CORE_MAIN).write_text(f'{declared}#include "{name}.cpp"\n')
            run_compiler(compiler, [*arguments, CORE_MAIN, "-o", f"{name}.o"], work)

    facts = [*tool.facts(), *header_facts(tool.root / "include"), *compiler.facts()]
    facts += [declared, *arguments]
    return Cached("verilated", facts, [f"{name}.o" for name in names], make)
