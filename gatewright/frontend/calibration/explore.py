"""Before anything is placed: widths that are searched for, and what each row costs alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from gatewright.frontend.calibration.batches import Batch
from gatewright.frontend.calibration.meter import Labels, Meter, RunProgress, sensitivity
from gatewright.frontend.calibration.options import AUTO, Chosen, RangeOptions
from gatewright.frontend.calibration.result import Sensitivity
from gatewright.frontend.calibration.search import decided_width, search
from gatewright.frontend.calibration.slots import ACTIVATION_KINDS
from gatewright.frontend.calibration.trials import Trials, Width, is_weight

SEARCHED = 256
"""Sequences that single rows are measured on; whole batches, the first of the data."""
DEFAULT_MAX_LOSS = 0.01


def explore(
    net: nn.Module,
    batches: list[Batch],
    examples: Sequence[Tensor],
    classes: Labels,
    axis: int,
    options: RangeOptions,
    lost: Callable[[RangeOptions], float],
    progress: RunProgress,
) -> tuple[RangeOptions, tuple[Sensitivity, ...], dict[str, dict[str, Any]]]:
    """The options with every width decided, the sensitivity where it is wanted, what was found.

    Args:
        net: With Brevitas layers, nothing placed; it is changed.
        batches: The calibration data.
        examples: The first sequences of it, each argument of forward().
        classes: Labels of it, or None.
        axis: Of the sequences.
        options: What the user chose.
        lost: What a model with all widths decided loses.
        progress: Told of each run.
    """
    if not (options.searches or options.sensitivity):
        return options, (), {}
    model = Trials(net, batches, examples, options)
    rows = model.rows
    weights = [row for row, found in rows.items() if is_weight(found)]
    activations = [row for row in rows if row not in weights]
    options.check_keys(ACTIVATION_KINDS, activations, weights)
    if not rows:
        return options, (), {}
    found: dict[str, dict[str, Any]] = {}
    few = Meter(model, *_first(batches, classes, axis), axis)
    if options.searches:
        budget = DEFAULT_MAX_LOSS if options.max_loss is None else options.max_loss
        widths = search(
            few, lambda found: lost(_decided(options, found, weights)), options, budget, progress
        )
        options = _decided(options, widths, weights)
        found = {c.option: dict(c.given) for c in options.by_key}
    decided = {row: decided_width(trials[0].slot, options) for row, trials in rows.items()}
    widths = {row: width for row, width in decided.items() if width is not None}
    return options, sensitivity(few, widths, progress), found


def _first(batches: list[Batch], classes: Labels, axis: int) -> tuple[list[Batch], Labels]:
    taken: list[Batch] = []
    count = 0
    for batch in batches:
        if count >= SEARCHED:
            break
        taken.append(batch)
        count += batch.x.shape[axis]
    if classes is None or len(taken) == len(batches):
        return taken, classes
    return taken, classes.take(range(count), axis=0 if classes.ndim == 1 else axis)


def _decided(
    options: RangeOptions, widths: Mapping[str, Width], weights: list[str]
) -> RangeOptions:
    """The options with these widths in the place of each that was left open."""
    bits = {row: width.bits for row, width in widths.items()}
    scales = {row: widths[row].weight_scale for row in weights}
    return replace(
        options,
        percentile=_with(
            options.percentile,
            {row: width.percentile for row, width in widths.items() if row not in weights},
        ),
        bits=_with(options.bits, {row: n for row, n in bits.items() if row not in weights}),
        weight_bits=_with(options.weight_bits, {row: bits[row] for row in weights}),
        weight_scale=_with(options.weight_scale, scales),
        max_loss=None,
    )


def _with(chosen: Chosen, rows: Mapping[str, object]) -> Chosen:
    given = {key: value for key, value in chosen.given.items() if value != AUTO}
    return replace(chosen, given={**given, **rows})
