"""What a handler is, to hls4ml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Handled = tuple[dict[str, Any], list[int | None]]
"""The layer as hls4ml reads it, and the shape of its output with None for the batch."""
Handler = Callable[..., Handled]
