"""Words between kernels and at ports are no wider than tools take."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.source.parse import place
from gatewright.lint.source.types import axis_data, bits, carried
from gatewright.lint.view import View

_NAME = "widths"
_REMEDY = "Fold the word: more beats of fewer values."
_MOST = 4096
_MOST_AXIS = 512


def _check(view: View) -> Iterator[Finding]:
    for channel in view.channels:
        word = carried(channel.declared.type)
        data = axis_data(word)
        width, most = (bits(word), _MOST) if data is None else (bits(data), _MOST_AXIS)
        if width > most:
            reason = f"{channel.name} carries {width:,} bits, and at most {most:,}."
            yield Finding(_NAME, *place(channel.declared), reason, _REMEDY)


RULE = Rule(
    _NAME,
    "A beat has at most 4,096 bits, and a word of AXI4-Stream 512.",
    "A port has at most 4,096 bits, even of aggregated structs; what AMD's own IP joins to an "
    "AXI4-Stream takes 512.",
    _REMEDY,
    "UG1399, AXI4-Stream Interfaces",
    _check,
)
