"""The way to a netlist that can be simulated: the flow of the boards, up to where cells are placed.

A board's flow ends in JSON for nextpnr; this one gives the same cells in Verilog.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gatewright.boards.flows import FLOWS, RTL, elaborate_script, map_script, synthesis
from gatewright.boards.plan import Plan
from gatewright.boards.run import Progress, ToolError, failed, run_command

NETLIST = "netlist.v"
_MADE_UP = {
    "ecp5": "w:*_LUT4_* w:*_CCU2C_* w:*_TRELLIS_* w:*_PFUMX_* w:*_L6MUX21_* w:*_MULT18X18D_*",
    "ice40": "w:*_SB_*",
}


@dataclass(frozen=True)
class Device:
    """What a netlist is made for.

    Attributes:
        family: As in ``FLOWS``.
        dsp: DSP blocks that it may use.
        multipliers: Budget of a recurrent layer, small enough to compile soon.
    """

    family: str
    dsp: int
    multipliers: int


DEVICES = {
    "ecp5": Device("ecp5", dsp=156, multipliers=16),  # LFE5U-85F
    "ice40": Device("ice40", dsp=8, multipliers=4),  # iCE40UP5K
}


def netlist_plan(device: Device, rtl: Mapping[str, str], top: str) -> Plan:
    """Files and commands that make ``netlist.v`` of a design.

    Args:
        device: What it is for.
        rtl: Files below ``rtl/``, ``sources.f`` among them.
        top: The module.
    """
    flow = FLOWS[device.family]
    files = {f"{RTL}/{path}": text for path, text in rtl.items()}
    files["elaborate.ys"] = elaborate_script(flow, top, pll=False)
    files["map.ys"] = map_script(flow, top) + "\n".join(
        # What mapping made up has long names, which simulators copy many times.
        [f"rename -hide c:* {_MADE_UP[device.family]}", f"write_verilog -noattr {NETLIST}", ""]
    )
    return Plan(files, synthesis(flow, device.dsp))


def run_netlist(plan: Plan, folder: Path, progress: Progress = lambda stage, line: None) -> str:
    """Run a plan in a folder, and read the netlist.

    Raises:
        GatewrightError: GW-701 and GW-801 if a tool is missing, GW-804 if one fails.
    """
    plan.write(folder)
    for command in plan.commands:
        try:
            run_command(command, folder, progress)
        except ToolError as error:
            raise failed(error, folder) from error
    return (folder / NETLIST).read_text()
