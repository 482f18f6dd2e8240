"""Handlers: from a call of a Brevitas module to a layer of hls4ml."""

from __future__ import annotations

from functools import wraps
from typing import Any

import torch
from torch import nn

from gatewright import frontend
from gatewright.errors import GatewrightError
from gatewright.hls4ml.layer import GatewrightRecurrent
from gatewright.hls4ml.part import Part
from gatewright.hls4ml.torch.dense import quant_identity, quant_linear, quant_relu
from gatewright.hls4ml.torch.handled import Handled, Handler
from gatewright.hls4ml.torch.reading import RECURRENT, check_reading
from gatewright.hls4ml.torch.selection import Path, drop_indices, selection, take
from gatewright.ir.certificate.certify import certify
from gatewright.verify.torch_check import check_torch

_STEPS = 3
"""Of a sequence on which torch is held against a layer: the first, one behind it, one more."""


class _Selected(nn.Module):  # type: ignore[misc]
    """A recurrent layer, and what of it is read."""

    def __init__(self, layer: nn.Module, path: Path) -> None:
        super().__init__()
        self.layer = layer
        self.training = False  # not by eval(), which would change the user's module
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
    module = _Selected(class_object, selection(where, node))
    drop_indices(node)
    (steps, features), *states = (_sizes(shape) for shape in input_shapes)
    batch_first = bool(class_object.layers[0][0].cell.batch_first)
    x = torch.zeros(*((1, steps) if batch_first else (steps, 1)), features)
    example = (x, *(torch.zeros(count, 1, hidden) for count, hidden in states))
    part = Part(where, frontend.trace(module, example if states else x))
    part.check()
    _check_runs(module, part, (x[:, :_STEPS], *example[1:]))
    layer = {
        "name": layer_name,
        "class_name": GatewrightRecurrent.__name__,
        "inputs": input_names,
        "part": part,
    }
    return layer, [None, *part.output_shape]


def _check_runs(module: nn.Module, part: Part, example: tuple[torch.Tensor, ...]) -> None:
    """GW-110 where torch gives other integers than the part."""
    certified = certify(part.traced, part.integer)
    try:
        check_torch(module, example, part.traced, part.integer, certified)
    except GatewrightError as error:  # in which the module has a name of ours
        raise GatewrightError(
            error.code, where=part.where, cause=error.cause, remedy=error.remedy
        ) from error


def _sizes(shape: list[int | None]) -> tuple[int, int]:
    """Of [T, I], and of [N, H] or [H], without the batch."""
    first, last = shape[1:] if len(shape) > 2 else (1, shape[-1])
    return int(first or 1), int(last or 1)


def _checked(handler: Handler) -> Handler:
    """A handler before whose first call in a model the whole model is checked."""

    @wraps(handler)
    def handle(
        operation: str,
        layer_name: str,
        input_names: list[str],
        input_shapes: list[list[int | None]],
        node: Any,
        class_object: Any,
        data_reader: Any,
        config: dict[str, Any],
    ) -> Handled:
        model = data_reader.torch_model
        if node is _first_of_ours(node.graph, model):
            check_reading(model)
        given = (operation, layer_name, input_names, input_shapes, node)
        return handler(*given, class_object, data_reader, config)

    return handle


def _first_of_ours(graph: Any, model: nn.Module) -> Any:
    calls = (node for node in graph.nodes if node.op == "call_module")
    return next(n for n in calls if type(model.get_submodule(n.target)).__name__ in HANDLERS)


HANDLERS: dict[str, Handler] = {
    "QuantIdentity": _checked(quant_identity),
    "QuantLinear": _checked(quant_linear),
    "QuantReLU": _checked(quant_relu),
    **dict.fromkeys(RECURRENT, _checked(recurrent)),
}
"""By the class of a module."""
