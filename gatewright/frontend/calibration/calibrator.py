"""Places the missing quantizers of a model and measures what that costs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import torch
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend.calibration import observe
from gatewright.frontend.calibration.activations import activation_grid
from gatewright.frontend.calibration.axes import batch_axis
from gatewright.frontend.calibration.batches import (
    Batch,
    check_arguments,
    check_rank,
    join_labels,
    read_batches,
)
from gatewright.frontend.calibration.cells import with_layers
from gatewright.frontend.calibration.conversion import COMPARED, check_conversion
from gatewright.frontend.calibration.explore import explore
from gatewright.frontend.calibration.feature_slices import with_wide_layers
from gatewright.frontend.calibration.floats import with_brevitas_layers
from gatewright.frontend.calibration.functions import with_modules
from gatewright.frontend.calibration.kept_inputs import refuse_changed_inputs, refuse_hooks
from gatewright.frontend.calibration.meter import RunProgress, accuracy, loss, output_error
from gatewright.frontend.calibration.obstacles import check_trace, refuse_what_never_compiles
from gatewright.frontend.calibration.options import RangeOptions
from gatewright.frontend.calibration.own_weights import with_weight_layers
from gatewright.frontend.calibration.quantizers import Grid
from gatewright.frontend.calibration.result import Calibration, Placed
from gatewright.frontend.calibration.sizes import bind_length
from gatewright.frontend.calibration.slots import (
    ACTIVATION_KINDS,
    Slot,
    input_slots,
    output_slots,
    recurrent_slots,
)
from gatewright.frontend.calibration.waiting import collect, described, waiting_quantizers
from gatewright.frontend.calibration.weights import place_weights
from gatewright.frontend.torch.arguments import is_arranged
from gatewright.frontend.torch.changes import steps
from gatewright.frontend.torch.checks import check_model
from gatewright.frontend.torch.in_place import refuse_in_place
from gatewright.frontend.torch.preserve import held, preserved
from gatewright.frontend.torch.symbolic import symbolic_graph
from gatewright.frontend.torch.uncalled import put_back, set_aside

Made = TypeVar("Made")


def calibrate_module(
    model: Any, data: Any, labels: Any, options: RangeOptions, progress: RunProgress
) -> Calibration:
    """See ``gatewright.calibrate``."""
    module = check_model(model)
    with preserved(module):  # also a copy may run what belongs to the original, by a hook
        return _calibrate(module, data, labels, options, progress)


def _calibrate(
    model: nn.Module, data: Any, labels: Any, options: RangeOptions, progress: RunProgress
) -> Calibration:
    given = _copy(model)
    batches, axis = read_batches(data, partial(batch_axis, _copy(given)))
    examples = batches[0].head(axis, 2)
    check_arguments(given, batches[0])
    arranged = is_arranged(symbolic_graph(given, examples))
    layered = with_layers(_copy(given), examples)
    given = given if layered is None else layered
    wide = with_wide_layers(_copy(given), examples)
    given = given if wide is None else wide
    set_aside(given, symbolic_graph(given, examples))
    refuse_what_never_compiles(given, examples)
    check_rank(batches[0].x, arranged)
    weighted = with_weight_layers(_copy(given), examples)
    given = given if weighted is None else weighted
    given = with_modules(given, examples)  # refuses what is kept from call to call
    bind_length(given, partial(_copy, model), examples, batches[0].axes(axis))
    original = _copy(model)
    with observe.biases_where_scaled(original):
        _of_few(batches[0], axis, partial(refuse_changed_inputs, original))
        _of_few(batches[0], axis, partial(refuse_hooks, original))
        _of_few(batches[0], axis, partial(refuse_in_place, original))
    waiting = waiting_quantizers(given)
    if waiting:
        with observe.biases_where_scaled(given):
            collect(given, waiting, batches)
    with observe.biases_where_scaled(given):
        before = observe.run(given, batches)
    net = with_brevitas_layers(_copy(given))
    rewritten = waiting or layered or weighted or wide
    check_conversion(given if rewritten else model, net, batches[0].head(axis, COMPARED))
    # A copy with quantizers by the first sequences has the form of what is to come.
    placed_on = _of_few(batches[0], axis, partial(_placed_by, net))
    for count in (2, 1):  # a batch of 1 is what is compiled
        check_trace(placed_on, batches[0].head(axis, count))
    classes = join_labels(batches, labels)

    def lost(tried: RangeOptions) -> float:
        candidate = _copy(net)
        _place(candidate, batches, examples, tried)
        return loss(before, observe.run(candidate, batches), classes, axis)

    options, sensitivity, found = explore(
        _copy(net), batches, examples, classes, axis, options, lost, progress
    )
    placed = _place(net, batches, examples, options)
    after = observe.run(net, batches)
    put_back(net)
    return Calibration(
        model=net,
        example_input=batches[0].first(axis),
        placed=(*described(given, waiting), *placed),
        output_error=output_error(before, after),
        sequences=sum(batch.x.shape[axis] for batch in batches),
        accuracy_before=accuracy(before, classes, axis),
        accuracy_after=accuracy(after, classes, axis),
        sensitivity=sensitivity,
        found=found,
    )


def _of_few(batch: Batch, axis: int, make: Callable[[tuple[torch.Tensor, ...]], Made]) -> Made:
    """What is made of two sequences; of all of the batch where forward() takes no two of it."""
    try:
        return make(batch.head(axis, 2))
    except GatewrightError as error:
        if error.code != "GW-604":
            raise
    return make(batch.inputs)


def _placed_by(net: nn.Module, inputs: tuple[torch.Tensor, ...]) -> nn.Module:
    candidate = _copy(net)
    _place(candidate, [Batch(inputs)], inputs, RangeOptions())
    return candidate


def _copy(model: nn.Module) -> nn.Module:
    try:
        return copy.deepcopy(model)
    except (RuntimeError, TypeError) as error:
        computed = (n for n, v in held(model) if isinstance(v, torch.Tensor) and not v.is_leaf)
        name = next(computed, "").partition("[")[0]
        advice = steps(model, name.rpartition(".")[0]) if name else ""
        raise GatewrightError(
            "GW-603",
            where=f"{type(model).__name__}.{name}".rstrip("."),
            cause=f"it cannot be copied: {str(error).rstrip('.')}.",
            remedy=f"{advice or _COPYABLE}.",
        ) from error


_COPYABLE = "Let the module hold no tensors with a gradient history and no open handles"


def _place(
    net: nn.Module, batches: list[Batch], examples: Sequence[torch.Tensor], options: RangeOptions
) -> list[Placed]:
    return [*place_weights(net, options), *_place_activations(net, batches, examples, options)]


def _place_activations(
    net: nn.Module, batches: list[Batch], examples: Sequence[torch.Tensor], options: RangeOptions
) -> list[Placed]:
    recurrent, outputs = recurrent_slots(net), output_slots(net)
    inputs = input_slots(net, examples)
    slots = [*recurrent, *outputs, *inputs]
    for chosen in (options.bits, options.percentile):
        chosen.check_keys(ACTIVATION_KINDS, [slot.row for slot in slots])
    if not slots:
        return []
    observe.observe_recurrent(net, recurrent)
    with observe.biases_where_scaled(net), observe.recorded(inputs, outputs):
        observe.run(net, batches)
    placed = []
    for slot in slots:
        bits = options.bits.of(slot.row, slot.kind)
        observe.check_finite(slot)
        percentile = options.percentile.of(slot.row, slot.kind)
        grid, scale = activation_grid(slot, options, bits, percentile)
        slot.fill(grid)
        placed.append(_placed(slot, grid, scale))
    observe.forget_cells(net)
    return placed


def _placed(slot: Slot, grid: Grid, scale: float) -> Placed:
    return Placed(
        name=slot.name,
        places=len(slot.places),
        kind=slot.kind,
        bits=grid.bits,
        signed=grid.signed,
        scale=scale,
        clipped=slot.seen.share_above((grid.largest_code + 0.5) * scale),
    )
