"""The tools that the user names."""

from __future__ import annotations

import os

from gatewright.tools import compiler, verilator, yosys

VARIABLES = (compiler.VARIABLE, verilator.VARIABLE, yosys.VARIABLE)


def named_tools() -> list[str | None]:
    """What the variables say with which a simulation is compiled."""
    return [os.environ.get(variable) for variable in VARIABLES]
