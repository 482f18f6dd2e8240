"""What JSON holds that others may have written: a shape, and the first value that has another.

A shape is a type; ``(None, shape)`` where it may be null; a list with the one shape of its items;
a dict with the shapes of keys that have to be there, or with ``str`` and the shape under any key.
"""

from __future__ import annotations

import math
from typing import Any

LARGEST = 1 << 63
"""What no number of ours reaches."""


def check_shape(value: Any, shape: Any, place: str = "it") -> None:
    """Refuse a value of another shape.

    Args:
        value: What JSON gave.
        shape: What it has to be.
        place: What the value is called in the error.

    Raises:
        KeyError: For a key that is not there.
        TypeError: For a value of another type.
        ValueError: For a number that is none, or too large.
    """
    if isinstance(shape, tuple):
        if value is not None:
            check_shape(value, shape[1], place)
    elif isinstance(shape, list):
        _check_type(value, list, place)
        for item in value:
            check_shape(item, shape[0], f"an item of {place}")
    elif isinstance(shape, dict):
        _check_type(value, dict, place)
        keys = value if str in shape else shape
        for key in keys:
            check_shape(value[key], shape.get(str, shape.get(key)), str(key))
    else:
        _check_type(value, (int, float) if shape is float else shape, place)
        if shape in (int, float) and not (math.isfinite(value) and abs(value) < LARGEST):
            raise ValueError(f"{place} is {value}")


def _check_type(value: Any, kind: Any, place: str) -> None:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{place} is a {type(value).__name__}")
