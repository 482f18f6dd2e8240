"""Options of torch's own modules that hls4ml leaves unread, and what it takes them for."""

from __future__ import annotations

from typing import Any

from torch import nn

from gatewright.errors import GatewrightError

_POOL = {"ceil_mode": False, "dilation": 1, "return_indices": False, "divisor_override": None}
_TAKEN_FOR: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("AvgPool1d", "AvgPool2d", "MaxPool1d", "MaxPool2d"), _POOL),
    "Threshold": {"value": 0},
}
"""By class."""


def check_options(where: str, module: nn.Module) -> None:
    """Refuse a module that does something else than hls4ml takes it for.

    Args:
        where: Its path.
        module: Of a class that hls4ml has.

    Raises:
        GatewrightError: GW-109.
    """
    for option, value in _TAKEN_FOR.get(type(module).__name__, {}).items():
        if getattr(module, option, value) != value:
            raise _refused(where, f"{option}={getattr(module, option)}", f"{option}={value}")
    axes = getattr(module, "normalized_shape", (1,))
    if len(axes) > 1:
        raise _refused(where, f"the {len(axes)} last axes", "normalized_shape one number")


def _refused(where: str, given: str, taken: str) -> GatewrightError:
    return GatewrightError(
        "GW-109",
        where=where,
        cause=f"it has {given}, which hls4ml does not read.",
        remedy=f"Make {taken}.",
    )
