"""Handlers: from a call of a Brevitas module to a layer of hls4ml."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from gatewright import frontend
from gatewright.hls4ml.layer import GatewrightRecurrent
from gatewright.hls4ml.part import Part
from gatewright.hls4ml.torch.dense import quant_identity, quant_linear, quant_relu
from gatewright.hls4ml.torch.handled import Handled, Handler
from gatewright.hls4ml.torch.selection import Path, selection, take


class _Selected(nn.Module):  # type: ignore[misc]
    """A recurrent layer, and what of it is read."""

    def __init__(self, layer: nn.Module, path: Path) -> None:
        super().__init__()
        self.layer = layer
        self._path = path

    def forward(self, x: Any, h: Any = None, c: Any = None) -> Any:
        """The one tensor."""
        states = (state for state in (h, c) if state is not None)
        return take(self.layer(x, *states), self._path)


def recurrent(
    operation: str,
    layer_name: str,
    input_names: list[str],
    input_shapes: list[list[int | None]],
    node: Any,
    class_object: Any,
    data_reader: Any,
    config: dict[str, Any],
) -> Handled:
    """``QuantLSTM`` and ``QuantRNN``, with whatever of theirs the model goes on with."""
    where = str(node.target)
    module = _Selected(class_object, selection(where, node)).eval()
    (steps, features), *states = (_sizes(shape) for shape in input_shapes)
    batch_first = bool(class_object.layers[0][0].cell.batch_first)
    x = torch.zeros(*((1, steps) if batch_first else (steps, 1)), features)
    example = (x, *(torch.zeros(count, 1, hidden) for count, hidden in states))
    part = Part(where, frontend.trace(module, example if states else x))
    part.check()
    layer = {
        "name": layer_name,
        "class_name": GatewrightRecurrent.__name__,
        "inputs": input_names,
        "part": part,
    }
    return layer, [None, *part.output_shape]


def _sizes(shape: list[int | None]) -> tuple[int, int]:
    """Of [T, I], and of [N, H] or [H], without the batch."""
    first, last = shape[1:] if len(shape) > 2 else (1, shape[-1])
    return int(first or 1), int(last or 1)


HANDLERS: dict[str, Handler] = {
    "QuantIdentity": quant_identity,
    "QuantLinear": quant_linear,
    "QuantLSTM": recurrent,
    "QuantReLU": quant_relu,
    "QuantRNN": recurrent,
}
"""By the class of a module."""
