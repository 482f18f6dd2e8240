"""C-simulation."""

from gatewright.hls_templates.csim.compiler import Compiler, find_compiler
from gatewright.hls_templates.csim.library import csim_sources
from gatewright.hls_templates.csim.simulator import Simulator

__all__ = ["Compiler", "Simulator", "csim_sources", "find_compiler"]
