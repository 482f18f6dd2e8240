"""Icarus Verilog: a simulator with four states, in which an unset register is X."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gatewright.tools.programs import IVERILOG, VVP, find_program
from gatewright.tools.run import Tool, run_tool

PROGRAM = "bench.vvp"


def find_iverilog() -> Tool:
    """Its compiler.

    Raises:
        GatewrightError: GW-701 if there is none, GW-702 if it does not run.
    """
    return _tool(IVERILOG.name, find_program(IVERILOG).command)


def find_vvp() -> Tool:
    """What runs the compiler's output.

    Raises:
        GatewrightError: GW-701 if there is none, GW-702 if it does not run.
    """
    return _tool(VVP.name, find_program(VVP).command)


def _tool(name: str, command: tuple[str, ...]) -> Tool:
    tool = Tool(name, command, "unknown")
    said = run_tool(tool, ["-V"], Path.cwd()).splitlines()
    return Tool(name, command, said[0] if said else "unknown")


def run_iverilog(
    compiler: Tool, runner: Tool, top: str, sources: Sequence[str], folder: Path
) -> str:
    """Compile and simulate in ``folder``, until ``$finish``.

    Returns:
        What both printed: the compiler's warnings, then the simulation's.

    Raises:
        GatewrightError: GW-702 with the first complaint, of ``$fatal`` too.
    """
    said = run_tool(
        compiler, ["-g2012", "-Wall", "-Wno-timescale", "-s", top, "-o", PROGRAM, *sources], folder
    )
    return said + run_tool(runner, ["-n", PROGRAM], folder)
