"""The simulators by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from gatewright.errors import GatewrightError
from gatewright.hls_templates.cosim.core import Core
from gatewright.hls_templates.cosim.cxxrtl import cxxrtl_model
from gatewright.hls_templates.cosim.library import CORE_LIBRARY, Model, core_library
from gatewright.hls_templates.cosim.project import RtlProject
from gatewright.hls_templates.cosim.verilator import NETLIST_STYLE, verilator_model
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.tools import Cached, find_verilator, find_yosys
from gatewright.tools.compiler import load_library
from gatewright.tools.programs import VERILATOR

SimulatorName = Literal["verilator", "cxxrtl", "any", "netlist"]


def open_core(
    folder: Path, ports: Ports, simulator: SimulatorName = "any", *, trace: bool = False
) -> Core:
    """One core of all files of an ``rtl/`` folder, as ``compiled_core`` makes them."""
    return compiled_core(RtlProject.open(folder), ports, simulator, trace=trace)()


def compiled_core(
    rtl: RtlProject, ports: Ports, simulator: SimulatorName = "any", *, trace: bool = False
) -> Callable[[], Core]:
    """What makes cores of a project, each with a state of its own.

    Args:
        rtl: The project.
        ports: The design's ports and RTL taps.
        simulator: ``any`` is Verilator, and CXXRTL where there is no Verilator; ``netlist`` is
            Verilator for a netlist and its cells.
        trace: Whether runs can write a waveform, which makes the core slower.

    Raises:
        GatewrightError: GW-701 where there is no simulator, GW-702 where it refuses the core,
            GW-501 and GW-502 of the C++ compiler.
    """
    library = library_of(rtl, ports, simulator, trace=trace)
    loaded = load_library(library.folder() / CORE_LIBRARY)
    # The folder anew for each core: it has ROM files to read, and the cache may be cleared.
    return lambda: Core(loaded, library.folder(), ports, trace=trace)


def library_of(rtl: RtlProject, ports: Ports, simulator: SimulatorName, *, trace: bool) -> Cached:
    """The library behind ``compiled_core``, in the user's cache."""
    return core_library(rtl, _model(simulator, trace), ports, trace)


def _model(simulator: SimulatorName, trace: bool) -> Model:
    if simulator == "cxxrtl":
        return cxxrtl_model(find_yosys(), trace=trace)
    if simulator == "netlist":
        return verilator_model(find_verilator(), trace=trace, style=NETLIST_STYLE)
    try:
        verilator = find_verilator()
    except GatewrightError:
        # A Verilator that the user named is not passed over.
        if simulator == "verilator" or VERILATOR.named:
            raise
        return cxxrtl_model(find_yosys(), trace=trace)
    return verilator_model(verilator, trace=trace)
