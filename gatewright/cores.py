"""The compiled cores behind each level that runs cycle by cycle."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from gatewright.boards.netlist import DEVICES, NETLIST, Device, netlist_plan, run_netlist
from gatewright.folder import RTL
from gatewright.hls_templates.cosim import Core, Simulator, compiled_core
from gatewright.hls_templates.cosim.cells import cell_models
from gatewright.hls_templates.cosim.project import CORE, SOURCES, RtlProject
from gatewright.hls_templates.eda import Cached, find_yosys
from gatewright.hls_templates.eda.cache import contents, place
from gatewright.hls_templates.ports import Ports
from gatewright.hls_templates.rtl.write import rtl_files
from gatewright.synth import folded

if TYPE_CHECKING:
    from gatewright.build import Build

SIMULATORS: dict[str, Simulator] = {"rtl": "any", "cxxrtl": "cxxrtl"}


def level_core(build: Build, level: str, *, trace: bool) -> Callable[[], Core]:
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
        return compiled_core(rtl, Ports.from_json(build.kernels), SIMULATORS[level], trace=trace)
    netlist, ports = make_netlist(build, DEVICES[level])
    return compiled_core(RtlProject.open(netlist.folder()), ports, "netlist", trace=trace)


def make_netlist(build: Build, device: Device) -> tuple[Cached, Ports]:
    """The netlist of a build's core.

    Args:
        build: The build. It is folded anew for the device, so its cycles are not those of ``rtl``.
        device: What it is made for.

    Returns:
        Netlist, cells and ``sources.f`` in the user's cache, and the ports of the core in it.
    """
    design, yosys = folded(build, device.level.multipliers), find_yosys()
    ports = Ports.from_json({**design.to_json(build.integer.steps), "taps": build.kernels["taps"]})
    plan = netlist_plan(device, rtl_files(design), CORE)
    cells = cell_models(device.level.models, yosys)
    names = [*cells, NETLIST]
    sources = {SOURCES: "".join(f"{name}\n" for name in names)}
    files = {name: text.encode() for name, text in (cells | sources).items()}

    def make(work: Path) -> None:
        run_netlist(plan, work)
        place(files, work)

    # The flow runs a module of ours too.
    ours = resources.files("gatewright.boards").joinpath("multipliers.py").read_text()
    facts = [plan.digest(), ours, *yosys.facts(), *contents(files)]
    return Cached(f"netlist-{device.family.name}", facts, [*names, SOURCES], make), ports
