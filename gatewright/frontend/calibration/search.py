"""The cheapest widths within a budget: a greedy path by sensitivity, and where on it to stop."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gatewright.frontend.calibration.meter import Meter, RunProgress
from gatewright.frontend.calibration.options import (
    AUTO,
    WEIGHT_SCALES,
    RangeOptions,
    refused,
)
from gatewright.frontend.calibration.slots import WEIGHT, Slot
from gatewright.frontend.calibration.trials import Trial, Width, is_weight

ACTIVATION_LADDER = range(4, 13)
WEIGHT_LADDER = range(4, 17)
"""Bits that are tried; a step is two where sensitivity is measured."""
_TABLE_BITS = 8
_TABLES = ("gate_acc", "cell_state")
"""Kinds whose values go through a function, which is a table of all of them."""
_CHANNEL_BITS = 32
"""Of the multiplier of a requantizer, of which a scale for each row takes one a row."""

PERCENTILES = (95, 97, 98, 99, 99.5, 99.9, 100)
"""Ranges that are tried: what is rare may cost less when clipped than small steps bring."""

WidthOfRow = dict[str, Width]


@dataclass(frozen=True)
class _Rung:
    """A width of a row, and its output error alone."""

    width: Width
    error: float


Rungs = dict[tuple[int, str | None], _Rung]
"""By bits, and by the scale of weights."""


def decided_width(slot: Slot, options: RangeOptions) -> Width | None:
    """The width of a quantizer, where the options leave none open."""
    row, kind = slot.row, slot.kind
    if kind == WEIGHT:
        bits = options.weight_bits.of(row, kind)
        scale = options.weight_scale.of(row, kind)
        return None if bits == AUTO else Width(bits, scale)
    bits = options.bits.of(row, kind)
    return None if bits == AUTO else Width(bits, percentile=options.percentile.of(row, kind))


def _rungs(few: Meter, row: str, slot: Slot, options: RangeOptions) -> Rungs:
    decided = decided_width(slot, options)
    if decided is not None:
        return {(decided.bits, decided.weight_scale): _Rung(decided, 0.0)}
    if slot.kind != WEIGHT:
        return _activation_rungs(few, row, slot, options)
    chosen = options.weight_scale
    scales = (chosen.of(row, slot.kind),) if chosen.says(row, slot.kind) else WEIGHT_SCALES
    found: Rungs = {}
    for scale in scales:
        measured = [
            _Rung(width, few.alone(row, width).error)
            for width in (Width(bits, scale) for bits in WEIGHT_LADDER[::2])
        ]
        found |= _with_odd(measured)
    return found


def _activation_rungs(few: Meter, row: str, slot: Slot, options: RangeOptions) -> Rungs:
    """With the best range for each width: more bits never want a smaller one."""
    chosen = options.percentile
    fixed = options.method != "percentile" or chosen.says(row, slot.kind)
    ranges: tuple[float, ...] = (chosen.of(row, slot.kind),) if fixed else PERCENTILES
    measured = []
    for bits in ACTIVATION_LADDER[::2]:
        tried = [Width(bits, percentile=percentile) for percentile in ranges]
        errors = [few.alone(row, width).error for width in tried]
        at = errors.index(min(errors))
        measured.append(_Rung(tried[at], errors[at]))
        ranges = ranges[at:]
    return _with_odd(measured)


def _with_odd(measured: list[_Rung]) -> Rungs:
    """Between two even numbers of bits, the geometric mean of their errors."""
    found: Rungs = {}
    for rung, after in itertools.zip_longest(measured, measured[1:]):
        found[rung.width.bits, rung.width.weight_scale] = rung
        if after is not None:
            between = replace(rung.width, bits=rung.width.bits + 1)
            error = math.sqrt(rung.error * after.error)
            found[between.bits, between.weight_scale] = _Rung(between, error)
    return found


def search(
    few: Meter,
    lost: Callable[[WidthOfRow], float],
    options: RangeOptions,
    max_loss: float,
    progress: RunProgress,
) -> WidthOfRow:
    """WidthOfRow of every row, the cheapest on the path that keep the loss within a budget.

    Args:
        few: Measures single rows, on as many sequences as suffice for that.
        lost: Measures all rows together.
        options: Which rows are free.
        max_loss: The most that may be lost.
        progress: Told of each run.

    Raises:
        GatewrightError: GW-604 where the widest lose more.
    """
    rows = few.trials.rows
    rungs: dict[str, Rungs] = {}
    for done, (row, trials) in enumerate(rows.items()):
        progress("sensitivity", done, len(rows))
        rungs[row] = _rungs(few, row, trials[0].slot, options)
    path = list(_path(rows, rungs))
    low, high = -1, len(path) - 1
    runs = 1 + math.ceil(math.log2(len(path) + 1))
    progress("widths", 0, runs)
    least = lost(path[high])
    if least > max_loss:
        raise refused(
            "max_loss",
            f"it is {max_loss:g}, and the widest that are tried lose {least:.4g}.",
            "Allow more, or leave percentile and weight_scale open, if they are given.",
        )
    for done in range(1, runs):
        progress("widths", done, runs)
        if high - low <= 1:
            break
        middle = (low + high) // 2
        if lost(path[middle]) <= max_loss:
            high = middle
        else:
            low = middle
    progress("widths", runs, runs)
    return path[high]


def _path(rows: dict[str, list[Trial]], rungs: dict[str, Rungs]) -> Iterator[WidthOfRow]:
    """From the fewest bits on, always the step that takes off the most error for its storage."""
    now = {row: next(iter(found.values())) for row, found in rungs.items()}
    while True:
        yield {row: rung.width for row, rung in now.items()}
        steps: list[tuple[float, int, str, _Rung]] = []
        for row, rung in now.items():
            for wider in _steps(rung.width, rungs[row]):
                gain = rung.error**2 - wider.error**2
                price = storage(rows[row], wider.width) - storage(rows[row], rung.width)
                steps.append((gain / max(price, 1), -len(steps), row, wider))
        if not steps:
            return
        _, _, row, wider = max(steps, key=lambda step: step[:2])
        now[row] = wider


def _steps(width: Width, rungs: Rungs) -> list[_Rung]:
    """One bit more; or a scale for each row."""
    after = [(width.bits + 1, width.weight_scale)]
    if width.weight_scale == WEIGHT_SCALES[0]:
        after.append((width.bits, WEIGHT_SCALES[1]))
    return [rungs[key] for key in after if key in rungs]


def storage(trials: list[Trial], width: Width) -> int:
    """Bits that a row takes: of weights and their scales, or of a step's values and of tables."""
    total = 0
    for trial in trials:
        if is_weight(trials):
            weights = [module.weight for module, _ in trial.slot.places]
            total += sum(weight.numel() for weight in weights) * width.bits
            total += (width.weight_scale == WEIGHT_SCALES[1]) * weights[0].shape[0] * _CHANNEL_BITS
        else:
            total += trial.channels * width.bits
            total += (trial.slot.kind in _TABLES) * _TABLE_BITS * 2**width.bits
    return total
