"""Layers that a forward() writes as functions of weights: ``F.linear(x, self.fc.weight)``, ..."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import fx, nn

from gatewright.errors import GatewrightError
from gatewright.frontend.calibration.rewritten import (
    check_rewritten,
    free_name,
    keep_constants,
)
from gatewright.frontend.torch.arithmetic import PURE
from gatewright.frontend.torch.registry import bind, unsupported_call
from gatewright.frontend.torch.symbolic import has_effect, symbolic_graph
from gatewright.frontend.torch.watch import tensors_of

_MOVES = frozenset(
    {
        *("t", "transpose", "permute", "swapaxes", "contiguous", "clone"),
        *(torch.t, torch.transpose, torch.permute, torch.swapaxes),
    }
)
_TURNED = ("T", "mT", "data")


@dataclass(frozen=True)
class WeightCall:
    """A call that is one of a layer.

    Attributes:
        x: What the layer is given.
        make: Gives the layer, with copies of its weights.
    """

    x: fx.Node
    make: Callable[[], nn.Module]


def with_weight_layers(model: nn.Module, examples: Sequence[torch.Tensor]) -> fx.GraphModule | None:
    """A model in which products with its own weights are calls of layers.

    Each has copies of the weights; what no layer computes stays.

    Args:
        model: In eval mode; changed.
        examples: One for each argument of its forward().

    Returns:
        None where no such call is; else a ``GraphModule``.

    Raises:
        GatewrightError: GW-108 where forward() cannot be traced or no layer computes such a
            product, GW-110 where a layer computes something else than the call.
    """
    graph = symbolic_graph(model, examples)
    found = [node for node in graph.nodes if layer_call(node) is not None]
    if not found:
        return None
    with torch.no_grad():
        expected = tensors_of(model(*examples))
    made: dict[str, nn.Module] = {}
    for node in found:
        call = layer_call(node)  # of what was replaced before it
        assert call is not None
        name = _name_of(model, call.make(), node.name, made)
        with graph.inserting_before(node):
            node.replace_all_uses_with(graph.call_module(name, (call.x,)))
        graph.erase_node(node)
    graph.eliminate_dead_code(has_effect)
    keep_constants(graph, model)
    result = fx.GraphModule(model, graph, type(model).__name__).eval()
    check_rewritten(expected, result, examples, found[0].name, _CALL)
    return result


_CALL = "Call the layer that has the weights: self.fc(x)."


def _name_of(model: nn.Module, layer: nn.Module, name: str, made: dict[str, nn.Module]) -> str:
    """Of the same layer where one was made already, in a loop; else of a new one."""
    state = layer.state_dict()
    for known, other in made.items():
        theirs = other.state_dict()
        if repr(other) == repr(layer) and all(torch.equal(theirs[k], state[k]) for k in state):
            return known
    name = free_name(model, name)
    model.add_module(name, layer.eval())
    made[name] = layer
    return name


def own_value(argument: Any) -> torch.Tensor | None:
    """The value of a tensor that is made of parameters, buffers and constants; None of another."""
    if not isinstance(argument, fx.Node):
        return argument if isinstance(argument, torch.Tensor) else None
    if argument.op == "get_attr":
        value = argument.meta["value"]
        return value.detach() if isinstance(value, torch.Tensor) else None
    given = [own_value(source) for source in argument.all_input_nodes]
    if not given or any(value is None for value in given) or not _moves(argument):
        return None
    values = dict(zip(argument.all_input_nodes, given, strict=True))
    args, kwargs = fx.node.map_arg((argument.args, argument.kwargs), values.__getitem__)
    if argument.op == "call_method":
        result = getattr(args[0], str(argument.target))(*args[1:], **kwargs)
    else:
        result = argument.target(*args, **kwargs)
    return result if isinstance(result, torch.Tensor) else None


def _moves(node: fx.Node) -> bool:
    """Whether a call may be made once, before the model runs."""
    if node.op not in ("call_function", "call_method"):
        return False
    if node.target is getattr:
        return node.args[1] in _TURNED
    return node.target in _MOVES or node.target in PURE


def layer_call(node: fx.Node) -> WeightCall | None:
    """What layer a call is of; None of any other.

    Raises:
        GatewrightError: GW-108 of a product with weights that no layer computes.
    """
    reader = _READERS.get(node.target) if node.op in ("call_function", "call_method") else None
    return reader(node) if reader is not None else None


def _linear(node: fx.Node) -> WeightCall | None:
    names, defaults = ("input", "weight", "bias"), (None, None, None)
    x, weight, bias = bind(node.args, dict(node.kwargs), names, defaults)
    return _affine(x, own_value(weight), bias)


def _addmm(node: fx.Node) -> WeightCall | None:
    names = ("input", "mat1", "mat2", "beta", "alpha")
    bias, x, weight, *factors = bind(node.args, dict(node.kwargs), names, (None,) * 3 + (1, 1))
    columns, offset = own_value(weight), own_value(bias)
    if columns is None or offset is None or not all(map(_is_number, factors)):
        return None
    return _affine(x, columns.t() * factors[1], offset * factors[0])


def _is_number(factor: Any) -> bool:
    return isinstance(factor, int | float)


def _affine(x: Any, weight: torch.Tensor | None, bias: Any) -> WeightCall | None:
    offset = None if bias is None else own_value(bias)
    computed = isinstance(x, fx.Node) and own_value(x) is None
    if not computed or weight is None or (bias is not None and offset is None):
        return None
    if weight.ndim != 2 or (offset is not None and offset.shape != weight.shape[:1]):
        raise _of_shape(weight if weight.ndim != 2 else offset)

    def make() -> nn.Module:
        features, inputs = weight.shape
        module = nn.Linear(inputs, features, bias=offset is not None, device="meta")
        return _with(module, weight, offset)

    return WeightCall(x, make)


def _of_shape(tensor: torch.Tensor | None) -> GatewrightError:
    assert tensor is not None
    return unsupported_call(
        "product with weights",
        f"it is given one of shape {list(tensor.shape)}.",
        "Give weights as a matrix, and a bias as a vector: (x @ w.unsqueeze(1)).squeeze(-1).",
    )


def _matmul(node: fx.Node) -> WeightCall | None:
    x, other = bind(node.args, _other(node), ("input", "other"), (None, None))
    weight = own_value(other)
    if weight is None and own_value(x) is not None:
        raise unsupported_call(
            "product with weights",
            "the weights come first, and rows of features behind them.",
            "Give the weights second: x @ w.t(), which is self.fc(x) of an nn.Linear.",
        )
    if weight is None:
        return None
    return _affine(x, weight.t() if weight.ndim == 2 else weight, None)


def _other(node: fx.Node) -> dict[str, Any]:
    """Named arguments; torch.mm calls the second one otherwise."""
    return {"other" if name == "mat2" else name: value for name, value in node.kwargs.items()}


_SPARSE = ("norm_type", "scale_grad_by_freq", "sparse")


def _embedding(node: fx.Node) -> WeightCall | None:
    names = (*("input", "weight", "padding_idx", "max_norm"), *_SPARSE)
    defaults = (None, None, None, None, 2.0, False, False)
    x, weight, padding, max_norm, *_ = bind(node.args, dict(node.kwargs), names, defaults)
    return _table(x, own_value(weight), padding, max_norm)


def _rows(node: fx.Node) -> WeightCall | None:
    weight, x = node.args
    return _table(x, own_value(weight), None, None)


def _table(x: Any, rows: torch.Tensor | None, padding: Any, max_norm: Any) -> WeightCall | None:
    if rows is None or rows.ndim != 2 or not isinstance(x, fx.Node):
        return None

    def make() -> nn.Module:
        module = nn.Embedding(*rows.shape, padding, max_norm, device="meta")
        return _with(module, rows, None)

    return WeightCall(x, make)


def _conv(node: fx.Node) -> WeightCall | None:
    names = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
    defaults = (None, None, None, 1, 0, 1, 1)
    x, kernel, bias, *options = bind(node.args, dict(node.kwargs), names, defaults)
    weight, offset = own_value(kernel), None if bias is None else own_value(bias)
    if weight is None or weight.ndim != 3 or (bias is not None and offset is None):
        return None
    groups = options[-1]

    def make() -> nn.Module:
        features, inputs, size = weight.shape
        channels = inputs * groups
        module = nn.Conv1d(
            channels, features, size, *options, bias=offset is not None, device="meta"
        )
        return _with(module, weight, offset)

    return WeightCall(x, make)


def _with(module: nn.Module, weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Module:
    module.weight = nn.Parameter(weight.detach().clone())
    if bias is not None:
        module.bias = nn.Parameter(bias.detach().clone())
    return module


_READERS: dict[Any, Callable[[fx.Node], WeightCall | None]] = {
    F.linear: _linear,
    torch.addmm: _addmm,
    **dict.fromkeys((operator.matmul, torch.matmul, torch.mm, "matmul", "mm"), _matmul),
    F.embedding: _embedding,
    **dict.fromkeys((operator.getitem, "__getitem__"), _rows),
    F.conv1d: _conv,
}
"""By function, or name of a method."""
