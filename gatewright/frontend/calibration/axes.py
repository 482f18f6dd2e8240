"""Which axis of the data are the sequences: the one that a recurrent layer takes for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from gatewright.frontend.calibration.slots import stacks


class _ReachedError(Exception):
    """A recurrent layer is called: nothing behind it need run.

    Args:
        layer: That layer.
        sequences: That it is given.
    """

    def __init__(self, layer: nn.Module, sequences: int) -> None:
        super().__init__()
        self.layer = layer
        self.sequences = sequences


def batch_axis(model: nn.Module, inputs: Sequence[torch.Tensor]) -> int:
    """0 for [B, T, I] and [B, I, T], 1 for [T, B, I].

    Axes may be turned round in front of a layer, so the model is run with another size of each of
    them. Where no layer tells by that, the layout that the first one takes decides; 0 without one.

    Args:
        model: A float model or one of Brevitas layers; it is not changed.
        inputs: Sequences, further ones, and initial states [N, B, H] or [B, H].
    """
    layers = _recurrent(model)
    if not layers:
        return 0
    x, *states = inputs
    for axis in (0, 1):
        count = 3 if x.shape[1 - axis] == 2 else 2  # which the other axis cannot be mistaken for
        axes = [axis if is_sequence(state, x) else -2 for state in states]
        tried = [_resized(x, axis, count)]
        tried += [_resized(state, a, count) for state, a in zip(states, axes, strict=True)]
        reached = _reached(model, layers, tried)
        if reached is not None and reached.sequences == count:
            return axis
    taken = _reached(model, layers, inputs)
    return layers[taken.layer] if taken is not None else 0


def is_sequence(tensor: torch.Tensor, x: torch.Tensor) -> bool:
    """Whether a further argument is as long as the sequences, rather than states."""
    return bool(tensor.ndim == 3 and tensor.shape[:2] == x.shape[:2])


def _recurrent(model: nn.Module) -> dict[nn.Module, int]:
    """Recurrent layers with the axis of sequences in what they take."""
    found = {m: 0 if m.batch_first else 1 for m in model.modules() if _is_float(m)}
    found |= {m: 0 for m in model.modules() if isinstance(m, nn.LSTMCell | nn.RNNCell)}
    found |= {s: 0 if s.layers[0][0].cell.batch_first else 1 for _, s in stacks(model)}
    return found


def _is_float(module: nn.Module) -> bool:
    return isinstance(module, nn.LSTM | nn.RNN)


def _resized(x: torch.Tensor, axis: int, count: int) -> torch.Tensor:
    """So many along an axis, repeated where there are fewer."""
    return x.index_select(axis, torch.arange(count) % x.shape[axis])


def _reached(
    model: nn.Module, layers: dict[nn.Module, int], inputs: Sequence[torch.Tensor]
) -> _ReachedError | None:
    """The first layer that is called; None where none is, or the model refuses such inputs."""

    def stop(layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        x = args[0] if args else kwargs["input"]
        if not isinstance(x, torch.Tensor):  # a packed sequence
            raise TypeError(type(x).__name__)
        raise _ReachedError(layer, int(x.shape[layers[layer]]))

    hooks = [layer.register_forward_pre_hook(stop, with_kwargs=True) for layer in layers]
    try:
        with torch.no_grad():
            model(*inputs)
    except _ReachedError as reached:
        return reached
    except (RuntimeError, ValueError, IndexError, TypeError, AssertionError):
        return None  # what is wrong with the model is told when it runs as it should
    finally:
        for hook in hooks:
            hook.remove()
    return None
