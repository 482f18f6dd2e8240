"""The model that yosys writes as C++ (CXXRTL)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gatewright.hls_templates.cosim.library import MODEL_HEAD, Model
from gatewright.hls_templates.cosim.project import RtlProject
from gatewright.hls_templates.project.names import ROMS_HERE, Names
from gatewright.tools import Tool, run_yosys
from gatewright.tools.cache import header_facts

RUNTIME = Path("include") / "backends" / "cxxrtl" / "runtime"
DEBUG_ALL, DEBUG_NONE = "-g4", "-g0"


OPTIMIZE = ("-O1",)


def cxxrtl_model(tool: Tool, *, trace: bool, optimize: Sequence[str] = OPTIMIZE) -> Model:
    """The model, with the compiler's flags for how well it is to run."""
    assert tool.root is not None
    runtime = tool.root / RUNTIME
    options = [*optimize, f"-isystem{runtime}"]
    debug = DEBUG_ALL if trace else DEBUG_NONE

    def generate(rtl: RtlProject, names: Names, work: Path) -> Sequence[str]:
        # opt_clean takes away the $buf cells of the front end, which CXXRTL does not know.
        # Module by module: flattened, C++ compilers take minutes for it.
        script = [
            read_command(rtl, names),
            "opt_clean",
            f"write_cxxrtl {debug} -noflatten model.cpp",
        ]
        run_yosys(tool, script, work)
        model = f"cxxrtl_design::{_mangled(names.core)}"
        head = f'{MODEL_HEAD}#include "model.cpp"\nusing gw_model = {model};\n'
        (work / "gw_model.hpp").write_text(head)
        return options

    facts = [*tool.facts(), *options, debug, *header_facts(runtime)]
    return Model("cxxrtl", "cxxrtl_core.hpp", member, facts, generate)


def member(signal: str) -> str:
    """A signal of the core."""
    return f"top.{_mangled(signal)}"


def _mangled(name: str) -> str:
    """CXXRTL doubles underscores and puts its own before."""
    return f"p_{name.replace('_', '__')}"


def read_command(rtl: RtlProject, names: Names) -> str:
    """Read the core; the front end wants one job and paths below the working folder."""
    sources = " ".join(rtl.sources)
    top = f'--top {names.core} -D{names.rom_dir}="{ROMS_HERE}"'
    return f"read_slang -j 1 --keep-hierarchy {top} {sources}"
