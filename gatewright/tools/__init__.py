"""Open EDA tools: where they are, how they are run, and where what they make is kept."""

from gatewright.tools.cache import Cached, user_cache
from gatewright.tools.child import ended, started, stopped_after
from gatewright.tools.room import check_room
from gatewright.tools.run import Tool, run_tool, which
from gatewright.tools.verilator import find_verilator
from gatewright.tools.yosys import find_yosys, run_yosys

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
    "stopped_after",
    "user_cache",
    "which",
]
