"""Every rule there is, in the order that findings are listed in."""

from __future__ import annotations

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.rules.axis_ports import RULE as AXIS_PORTS
from gatewright.lint.rules.bounded_loops import RULE as BOUNDED_LOOPS
from gatewright.lint.rules.carried_memory import RULE as CARRIED_MEMORY
from gatewright.lint.rules.dataflow_body import RULE as DATAFLOW_BODY
from gatewright.lint.rules.dependence import RULE as DEPENDENCE
from gatewright.lint.rules.inlined import RULE as INLINED
from gatewright.lint.rules.interval import RULE as INTERVAL
from gatewright.lint.rules.loops_outside import RULE as LOOPS_OUTSIDE
from gatewright.lint.rules.memory_banks import RULE as MEMORY_BANKS
from gatewright.lint.rules.memory_ports import RULE as MEMORY_PORTS
from gatewright.lint.rules.pipeline_style import RULE as PIPELINE_STYLE
from gatewright.lint.rules.port_interface import RULE as PORT_INTERFACE
from gatewright.lint.rules.pragma_names import RULE as PRAGMA_NAMES
from gatewright.lint.rules.pragma_numbers import RULE as PRAGMA_NUMBERS
from gatewright.lint.rules.pragma_once import RULE as PRAGMA_ONCE
from gatewright.lint.rules.pragma_place import RULE as PRAGMA_PLACE
from gatewright.lint.rules.pragma_words import RULE as PRAGMA_WORDS
from gatewright.lint.rules.rom_chain import RULE as ROM_CHAIN
from gatewright.lint.rules.stated_costs import RULE as STATED_COSTS
from gatewright.lint.rules.stream_depth import RULE as STREAM_DEPTH
from gatewright.lint.rules.stream_ends import RULE as STREAM_ENDS
from gatewright.lint.rules.struct_arrays import RULE as STRUCT_ARRAYS
from gatewright.lint.rules.struct_index import RULE as STRUCT_INDEX
from gatewright.lint.rules.subset import RULE as SUBSET
from gatewright.lint.rules.true_distance import RULE as TRUE_DISTANCE
from gatewright.lint.rules.unrolled_loops import RULE as UNROLLED_LOOPS
from gatewright.lint.rules.widths import RULE as WIDTHS
from gatewright.lint.view import View

RULES: tuple[Rule, ...] = (
    PRAGMA_WORDS,
    PRAGMA_PLACE,
    PRAGMA_NAMES,
    PRAGMA_NUMBERS,
    PRAGMA_ONCE,
    DEPENDENCE,
    STRUCT_ARRAYS,
    INLINED,
    DATAFLOW_BODY,
    PORT_INTERFACE,
    STREAM_ENDS,
    STREAM_DEPTH,
    WIDTHS,
    SUBSET,
    BOUNDED_LOOPS,
    LOOPS_OUTSIDE,
    PIPELINE_STYLE,
    STATED_COSTS,
    STRUCT_INDEX,
    AXIS_PORTS,
    MEMORY_PORTS,
    MEMORY_BANKS,
    CARRIED_MEMORY,
    TRUE_DISTANCE,
    UNROLLED_LOOPS,
    ROM_CHAIN,
    INTERVAL,
)


def judge(view: View) -> tuple[Finding, ...]:
    """What every rule finds, by rule; what templates repeat is found once."""
    return tuple(dict.fromkeys(finding for rule in RULES for finding in rule.check(view)))
