"""The compiled cores behind each level that runs cycle by cycle."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path

from gatewright.boards.flows import OWN_MODULES
from gatewright.boards.netlist import (
    NETLIST_TARGETS,
    NETLIST_V,
    NetlistTarget,
    netlist_plan,
    run_netlist,
)
from gatewright.builds.documents import Documents
from gatewright.builds.fold import folded
from gatewright.builds.folder import INTEGER, KERNELS, RTL
from gatewright.hls_templates.cosim import Core, Drive, SimulatorName, compiled_core
from gatewright.hls_templates.cosim.cells import cell_models
from gatewright.hls_templates.cosim.project import RtlProject
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.hls_templates.project.names import SOURCES
from gatewright.hls_templates.project.rtl import rtl_files
from gatewright.levels.level import Level, Opener
from gatewright.levels.rtl import RtlEngine, drive_for
from gatewright.tools import Cached, find_yosys
from gatewright.tools.cache import contents, place
from gatewright.tools.programs import named_tools

SIMULATORS: dict[str, SimulatorName] = {"rtl": "any", "cxxrtl": "cxxrtl"}
RUNNERS = {
    "rtl": "SystemVerilog, clock by clock",
    "cxxrtl": "SystemVerilog by yosys' CXXRTL",
    **{name: f"the cells of {device.family.name}" for name, device in NETLIST_TARGETS.items()},
}


def level_core(build: Documents, level: str, *, trace: bool) -> Callable[[], Core]:
    """What makes cores of a level of ``RTL_LEVELS``, compiled.

    Args:
        build: The build.
        level: The level.
        trace: Whether runs can write a waveform.

    Raises:
        GatewrightError: GW-701, GW-702, GW-705 and GW-804 of the hardware tools, GW-501 and GW-502
            of the C++ compiler, GW-404 and GW-504 of the cache.
    """
    if level in SIMULATORS:
        rtl = RtlProject.open(build.path / RTL, build.listed(RTL))
        return compiled_core(rtl, Ports.of(build.kernels), SIMULATORS[level], trace=trace)
    netlist, ports = make_netlist(build, NETLIST_TARGETS[level])
    return compiled_core(RtlProject.open(netlist.folder()), ports, "netlist", trace=trace)


def make_netlist(build: Documents, device: NetlistTarget) -> tuple[Cached, Ports]:
    """The netlist of a build's core.

    Args:
        build: The build. It is folded anew for the device, so its cycles are not those of ``rtl``.
        device: What it is made for.

    Returns:
        Netlist, cells and ``sources.f`` in the user's cache, and the ports of the core in it.
    """
    cuts = device.family.cuts(device.level.mhz)
    design, yosys = folded(build, device.level.multipliers, cuts), find_yosys()
    ports = Ports.of(design.document(build.integer.steps, {}))
    plan = netlist_plan(device, rtl_files(design), ports.names.core)
    cells = cell_models(device.level.models, yosys)
    names = [*cells, NETLIST_V]
    sources = {SOURCES: "".join(f"{name}\n" for name in names)}
    files = {name: text.encode() for name, text in (cells | sources).items()}

    def make(work: Path) -> None:
        run_netlist(plan, work)
        place(files, work)

    ours = [resources.files("gatewright.boards").joinpath(m).read_text() for m in OWN_MODULES]
    facts = [plan.digest(), *ours, *yosys.facts(), *contents(files)]
    return Cached(f"netlist-{device.family.name}", facts, [*names, SOURCES], make), ports


def clocked_engine(build: Documents, level: str, drive: Drive | None = None) -> RtlEngine:
    """The engine of a level that runs cycle by cycle.

    Args:
        build: The build.
        level: The level.
        drive: Stalls, pauses, resets and a waveform; by default back to back.

    Raises:
        GatewrightError: As ``level_core``; GW-606 for what is no ``Drive``.
    """
    drive = drive_for(drive, stats=False)
    traces = drive.trace is not None
    make_core = build.opened.get(
        (level, traces, *named_tools()),
        (RTL, INTEGER, KERNELS),
        lambda: level_core(build, level, trace=traces),
        warns=True,
    )
    return RtlEngine(make_core(), build.integer, drive)


def _opener(level: str) -> Opener:
    return lambda build, taps, native: clocked_engine(build, level)


CLOCKED = [
    Level(name, f"{RTL}/", runner, _opener(name), clocked=True) for name, runner in RUNNERS.items()
]
"""The levels of one core each, as the table has them."""
