"""The options of ``compile``, checked before anything runs."""

from __future__ import annotations

import operator
from typing import Any

from gatewright.boards import boards
from gatewright.boards.parts import Board
from gatewright.errors import GatewrightError
from gatewright.hls_templates.design import DEFAULT_MULTIPLIERS, Options
from gatewright.hls_templates.requantize.kernel import VARIANTS


def check_options(multipliers: Any, requantizer: Any) -> Options:
    """The options of the mapping.

    Args:
        multipliers: A positive integer, or None for the default.
        requantizer: One of ``VARIANTS``.

    Raises:
        GatewrightError: GW-405.
    """
    if requantizer not in VARIANTS:
        raise _refused("requantizer", requantizer, f"one of {', '.join(VARIANTS)}")
    if multipliers is None:
        return Options(DEFAULT_MULTIPLIERS, requantizer)
    try:
        count = 0 if isinstance(multipliers, bool) else operator.index(multipliers)
    except TypeError:
        count = 0
    if count < 1:
        raise _refused("multipliers", multipliers, "a positive integer, or None for the default")
    return Options(count, requantizer)


def find_board(name: Any) -> Board:
    """The board of that name.

    Raises:
        GatewrightError: GW-403.
    """
    known = boards()
    if not isinstance(name, str) or name not in known:
        raise GatewrightError(
            "GW-403",
            where=str(name),
            cause="there is no such board.",
            remedy=f"Use one of {', '.join(known)}.",
        )
    return known[name]


def _refused(option: str, value: Any, wanted: str) -> GatewrightError:
    return GatewrightError(
        "GW-405",
        where=option,
        cause=f"it is {value!r}.",
        remedy=f"Pass {wanted}.",
    )
