"""Yosys with its SystemVerilog front end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gatewright.tools.programs import YOSYS, find_program
from gatewright.tools.run import Tool, program, run_tool

SCRIPT = "script.ys"
SHORT_ROM = "number of words in .* match the range"
"""What yosys only warns of: the words that are not there would be anything."""


def find_yosys() -> Tool:
    """Yosys, with its ``share`` folder as ``root``.

    Raises:
        GatewrightError: GW-701 if there is none, GW-702 if it does not run.
    """
    found = find_program(YOSYS)
    if found.folder is not None:
        # It keeps the compiled WASM in the user's cache, or where YOWASP_CACHE_DIR says.
        return Tool("yosys", found.command, found.origin, root=found.folder / "share")
    path = found.command[0]
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
