"""Verilator with the sources that its models run on."""

from __future__ import annotations

import re
from pathlib import Path

from gatewright.errors import GatewrightError
from gatewright.tools.programs import VERILATOR, find_program
from gatewright.tools.run import Tool, program, run_tool


def find_verilator() -> Tool:
    """Verilator, with the folder of its run-time sources as ``root``.

    Raises:
        GatewrightError: GW-701 if there is none, GW-702 if it does not run.
    """
    found = find_program(VERILATOR)
    if found.folder is not None:
        around = {"VERILATOR_ROOT": str(found.folder)}
        return Tool("verilator", found.command, found.origin, around, found.folder)
    return program("verilator", found.command[0], _root(found.command[0]))


def _root(path: str) -> Path:
    """What ``--getenv VERILATOR_ROOT`` says."""
    tool = Tool("verilator", (path,), "unknown")
    said = run_tool(tool, ["--getenv", "VERILATOR_ROOT"], Path.cwd())
    found = re.search(r"^\S.*$", said, re.MULTILINE)
    root = Path(found.group().strip()) if found else Path("/nonexistent")
    if not (root / "include" / "verilated.cpp").is_file():
        raise GatewrightError(
            "GW-702",
            where=path,
            cause=f"it names {root} as its root, where there is no include/verilated.cpp.",
            remedy=f"Correct {VERILATOR.variable}, or unset it and run {VERILATOR.install}.",
        )
    return root
