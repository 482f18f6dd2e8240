"""C-simulation."""

from gatewright.hls_templates.csim.compiler import Compiler, find_compiler
from gatewright.hls_templates.csim.simulator import Simulator

__all__ = ["Compiler", "Simulator", "find_compiler"]
