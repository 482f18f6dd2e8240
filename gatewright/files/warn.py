"""Warnings that point at the line of the user's that led to them."""

from __future__ import annotations

import sys
import warnings

from gatewright.errors import escaped

_OURS = __name__.partition(".")[0]


def warn(message: str, category: type[Warning]) -> None:
    """Warn of something, at the innermost line outside this package."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_OURS):
        frame, level = frame.f_back, level + 1
    warnings.warn(escaped(message), category, stacklevel=level - 1)
