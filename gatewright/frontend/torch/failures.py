"""Models that may fail: the line of the user's at which a forward() does, and nothing printed."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from torch import fx, nn

from gatewright.frontend.torch.shapes import LIBRARIES


def line_of(error: BaseException) -> str:
    """The last line of the user's that led to an error, in parentheses; empty where none did."""
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        if not frame.filename.startswith((*LIBRARIES, "<")) and frame.line:
            return f" ({Path(frame.filename).name}, line {frame.lineno}: {frame.line})"
    return ""


def called(model: nn.Module, *arguments: Any) -> Any:
    """What a model gives; the call of a ``GraphModule`` would print what it raises."""
    graph = isinstance(model, fx.GraphModule)
    return nn.Module.__call__(model, *arguments) if graph else model(*arguments)
