"""HLS kernels, the mapping of an integer graph onto them, and their C-simulation."""

from gatewright.hls_templates.mapping.dataflow import Design
from gatewright.hls_templates.mapping.design import least_budget, map_design
from gatewright.hls_templates.project.hls import write_project

__all__ = ["Design", "least_budget", "map_design", "write_project"]
