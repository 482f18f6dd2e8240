"""Open EDA tools: where they are, and how they are run."""

from gatewright.hls_templates.eda.run import Tool, run_tool, user_cache
from gatewright.hls_templates.eda.verilator import find_verilator
from gatewright.hls_templates.eda.work import work_folder
from gatewright.hls_templates.eda.yosys import find_yosys, run_yosys

__all__ = [
    "Tool",
    "find_verilator",
    "find_yosys",
    "run_tool",
    "run_yosys",
    "user_cache",
    "work_folder",
]
