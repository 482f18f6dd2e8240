"""The way to a netlist that can be simulated: the flow of the boards, up to where cells are placed.

A board's flow ends in JSON for nextpnr; this one gives the same cells in Verilog, of the same JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gatewright.boards.families import OPEN_FAMILIES, OpenFamily
from gatewright.boards.families.base import NetlistLevel
from gatewright.boards.flows import NETLIST_JSON, RTL, elaborate_script, map_script, synthesis
from gatewright.boards.plan import Plan, ToolRun
from gatewright.boards.run import Progress, run_all
from gatewright.tools.programs import YOSYS

NETLIST_V = "netlist.v"


@dataclass(frozen=True)
class NetlistTarget:
    """What a netlist is made for.

    Attributes:
        family: Of its cells.
        level: How they are simulated.
    """

    family: OpenFamily
    level: NetlistLevel


NETLIST_TARGETS = {
    family.netlist.level: NetlistTarget(family, family.netlist)
    for family in OPEN_FAMILIES.values()
    if family.netlist is not None
}
"""By the name of the level."""


def netlist_plan(device: NetlistTarget, rtl: Mapping[str, str], top: str) -> Plan:
    """Files and commands that make ``netlist.v`` of a design.

    Args:
        device: What it is for.
        rtl: Files below ``rtl/``, ``sources.f`` among them.
        top: The module.
    """
    family, level = device.family, device.level
    files = {f"{RTL}/{path}": text for path, text in rtl.items()}
    files["elaborate.ys"] = elaborate_script(family, top, pll=False)
    files["map.ys"] = map_script(family, top)
    files["write.ys"] = "\n".join(
        [
            f"read_json {NETLIST_JSON}",
            f"select {top}",
            # What mapping made up has long names, which simulators copy many times.
            f"rename -hide c:* {level.made_up}",
            f"write_verilog -noattr -selected {NETLIST_V}",
            "",
        ]
    )
    write = ToolRun("write", YOSYS, ("-s", "write.ys"), "write.log", gives=NETLIST_V)
    return Plan(files, (*synthesis(family, level.dsp), write))


def run_netlist(plan: Plan, folder: Path, progress: Progress = lambda stage, line: None) -> str:
    """Run a plan in a folder, and read the netlist.

    Raises:
        GatewrightError: GW-701 and GW-801 if a tool is missing, GW-804 if one fails.
    """
    plan.write(folder)
    run_all(plan.commands, folder, progress)
    return (folder / NETLIST_V).read_text()
