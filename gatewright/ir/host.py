"""Between a user's tensors and those of a graph: which axes stand where."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Groups = tuple[tuple[int, ...], ...]
"""For each axis of the user's tensor, the axes of the graph's that it runs through, the last one
fastest: () for an axis of size 1, (0, 1) for one that runs through time within sequences."""


def groupings(user: Sequence[int], graph: Sequence[int]) -> Iterator[Groups]:
    """Every way in which a tensor of the graph may stand in one of the user's, of these sizes."""
    droppable = [axis for axis, size in enumerate(graph) if size == 1]
    for count in range(len(droppable) + 1):
        for dropped in itertools.combinations(droppable, count):
            kept = [axis for axis in range(len(graph)) if axis not in dropped]
            for order in itertools.permutations(kept):
                yield from _cuts(tuple(user), order, graph)


def _cuts(user: tuple[int, ...], order: tuple[int, ...], graph: Sequence[int]) -> Iterator[Groups]:
    """The same with the axes in one order."""
    if not user:
        if not order:
            yield ()
        return
    for count in (*range(1, len(order) + 1), 0):
        if math.prod(graph[axis] for axis in order[:count]) == user[0]:
            for rest in _cuts(user[1:], order[count:], graph):
                yield (order[:count], *rest)


def to_graph(
    values: npt.NDArray[np.generic], groups: Groups, sizes: Sequence[int]
) -> npt.NDArray[np.generic]:
    """A user's tensor as the graph has it.

    Args:
        values: The user's.
        groups: Where its axes stand.
        sizes: Of the graph's tensor.
    """
    order = [axis for group in groups for axis in group]
    dropped = [axis for axis in range(len(sizes)) if axis not in order]
    apart = values.reshape([sizes[axis] for axis in (*order, *dropped)])
    return np.ascontiguousarray(apart.transpose(np.argsort([*order, *dropped])))


def to_user(values: npt.NDArray[np.generic], groups: Groups) -> npt.NDArray[np.generic]:
    """The inverse: a tensor of the graph as the user has it."""
    order = [axis for group in groups for axis in group]
    dropped = [axis for axis in range(values.ndim) if axis not in order]
    sizes = [math.prod(values.shape[axis] for axis in group) for group in groups]
    return np.ascontiguousarray(values.transpose([*order, *dropped]).reshape(sizes))
