"""The model that yosys writes as C++ (CXXRTL)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gatewright.hls_templates.cosim.library import MODEL_HEAD, Model
from gatewright.hls_templates.cosim.project import RtlProject
from gatewright.hls_templates.project.names import CORE
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

    def generate(rtl: RtlProject, work: Path) -> Sequence[str]:
        # opt_clean takes away the $buf cells of the front end, which CXXRTL does not know.
        # Module by module: flattened, C++ compilers take minutes for it.
        script = [read_command(rtl), "opt_clean", f"write_cxxrtl {debug} -noflatten model.cpp"]
        run_yosys(tool, script, work)
        (work / "gw_model.hpp").write_text(f'{MODEL_HEAD}#include "model.cpp"\n')
        return options

    facts = [*tool.facts(), *options, debug, *header_facts(runtime)]
    return Model("cxxrtl", "cxxrtl_core.hpp", member, facts, generate)


def member(signal: str) -> str:
    """CXXRTL doubles underscores and puts its own before."""
    return f"top.p_{signal.replace('_', '__')}"


def read_command(rtl: RtlProject) -> str:
    """Read the core; the front end wants one job and paths below the working folder."""
    return f"read_slang -j 1 --keep-hierarchy --top {CORE} {' '.join(rtl.sources)}"
