"""The line of the user's at which a forward() fails while it is traced."""

from __future__ import annotations

import traceback
from pathlib import Path

from gatewright.frontend.torch.shapes import LIBRARIES


def line_of(error: BaseException) -> str:
    """The last line of the user's that led to an error, in parentheses; empty where none did."""
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        if not frame.filename.startswith((*LIBRARIES, "<")) and frame.line:
            return f" ({Path(frame.filename).name}, line {frame.lineno}: {frame.line})"
    return ""
