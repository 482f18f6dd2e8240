"""Words between kernels and at ports are no wider than tools take."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.source.parse import place
from gatewright.lint.source.probes import BoundPragma
from gatewright.lint.source.types import axis_data, bits, carried, dimensions, element
from gatewright.lint.view import View

_NAME = "widths"
_REMEDY = "Fold the word: more beats of fewer values."
_MOST = 4096
_MOST_AXIS = 512
_MOST_RESHAPED = 65536


def _check(view: View) -> Iterator[Finding]:
    for channel in view.channels:
        word = carried(channel.declared.type)
        data = axis_data(word)
        width, most = (bits(word), _MOST) if data is None else (bits(data), _MOST_AXIS)
        if width > most:
            reason = f"{channel.name} carries {width:,} bits, and at most {most:,}."
            yield Finding(_NAME, *place(channel.declared), reason, _REMEDY)
    for bound in (one for function in view.functions for one in view.bound[function]):
        if bound.directive not in _MADE:
            continue
        joined, most = _MADE[bound.directive]
        for variable in bound.variables.get("variable", ()):
            width = bits(element(variable.type)) * joined(bound, dimensions(variable.type))
            if width > most:
                pragma = bound.placed.pragma
                reason = f"words of {variable.spelling} get {width:,} bits, and at most {most:,}."
                yield Finding(_NAME, pragma.file, pragma.line, reason, _REMEDY)


def _joined(bound: BoundPragma, sizes: tuple[int, ...]) -> int:
    """How many elements a reshaped array has in a word."""
    dim, kind = bound.values.get("dim", 1), bound.options.get("type", "complete")
    parts = sizes if dim == 0 else sizes[dim - 1 : dim]
    return prod(parts if kind == "complete" else [bound.values.get("factor", 1)] * len(parts))


def _alone(bound: BoundPragma, sizes: tuple[int, ...]) -> int:
    return 1


_MADE = {"aggregate": (_alone, _MOST), "array_reshape": (_joined, _MOST_RESHAPED)}


RULE = Rule(
    _NAME,
    "A beat or aggregate has at most 4,096 bits, a word of AXI4-Stream 512, a reshaped one 65,536.",
    "A port or an aggregate that is wider is refused (HLS 214-256), and so is a reshaped word "
    "(XFORM 203-133); a kernel of Vitis gets 512 from memory, or gives as many.",
    _REMEDY,
    "UG1399, AXI4-Stream Interfaces; UG1393, Memory Interface Width Considerations; hls4ml, "
    "issues 506 and 1245",
    _check,
)
