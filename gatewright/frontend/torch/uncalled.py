"""Modules that a forward() never calls: out of sight, so that they decide and refuse nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import fx, nn

from gatewright.frontend.torch.symbolic import Aside, leaf_paths, symbolic_graph


class _Uncalled(Aside):
    """Stands in the place of a module, and shows nobody what is in it.

    Whoever reads an attribute of it, or calls it all the same, gets what the module itself gives:
    forward() may, on data of another shape than the example's.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.training = module.training
        self._aside = (module,)  # a tuple holds no child

    def __getattr__(self, name: str) -> Any:
        if "_aside" not in vars(self) or name.startswith("__"):  # while it is copied
            raise AttributeError(name)
        return getattr(self._aside[0], name)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self._aside[0](*args, **kwargs)


def set_aside(model: nn.Module, graph: fx.Graph) -> None:
    """Put placeholders for the layers of a model that a graph neither calls nor reads.

    Args:
        model: Changed in place.
        graph: Of its forward().
    """
    used = {node.target for node in graph.nodes if node.op == "call_module"}
    used |= {str(n.target).rpartition(".")[0] for n in graph.nodes if n.op == "get_attr"}
    seen = {id(model.get_submodule(str(path))) for path in used}
    layers = (model.get_submodule(path) for path in leaf_paths(model))
    unseen = (each for each in layers if not any(id(inner) in seen for inner in each.modules()))
    made = {id(layer): _Uncalled(layer) for layer in unseen}
    for parent in list(model.modules()):
        for name, child in parent._modules.items():
            parent._modules[name] = made.get(id(child), child)


def put_back(model: nn.Module) -> None:
    """Undo ``set_aside``, also in a copy."""
    for parent in list(model.modules()):
        for name, child in parent._modules.items():
            parent._modules[name] = child._aside[0] if isinstance(child, _Uncalled) else child


@contextmanager
def called_alone(model: nn.Module, examples: Sequence[torch.Tensor]) -> Iterator[None]:
    """Let a model show only what its forward() calls while the block runs.

    Raises:
        GatewrightError: GW-108 where forward() cannot be traced.
    """
    set_aside(model, symbolic_graph(model, examples))
    try:
        yield
    finally:
        put_back(model)
