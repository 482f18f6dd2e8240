"""Open EDA tools: where they are, how they are run, and where what they make is kept."""

from gatewright.hls_templates.eda.cache import Cached, user_cache
from gatewright.hls_templates.eda.child import ended, started
from gatewright.hls_templates.eda.room import check_room
from gatewright.hls_templates.eda.run import Tool, run_tool, which
from gatewright.hls_templates.eda.verilator import find_verilator
from gatewright.hls_templates.eda.yosys import find_yosys, run_yosys

__all__ = [
    "Cached",
    "Tool",
    "check_room",
    "ended",
    "find_verilator",
    "find_yosys",
    "run_tool",
    "run_yosys",
    "started",
    "user_cache",
    "which",
]
