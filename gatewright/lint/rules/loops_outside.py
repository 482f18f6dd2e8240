"""Loops outside of pipelines are pipelines themselves, or unrolled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clang.cindex import CursorKind

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.source.cursors import LOOPS, key
from gatewright.lint.source.parse import place
from gatewright.lint.view import View

_NAME = "loops-outside"
_REMEDY = (
    "Make the loop a pipeline (#pragma HLS pipeline II = 1 style = flp, first in its braces), or "
    "unroll it."
)


def _check(view: View) -> Iterator[Finding]:
    settled = {one.scope.key for one in view.sound if _settles(one.pragma.directive, one.options)}
    inside = {node.hash for node in view.passes.nodes}
    for function in view.functions:
        for loop, _ in function.of_kind(*LOOPS):
            if loop.hash not in inside and not any(key(b) in settled for b in _braces(loop)):
                reason = "this loop is no pipeline and is not unrolled: its passes do not overlap."
                yield Finding(_NAME, *place(loop), reason, _REMEDY)


def _settles(directive: str, options: Any) -> bool:
    """Whether a pragma makes its loop a pipeline, or unrolls it as a whole."""
    if directive == "pipeline":
        return "off" not in options
    return directive == "unroll" and "factor" not in options and options.get("off") != "true"


def _braces(loop: Any) -> Iterator[Any]:
    return (c for c in loop.get_children() if c.kind == CursorKind.COMPOUND_STMT)


RULE = Rule(
    _NAME,
    "Every loop that lies in no pipeline is one, or is unrolled as a whole.",
    "Vitis HLS runs such a loop pass by pass, each as long as all of its operators, and the cycles "
    "of 3_kernels.json do not have them.",
    _REMEDY,
    "UG1399, pragmas HLS pipeline and HLS unroll",
    _check,
)
