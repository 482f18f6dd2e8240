"""The compiled cores behind each level that runs cycle by cycle."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gatewright.boards.netlist import DEVICES, NETLIST, Device, netlist_plan, run_netlist
from gatewright.folder import COSIM, RTL
from gatewright.hls_templates.cosim import Core, Simulator, compiled_core
from gatewright.hls_templates.cosim.cells import cell_models
from gatewright.hls_templates.cosim.project import CORE, SOURCES
from gatewright.hls_templates.eda import find_yosys, work_folder
from gatewright.hls_templates.ports import Ports
from gatewright.hls_templates.rtl.write import rtl_files
from gatewright.synth import folded

if TYPE_CHECKING:
    from gatewright.build import Build

SIMULATORS: dict[str, Simulator] = {"rtl": "any", "cxxrtl": "cxxrtl"}
NETLISTS = {"netlist": DEVICES["ecp5"], "netlist-ice40": DEVICES["ice40"]}


def level_core(build: Build, level: str, *, trace: bool) -> Callable[[], Core]:
    """What makes cores of a level of ``RTL_LEVELS``, compiled.

    Args:
        build: The build.
        level: The level.
        trace: Whether runs can write a waveform.

    Raises:
        GatewrightError: GW-701, GW-702, GW-705 and GW-804 of the hardware tools, GW-501 and GW-502
            of the C++ compiler.
    """
    cache = build.path / COSIM
    if level in SIMULATORS:
        ports = Ports.from_json(build.kernels)
        return compiled_core(build.path / RTL, cache, ports, SIMULATORS[level], trace=trace)
    folder, ports = make_netlist(build, NETLISTS[level], cache)
    return compiled_core(folder, cache, ports, "netlist", trace=trace)


def make_netlist(build: Build, device: Device, cache: Path) -> tuple[Path, Ports]:
    """The netlist of a build's core, synthesized unless it is there.

    Args:
        build: The build. It is folded anew for the device, so its cycles are not those of ``rtl``.
        device: What it is made for.
        cache: Gets a folder ``netlist-FAMILY-DIGEST`` with netlist, cells and ``sources.f``.

    Returns:
        That folder, and the ports of the core in it.
    """
    design, yosys = folded(build, device.multipliers), find_yosys()
    ports = Ports.from_json({**design.to_json(build.integer.steps), "taps": build.kernels["taps"]})
    plan = netlist_plan(device, rtl_files(design), CORE)
    cells = cell_models(device.family, yosys)
    facts = json.dumps([plan.digest(), yosys.version, list(cells.items())])
    digest = hashlib.sha256(facts.encode()).hexdigest()[:16]
    folder = cache / f"netlist-{device.family}-{digest}"
    if not (folder / SOURCES).exists():
        with work_folder(cache) as work:
            _write(work / "done", {**cells, NETLIST: run_netlist(plan, work)})
            _place(work / "done", folder)
    return folder, ports


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / SOURCES).write_text("".join(f"{name}\n" for name in files))


def _place(made: Path, folder: Path) -> None:
    """A whole folder or none, also where another process was faster: its files are the same."""
    if not (folder / SOURCES).exists():
        shutil.rmtree(folder, ignore_errors=True)
    try:
        made.replace(folder)
    except OSError:
        if not (folder / SOURCES).exists():
            raise
