"""Handlers: from a call of a Brevitas module to a layer of hls4ml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from gatewright import frontend
from gatewright.errors import GatewrightError
from gatewright.hls4ml.layer import GatewrightRecurrent
from gatewright.hls4ml.part import Part
from gatewright.hls4ml.torch.selection import Path, not_one, selection, take

Handled = tuple[dict[str, Any], list[int | None]]
Handler = Callable[..., Handled]


class _Selected(nn.Module):  # type: ignore[misc]
    """A recurrent layer, and what of it is read."""

    def __init__(self, layer: nn.Module, path: Path) -> None:
        super().__init__()
        self.layer = layer
        self._path = path

    def forward(self, x: torch.Tensor) -> Any:
        """The one tensor."""
        return take(self.layer(x), self._path)


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
    if not class_object.layers[0][0].cell.batch_first:
        raise GatewrightError(
            "GW-109",
            where=where,
            cause="it takes time steps first, and hls4ml sequences.",
            remedy="Build it with batch_first=True.",
        )
    module = _Selected(class_object, selection(where, node)).eval()
    example = torch.zeros(1, *(int(size or 1) for size in input_shapes[0][1:]))
    part = Part(where, frontend.trace(module, example))
    outputs = part.integer.outputs
    if len(outputs) != 1 or outputs[0].stacked:
        raise not_one(where, "the model reads all that it returns, or all of its states")
    layer = {
        "name": layer_name,
        "class_name": GatewrightRecurrent.__name__,
        "inputs": input_names,
        "part": part,
    }
    return layer, [None, *part.output_shape]


HANDLERS: dict[str, Handler] = {"QuantLSTM": recurrent, "QuantRNN": recurrent}
