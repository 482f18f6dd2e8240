"""Tries quantizers on a model that is still float: any of them, of any width, with no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gatewright.frontend.calibration import observe
from gatewright.frontend.calibration.activations import activation_grid
from gatewright.frontend.calibration.batches import Batch
from gatewright.frontend.calibration.options import RangeOptions
from gatewright.frontend.calibration.quantizers import Grid, activation_function
from gatewright.frontend.calibration.slots import (
    WEIGHT,
    Slot,
    input_slots,
    output_slots,
    recurrent_slots,
    weight_slots,
)
from gatewright.frontend.calibration.weights import weight_grid
from gatewright.frontend.torch.brevitas_quant import to_numpy
from gatewright.ir.types import Float32Array


@dataclass(frozen=True)
class Width:
    """Of the quantizers of a row.

    Attributes:
        bits: Bit width.
        weight_scale: ``per_tensor`` or ``per_channel``; None of activations.
        percentile: Of the values that the range holds; None of weights.
    """

    bits: int
    weight_scale: str | None = None
    percentile: float | None = None


class Trial:
    """One quantizer that may be there or not."""

    def __init__(self, slot: Slot, options: RangeOptions) -> None:
        self.slot = slot
        self.grid: Grid | None = None
        self.channels = 0
        self.recording = False
        self._options = options
        self._grids: dict[Width, Grid] = {}

    def set(self, width: Width | None) -> None:
        """Be there, or not."""
        if width is not None and width not in self._grids:
            self._grids[width] = self._make(width)
        self.grid = None if width is None else self._grids[width]

    def _make(self, width: Width) -> Grid:
        if width.weight_scale is not None:
            return weight_grid(self.slot, self._options, width.bits, width.weight_scale)[0]
        return activation_grid(self.slot, self._options, width.bits, width.percentile)[0]

    def quantized(self, x: Tensor) -> Tensor:
        """As Brevitas' quantizer of this grid gives it; as it is while there is none."""
        grid = self.grid
        if grid is None:
            return x
        scale = torch.from_numpy(np.array(grid.scale, dtype=np.float32))
        least = -grid.largest_code - int(not grid.narrow) if grid.signed else 0
        return torch.clamp(torch.round(x / scale), least, grid.largest_code) * scale

    def seen(self, x: Tensor) -> Tensor:
        """The same, of an activation, which is recorded first where that is wanted."""
        if self.recording:
            self.channels = x.shape[-1]
            self.slot.seen.add(to_numpy(x))
        return self.quantized(x)


class _TriedInCell(nn.Module):  # type: ignore[misc]
    """Stands for a quantizer inside a cell."""

    def __init__(self, trial: Trial) -> None:
        super().__init__()
        self._function = activation_function(trial.slot.quantizer) or nn.Identity()
        self._trial = trial

    def forward(self, x: Tensor) -> tuple[Tensor, None, None, None]:
        return self.tensor_quant(self._function(x))

    def tensor_quant(self, x: Tensor) -> tuple[Tensor, None, None, None]:
        """What follows the activation function."""
        return self._trial.seen(x), None, None, None


class _TriedAtBorder(nn.Module):  # type: ignore[misc]
    """Stands for a quantizer at the border of a layer."""

    is_quant_enabled = False

    def __init__(self, trial: Trial) -> None:
        super().__init__()
        self._trial = trial

    def forward(self, x: Any) -> Any:
        quantized = self._trial.seen(observe.plain(x))
        return x if self._trial.grid is None else quantized


class Trials:
    """Every quantizer that a model lacks, in rows of one layer and kind.

    Args:
        net: With Brevitas layers, none of whose missing quantizers is placed. It is changed.
        batches: The calibration data.
        examples: The first sequences of it, each argument of forward().
        options: How ranges are chosen.
    """

    def __init__(
        self,
        net: nn.Module,
        batches: list[Batch],
        examples: Sequence[Tensor],
        options: RangeOptions,
    ) -> None:
        self._net = net
        recurrent, outputs = recurrent_slots(net), output_slots(net)
        inputs = input_slots(net, examples)
        self._weights = [Trial(slot, options) for slot in weight_slots(net)]
        self._recurrent = {id(slot): Trial(slot, options) for slot in recurrent}
        self._outputs = [Trial(slot, options) for slot in outputs]
        self._inputs = [Trial(slot, options) for slot in inputs]
        observe.observe_recurrent(
            net,
            recurrent,
            in_cell=lambda slot: _TriedInCell(self._recurrent[id(slot)]),
            at_border=lambda slot: _TriedAtBorder(self._recurrent[id(slot)]),
        )
        self._record(batches)

    def _record(self, batches: list[Batch]) -> None:
        activations = (*self._recurrent.values(), *self._outputs, *self._inputs)
        for trial in activations:
            trial.recording = True
        self.run({}, batches)
        for trial in activations:
            trial.recording = False
            observe.check_finite(trial.slot)

    @property
    def rows(self) -> dict[str, list[Trial]]:
        """What is chosen for together, in the order of the model."""
        found: dict[str, list[Trial]] = {}
        for trial in (*self._weights, *self._recurrent.values(), *self._outputs, *self._inputs):
            found.setdefault(trial.slot.row, []).append(trial)
        return found

    def run(self, widths: Mapping[str, Width], batches: list[Batch]) -> list[Float32Array]:
        """The outputs with the quantizers of these rows alone."""
        for row, trials in self.rows.items():
            for trial in trials:
                trial.set(widths.get(row))
        with self._quantized_weights(), self._hooked(), observe.biases_where_scaled(self._net):
            return observe.run(self._net, batches)

    @contextmanager
    def _quantized_weights(self) -> Iterator[None]:
        kept = [
            (trial, module.weight, module.weight.detach().clone())
            for trial in self._weights
            if trial.grid is not None
            for module, _ in trial.slot.places
        ]
        with torch.no_grad():
            for trial, weight, values in kept:
                weight.copy_(trial.quantized(values))
            try:
                yield
            finally:
                for _, weight, values in kept:
                    weight.copy_(values)

    @contextmanager
    def _hooked(self) -> Iterator[None]:
        handles = [
            *(_owner(t).register_forward_pre_hook(_on_input(t)) for t in self._inputs),
            *(_owner(t).register_forward_hook(_on_output(t)) for t in self._outputs),
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def _owner(trial: Trial) -> nn.Module:
    return trial.slot.places[0][0]


def _on_input(trial: Trial) -> Any:
    return lambda module, args: (trial.seen(observe.plain(args[0])), *args[1:])


def _on_output(trial: Trial) -> Any:
    return lambda module, args, output: trial.seen(observe.plain(output))


def is_weight(trials: list[Trial]) -> bool:
    """Whether a row is of weights."""
    return trials[0].slot.kind == WEIGHT
