"""Simulation of ``rtl/``, cycle by cycle."""

from gatewright.hls_templates.cosim.core import Core, Watched
from gatewright.hls_templates.cosim.drive import FROM_IDLE, Drive, Event, Waveform
from gatewright.hls_templates.cosim.simulators import SimulatorName, compiled_core, open_core

__all__ = [
    "FROM_IDLE",
    "Core",
    "Drive",
    "Event",
    "SimulatorName",
    "Watched",
    "Waveform",
    "compiled_core",
    "open_core",
]
