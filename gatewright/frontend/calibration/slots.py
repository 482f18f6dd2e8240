"""Finds where a model leaves values in float, and puts quantizers there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from brevitas.nn.mixin import QuantWeightMixin
from brevitas.nn.quant_layer import QuantNonLinearActLayer
from brevitas.nn.quant_rnn import QuantRecurrentStackBase
from torch import nn

from gatewright.frontend.calibration.flow import float_inputs
from gatewright.frontend.calibration.quantizers import (
    Grid,
    activation_function,
    activation_quantizer,
    weight_quantizer,
)
from gatewright.frontend.calibration.ranges import Histogram
from gatewright.frontend.torch.brevitas_quant import is_enabled

_UNSIGNED = (nn.Sigmoid, nn.ReLU)
WEIGHT = "weight"
_KINDS = {
    "output_quant": "io",
    "gate_acc_quant": "gate_acc",
    "input_acc_quant": "gate_acc",
    "forget_acc_quant": "gate_acc",
    "cell_acc_quant": "gate_acc",
    "output_acc_quant": "gate_acc",
    "input_sigmoid_quant": "sigmoid",
    "forget_sigmoid_quant": "sigmoid",
    "output_sigmoid_quant": "sigmoid",
    "cell_tanh_quant": "tanh",
    "hidden_state_tanh_quant": "tanh",
    "cell_state_quant": "cell_state",
    "act_quant": "act",
    "input_quant": "input",
    "weight_quant": WEIGHT,
}
"""What a quantizer quantizes, by the attribute that holds it; named as Brevitas' arguments are."""
ACTIVATION_KINDS = tuple(kind for kind in dict.fromkeys(_KINDS.values()) if kind != WEIGHT)


@dataclass(eq=False)
class Slot:
    """One disabled quantizer, wherever it is used.

    Brevitas shares a quantizer by putting one object in several places: the io quantizer in all
    layers and directions, a weight quantizer in W and U. The disabled ones are shared just so, and
    what takes their place has to be.

    Attributes:
        name: Module path of its first place.
        quantizer: The disabled quantizer.
        places: Owners and the attributes that hold it.
        seen: Magnitudes of what it is to quantize.
        layers: Paths of the layers that it is part of; both directions are one.
    """

    name: str
    quantizer: Any
    places: list[tuple[nn.Module, str]] = field(default_factory=list)
    seen: Histogram = field(default_factory=Histogram)
    layers: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """What it quantizes."""
        return _KINDS[self.places[0][1]]

    @property
    def layer(self) -> str:
        """Path of its layer; of several, what they have in common."""
        return _common(self.layers)

    @property
    def row(self) -> str:
        """``LAYER.KIND``, by which a user chooses for all of a kind in a layer."""
        return _join(self.layer, self.kind)

    @property
    def signed(self) -> bool:
        """Whether values below 0 can come."""
        function: Any = activation_function(self.quantizer)
        if isinstance(function, nn.Hardtanh):
            return bool(function.min_val < 0)
        return not isinstance(function, _UNSIGNED)

    @property
    def clamp(self) -> float | None:
        """Where values are clamped, which the quantizer takes in; None where they are not."""
        function: Any = activation_function(self.quantizer)
        return float(function.max_val) if isinstance(function, nn.Hardtanh) else None

    def fill(self, grid: Grid, weight: bool = False) -> None:
        """Put a quantizer in every place."""
        owner = self.places[0][0]
        if weight:
            new = weight_quantizer(owner, grid)
        else:
            new = activation_quantizer(owner, self.quantizer, grid)
        for module, attribute in self.places:
            setattr(module, attribute, new)


