"""Sources in which a ``#pragma HLS`` is a call that LLVM IR keeps: see ``markers.hpp``."""

from __future__ import annotations

from collections.abc import Mapping

from gatewright.lint.pragmas.grammar import resolved
from gatewright.lint.pragmas.parse import Pragma

VARIABLE_MARKER, LOOP_MARKER, FUNCTION_MARKER = (
    "gw_mark_variable",
    "gw_mark_loop",
    "gw_mark_function",
)
"""Functions that are called, and defined nowhere."""
_OF_VARIABLES = {
    "aggregate": "",
    "array_partition": "factor",
    "array_reshape": "factor",
    "bind_storage": "",
    "dependence": "distance",
}
"""Pragmas of an array that say what becomes of its accesses, and their number."""
_OF_LOOPS = ("pipeline",)
_OF_FUNCTIONS = ("dataflow",)


def marked(texts: Mapping[str, str], pragmas: Mapping[int, Pragma]) -> dict[str, str]:
    """Sources with markers, line by line the same.

    Args:
        texts: C++ by path.
        pragmas: Those that are marked, by numbers.
    """
    lines = {name: text.split("\n") for name, text in texts.items()}
    for number, pragma in pragmas.items():
        call = _call(number, pragma)
        if call is not None:
            blank = [""] * (pragma.last - pragma.line)
            lines[pragma.file][pragma.line - 1 : pragma.last] = [call, *blank]
    return {name: "\n".join(text) for name, text in lines.items()}


def _call(number: int, pragma: Pragma) -> str | None:
    """What stands in the place of a pragma; None of those that say nothing here."""
    options = resolved(pragma)
    if pragma.directive in _OF_LOOPS and "off" not in options:
        return f"{LOOP_MARKER}({number}, {options.get('ii', '1')});"
    if pragma.directive in _OF_FUNCTIONS:
        return f"{FUNCTION_MARKER}({number});"
    if pragma.directive not in _OF_VARIABLES or "variable" not in options:
        return None
    dim = options.get("dim", "1")
    value = options.get(_OF_VARIABLES[pragma.directive], "0")
    return f"gw_mark::variable({number}, {options['variable']}, {dim}, {value});"
