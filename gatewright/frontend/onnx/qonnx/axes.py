"""Which axis of a sequence is time, where a node says so before a layer does."""

from __future__ import annotations

from dataclasses import replace

from gatewright.frontend.spec import Layout, Value


def with_time(x: Value, axis: int) -> Value:
    """A sequence that no layer has told the axes of yet, of which that one is time."""
    if x.layout is not None or x.stack or len(x.shape) != 3 or axis not in (0, 1):
        return x
    return replace(x, layout=Layout(batch_first=axis == 1))