class Slots:
    """Slots by the identity of their quantizer, in the order of the model."""

    def __init__(self) -> None:
        self._slots: dict[int, Slot] = {}

    def __iter__(self) -> Iterator[Slot]:
        seen: dict[int, Slot] = {id(slot): slot for slot in self._slots.values()}
        return iter(seen.values())

    def of(self, quantizer: Any) -> Slot | None:
        """The slot of a quantizer, if it is disabled."""
        return self._slots.get(id(quantizer))

    def add(
        self,
        name: str,
        module: nn.Module,
        attribute: str,
        into: Slot | None = None,
        layer: str | None = None,
    ) -> Slot:
        """A further place, of a new slot or of the one its quantizer has."""
        quantizer = getattr(module, attribute)
        slot = self._slots.setdefault(id(quantizer), into or Slot(name, quantizer))
        where = name.rpartition(".")[0] if layer is None else layer
        if where not in slot.layers:
            slot.layers.append(where)
        if (module, attribute) not in slot.places:
            slot.places.append((module, attribute))
        return slot


def stacks(model: nn.Module) -> Iterator[tuple[str, Any]]:
    """Every ``QuantLSTM`` and ``QuantRNN`` with its path."""
    for path, module in model.named_modules():
        if isinstance(module, QuantRecurrentStackBase):
            yield path, module


def layers(model: nn.Module) -> Iterator[tuple[str, Any]]:
    """Every recurrent layer in one direction with its path."""
    for path, stack in stacks(model):
        yield from _layers_of(path, stack)


def _layers_of(path: str, stack: Any) -> Iterator[tuple[str, Any]]:
    for index, directions in enumerate(stack.layers):
        for direction, layer in enumerate(directions):
            yield _join(path, f"layers.{index}.{direction}"), layer


def recurrent_slots(model: nn.Module) -> Slots:
    """The activations that recurrent layers leave in float."""
    slots = Slots()
    for path, stack in stacks(model):
        cell_state: Slot | None = None
        for layer_path, layer in _layers_of(path, stack):
            for name, quantizer in cell_quantizers(layer):
                if is_enabled(quantizer):
                    continue
                # Brevitas concatenates the final cell states, which takes one quantizer for all.
                one_for_all = name == "cell_state_quant" and stack.cat_output_cell_states
                both = layer_path.rpartition(".")[0]
                slot = slots.add(
                    _join(layer_path, name),
                    layer.cell,
                    name,
                    cell_state if one_for_all else None,
                    layer=both,
                )
                if one_for_all:
                    cell_state = slot
                if name == "output_quant":
                    slots.add(slot.name, layer, "io_quant", layer=both)
    return slots


def cell_quantizers(layer: Any) -> list[tuple[str, Any]]:
    """Names and quantizers of a cell, shared ones under each of their names."""
    return [(n, m) for n, m in layer.cell._modules.items() if n.endswith("_quant")]


def weight_slots(model: nn.Module) -> Slots:
    """The weights that are left in float."""
    slots = Slots()
    within = [path for path, _ in layers(model)]
    for path, module in model.named_modules():
        if isinstance(module, QuantWeightMixin) and not is_enabled(module.weight_quant):
            layer = next((p.rpartition(".")[0] for p in within if path.startswith(f"{p}.")), path)
            slots.add(_join(path, "weight_quant"), module, "weight_quant", layer=layer)
    return slots


def output_slots(model: nn.Module) -> Slots:
    """Activation layers, such as ``QuantReLU``, without a quantizer."""
    slots = Slots()
    for path, module in model.named_modules():
        if isinstance(module, QuantNonLinearActLayer) and not is_enabled(module.act_quant):
            slots.add(_join(path, "act_quant"), module, "act_quant")
    return slots


def input_slots(model: nn.Module, examples: Sequence[torch.Tensor]) -> Slots:
    """Linear layers whose input nothing quantizes, when all other slots are filled."""
    slots = Slots()
    for path in float_inputs(model, examples):
        slots.add(_join(path, "input_quant"), model.get_submodule(path), "input_quant")
    return slots


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _common(paths: list[str]) -> str:
    """What paths of layers begin with; the stack, of several of its layers."""
    if len(paths) == 1:
        return paths[0]
    parts = []
    for together in zip(*(path.split(".") for path in paths), strict=False):
        if len(set(together)) > 1:
            break
        parts.append(together[0])
    return ".".join(parts[:-1] if parts[-1:] == ["layers"] else parts)
