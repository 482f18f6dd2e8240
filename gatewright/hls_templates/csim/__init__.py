"""C-simulation."""

from gatewright.hls_templates.csim.compiler import Compiler, find_compiler
from gatewright.hls_templates.csim.simulator import Ports, Simulator

__all__ = ["Compiler", "Ports", "Simulator", "find_compiler"]
