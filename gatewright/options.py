"""The options of ``compile``, checked before anything runs."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

from gatewright.boards import boards
from gatewright.boards.parts import Board
from gatewright.errors import GatewrightError
from gatewright.hls_templates.design import DEFAULT_MAX_STEPS, DEFAULT_MULTIPLIERS, Options
from gatewright.hls_templates.requantize.kernel import VARIANTS
from gatewright.ir.lowering import IntegerModel


def check_options(multipliers: Any, requantizer: Any, max_steps: Any = None) -> Options:
    """The options of the mapping.

    Args:
        multipliers: A positive integer, or None for the default.
        requantizer: One of ``VARIANTS``.
        max_steps: A positive integer, or None for the default.

    Raises:
        GatewrightError: GW-405.
    """
    if requantizer not in VARIANTS:
        raise _refused("requantizer", requantizer, f"one of {', '.join(VARIANTS)}")
    return Options(
        _positive("multipliers", multipliers) or DEFAULT_MULTIPLIERS,
        requantizer,
        _positive("max_steps", max_steps),
    )


def _positive(option: str, value: Any) -> int | None:
    if value is None:
        return None
    try:
        count = 0 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        count = 0
    if count < 1:
        raise _refused(option, value, "a positive integer, or None for the default")
    return count


def fit_steps(options: Options, model: IntegerModel) -> Options:
    """The options with a ``max_steps`` that holds the example, where none was given.

    Raises:
        GatewrightError: GW-405 where the model takes sequences of one length only, longer than
            the ``max_steps`` given.
    """
    if options.max_steps is None:
        return replace(options, max_steps=max(DEFAULT_MAX_STEPS, model.steps))
    if model.fixed_steps and options.max_steps < model.steps:
        raise _refused("max_steps", options.max_steps, f"{model.steps} or more, the model's T")
    return options


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
