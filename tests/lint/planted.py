"""Defects, each a small change of a small design, and the rule that each of them is against."""

from __future__ import annotations

import planted_dataflow as dataflow
import planted_passes as passes
import planted_pragmas as pragmas
from lint_cases import Case

PLANTED: tuple[Case, ...] = (
    *pragmas.WORDS,
    *pragmas.PLACES,
    *pragmas.NAMES,
    *pragmas.NUMBERS,
    *pragmas.TWICE,
    *pragmas.DEPENDENCES,
    *pragmas.DISTANCES,
    *pragmas.ARRAYS,
    *dataflow.INLINED,
    *dataflow.BODIES,
    *dataflow.STREAMS,
    *dataflow.DEPTHS,
    *dataflow.WIDTHS,
    *dataflow.PORTS,
    *passes.SUBSET,
    *passes.LOOPS,
    *passes.STYLES,
    *passes.INDICES,
    *passes.AXES,
    *passes.PASSES,
    *passes.OUTSIDE,
    *passes.COSTS,
)
