"""Forward hooks that keep what each layer is given and what it gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from brevitas.quant_tensor import QuantTensor
from torch import nn

Arrays = tuple[npt.NDArray[Any], ...]


@dataclass(frozen=True)
class LayerCall:
    """One call of a layer, seen from outside of all its hooks.

    Attributes:
        path: Of the module.
        inputs: The tensors it was given, flattened.
        outputs: Those it gave, flattened.
    """

    path: str
    inputs: Arrays
    outputs: Arrays


class LayerWatch:
    """Watches layers while it is entered, and removes every hook on leaving.

    Args:
        model: The model.
        paths: The modules to watch, none inside another.
    """

    def __init__(self, model: nn.Module, paths: Iterable[str]) -> None:
        self._modules = {path: model.get_submodule(path) for path in paths}
        self._handles: list[Any] = []
        self._given: list[Arrays] = []
        self.calls: list[LayerCall] = []

    def __enter__(self) -> LayerWatch:
        for path, module in self._modules.items():
            before = module.register_forward_pre_hook(self._begin, with_kwargs=True, prepend=True)
            after = module.register_forward_hook(self._end(path), with_kwargs=True)
            self._handles += [before, after]
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()

    def _begin(self, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._given.append(tensors_of([*args, *kwargs.values()]))

    def _end(self, path: str) -> Any:
        def hook(_: Any, __: Any, ___: Any, output: Any) -> None:
            self.calls.append(LayerCall(path, self._given.pop(), tensors_of(output)))

        return hook


def tensors_of(value: Any) -> Arrays:
    """The tensors in nested tuples and lists, as numpy; anything else in them is left out."""
    if isinstance(value, QuantTensor):
        value = value.value
    if isinstance(value, torch.Tensor):
        return (np.array(value.detach().cpu().numpy()),)
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, (tuple, list)):
        return tuple(array for part in value for array in tensors_of(part))
    return ()
