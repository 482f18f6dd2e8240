"""Layers that read some features of the input: the same layers of all, with weights of 0."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import torch
from torch import fx, nn

from gatewright.frontend.calibration.picks import computed, numbers_of, source_of
from gatewright.frontend.calibration.rewritten import check_rewritten, keep_constants
from gatewright.frontend.torch.symbolic import has_effect, symbolic_graph
from gatewright.frontend.torch.watch import tensors_of

Features = tuple[int, ...]
_PICKS = (
    *(operator.getitem, torch.narrow, torch.chunk, torch.split, torch.tensor_split),
    *("narrow", "chunk", "split", "tensor_split", "contiguous"),
)
_COLUMNS = ("weight", "weight_ih_l0", "weight_ih_l0_reverse")
_ARGUMENT = "Give the parts as arguments of their own: forward(self, a, b)."


def with_wide_layers(model: nn.Module, examples: Sequence[torch.Tensor]) -> fx.GraphModule | None:
    """A model whose layers take an argument of forward() whole where they took features of it.

    Args:
        model: In eval mode; changed.
        examples: One for each argument of its forward().

    Returns:
        None where no layer takes some features of an argument; else a ``GraphModule``.

    Raises:
        GatewrightError: GW-108 where forward() cannot be traced.
    """
    graph = symbolic_graph(model, examples)
    found = _found(graph, model, examples)
    if not found:
        return None
    with torch.no_grad():
        expected = tensors_of(model(*examples))
    wide: dict[str, nn.Module] = {}
    for node, (source, features) in found.items():
        path, width = str(node.target), examples[_arguments(graph).index(source)].shape[-1]
        if path not in wide:
            wide[path] = _wide(model.get_submodule(path), features, width)
            model.set_submodule(path, wide[path])
        node.update_arg(0, source)
    graph.eliminate_dead_code(has_effect)
    keep_constants(graph, model)
    made = fx.GraphModule(model, graph, type(model).__name__).eval()
    check_rewritten(expected, made, examples, str(next(iter(found)).target), _ARGUMENT)
    return made


def _arguments(graph: fx.Graph) -> list[fx.Node]:
    return [node for node in graph.nodes if node.op == "placeholder"]


def _found(
    graph: fx.Graph, model: nn.Module, examples: Sequence[torch.Tensor]
) -> dict[fx.Node, tuple[fx.Node, Features]]:
    """The calls of layers that are given features of an argument, and which ones.

    A layer that is called with others elsewhere stays what it is.
    """
    numbered = {
        node: numbers_of(example.shape)
        for node, example in zip(_arguments(graph), examples, strict=False)
        if example.ndim == 3 and example.is_floating_point()
    }
    calls: dict[str, dict[fx.Node, tuple[fx.Node, Features] | None]] = {}
    for node in graph.nodes:
        if node.op == "call_module" and _can_be_wide(model.get_submodule(str(node.target))):
            given = _features(node.args[0], numbered) if node.args else None
            calls.setdefault(str(node.target), {})[node] = given
    found: dict[fx.Node, tuple[fx.Node, Features]] = {}
    for each in calls.values():
        if len(set(each.values())) == 1:
            found.update({node: given for node, given in each.items() if given is not None})
    return found


def _can_be_wide(module: nn.Module) -> bool:
    """Whether it is a layer that holds its weights itself, with nothing around it."""
    plain = not (module._forward_hooks or module._forward_pre_hooks)
    return plain and type(module) in (nn.LSTM, nn.RNN, nn.Linear)


def _features(
    picked: Any, numbered: dict[fx.Node, torch.Tensor]
) -> tuple[fx.Node, Features] | None:
    """Of which argument a tensor is features, of all steps of all sequences, and of which."""
    source = source_of(picked, _PICKS)
    if source is None or source is picked or source not in numbered:
        return None
    whole, index = numbered[source], computed(picked, numbered)
    if not isinstance(index, torch.Tensor) or index.shape[:-1] != whole.shape[:-1]:
        return None
    features = tuple(index[0, 0].tolist())
    apart = 0 < len(set(features)) == len(features) and features != tuple(whole[0, 0].tolist())
    return (source, features) if apart and torch.equal(whole[..., features], index) else None


def _wide(narrow: Any, features: Features, width: int) -> nn.Module:
    """A layer of all features that computes what one of some of them does."""
    made: nn.Module
    if isinstance(narrow, nn.Linear):
        made = nn.Linear(width, narrow.out_features, bias=narrow.bias is not None)
    else:
        names = ("hidden_size", "num_layers", "bias", "batch_first", "bidirectional")
        more = "nonlinearity" if isinstance(narrow, nn.RNN) else "proj_size"
        made = type(narrow)(width, **{name: getattr(narrow, name) for name in (*names, more)})
    state = dict(narrow.state_dict())
    for name in _COLUMNS:
        if name in state:
            columns = torch.zeros(len(state[name]), width)
            columns[:, list(features)] = state[name]
            state[name] = columns
    made.load_state_dict(state)
    return made.eval()
