"""Calibration data, whatever form it comes in, as a list of batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.utils.rnn import PackedSequence

from gatewright.frontend.calibration.axes import is_sequence
from gatewright.frontend.calibration.options import refused
from gatewright.frontend.torch.checks import PADDED

_CHUNK = 256
"""Sequences run at once, of data that is one array."""

_FORM = (
    "Pass float32 sequences as the model takes them (int64 [N, T] where it looks integers up): one "
    "array, or an iterable of batches."
)


@dataclass(frozen=True, eq=False)
class Batch:
    """What a model is given at once.

    Attributes:
        inputs: The sequences, and initial states if its forward() takes those too.
        labels: The classes of the sequences, where the data gives them.
    """

    inputs: tuple[torch.Tensor, ...]
    labels: npt.NDArray[np.int64] | None = None

    @property
    def x(self) -> torch.Tensor:
        """The sequences, [B, T, I] or [T, B, I]; of integers [B, T] or [T, B]."""
        return self.inputs[0]

    def axes(self, batch_axis: int) -> list[int]:
        """Those of the sequences in each input, of the first one that."""
        x, *others = self.inputs
        return [batch_axis, *(batch_axis if is_sequence(o, x) else -2 for o in others)]

    def first(self, batch_axis: int) -> tuple[torch.Tensor, ...]:
        """The first sequence and what comes with it."""
        return self.head(batch_axis, 1)

    def head(self, batch_axis: int, most: int) -> tuple[torch.Tensor, ...]:
        """The same of so many sequences at most: states are [N, B, H] or [B, H]."""
        count = min(most, self.x.shape[batch_axis])
        pairs = zip(self.inputs, self.axes(batch_axis), strict=True)
        return tuple(tensor.narrow(axis, 0, count).clone() for tensor, axis in pairs)


def read_batches(
    data: Any, find_axis: Callable[[Sequence[torch.Tensor]], int]
) -> tuple[list[Batch], int]:
    """Calibration data as batches, and the axis of the sequences in them.

    Args:
        data: A tensor or array, cut along that axis; a tuple of them, one an argument of
            forward(); or another iterable of batches, each a tensor or a tuple of the arguments
            and integer labels behind them, as a ``DataLoader`` gives.
        find_axis: 0 for [B, T, I], 1 for [T, B, I], of sequences and states.

    Raises:
        GatewrightError: GW-604.
    """
    if is_array(data):
        (x,) = _batch(data).inputs
        axis = find_axis([x])
        return [Batch((part,)) for part in x.split(_CHUNK, dim=axis)], axis
    if isinstance(data, PackedSequence):
        data = (data,)
    if isinstance(data, tuple) and all(map(is_array, data)):
        batch = _batch(data)
        return [batch], find_axis(batch.inputs)
    if isinstance(data, str | bytes) or not isinstance(data, Iterable):
        raise refused("calibration data", f"it is of type {type(data).__name__}.", _FORM)
    batches = [_batch(item) for item in data]
    if not batches:
        raise refused("calibration data", "it holds no batch.", _FORM)
    return batches, find_axis(batches[0].inputs)


def is_array(data: Any) -> bool:
    """Whether it is one array of sequences."""
    return isinstance(data, torch.Tensor | np.ndarray)


def _batch(item: Any) -> Batch:
    if isinstance(item, PackedSequence):
        raise refused("calibration data", "it holds a packed sequence.", PADDED)
    parts = list(item) if isinstance(item, tuple | list) else [item]
    if not parts:
        raise refused("calibration data", "a batch of it is empty.", _FORM)
    labels = _classes(parts[-1]) if len(parts) > 1 else None
    first, *states = parts if labels is None else parts[:-1]
    return Batch((_sequences(first), *map(_tensor, states)), labels)


def check_rank(x: torch.Tensor, arranged: bool) -> None:
    """Refuse sequences without one axis of features where nothing gives them one.

    Args:
        x: Of a batch: floats, or integers that are looked up.
        arranged: Whether forward() only re-arranges them at first.

    Raises:
        GatewrightError: GW-604.
    """
    if x.ndim != 3 and x.is_floating_point() and not arranged:
        problem = f"a batch of it has sequences of shape {list(x.shape)}."
        raise refused("calibration data", problem, PADDED)


def _sequences(values: Any) -> torch.Tensor:
    """Floats, or integers that are looked up."""
    integers = None if getattr(values, "is_nested", False) else _classes(values)
    if integers is None or not integers.size:
        return _tensor(values)
    if integers.ndim != 2:
        problem = f"it holds int64 of shape {list(integers.shape)}, not [N, T], one a time step."
        raise refused("calibration data", problem, _FORM)
    return torch.from_numpy(integers.copy())


def _tensor(values: Any) -> torch.Tensor:
    if isinstance(values, torch.Tensor) and values.is_nested:
        raise refused("calibration data", "it holds a nested tensor.", PADDED)
    array = values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else values
    problem = None
    if not isinstance(array, np.ndarray) or not np.issubdtype(array.dtype, np.floating):
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        problem = f"it holds {kind}, not floats"
    elif array.ndim < 2 or array.size == 0:
        problem = f"its shape is {list(array.shape)}"
    elif not np.isfinite(array).all():
        problem = "it holds NaN or infinite values"
    if problem is not None:
        raise refused("calibration data", f"{problem}.", _FORM)
    return torch.from_numpy(np.array(array, dtype=np.float32))


def _classes(values: Any) -> npt.NDArray[np.int64] | None:
    """Labels of a batch where they are classes, which are integers."""
    array = np.asarray(values.detach().cpu() if isinstance(values, torch.Tensor) else values)
    return array.astype(np.int64) if array.dtype.kind in "iu" else None


def join_labels(batches: list[Batch], labels: Any) -> npt.NDArray[np.int64] | None:
    """The labels given beside the data, or else those in it, if every batch has them."""
    if labels is not None:
        return np.asarray(labels.detach().cpu() if isinstance(labels, torch.Tensor) else labels)
    parts = [batch.labels for batch in batches if batch.labels is not None]
    return np.concatenate(parts) if len(parts) == len(batches) else None
