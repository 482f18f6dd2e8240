"""C-simulation."""

from gatewright.hls_templates.csim.library import csim_sources
from gatewright.hls_templates.csim.simulator import Simulator
from gatewright.tools.compiler import Compiler, find_compiler

__all__ = ["Compiler", "Simulator", "csim_sources", "find_compiler"]
