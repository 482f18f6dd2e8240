"""What the host does around a graph: axes of the user's tensors, functions of outputs."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import onnx

from gatewright.errors import GatewrightError

ON_HOST = "gatewright.on_host"
"""The property of a traced graph that lists the function of each output."""

GIVEN = "gatewright.given"
"""The property of a traced graph that lists the axes of features of the model's own input, where it
has not one: none of [B, T], several of [B, T, C, W]."""

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


def _log_softmax(y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    y = y - y.max(axis=-1, keepdims=True)
    result: npt.NDArray[np.float64] = y - np.log(np.exp(y).sum(axis=-1, keepdims=True))
    return result


def _sigmoid(y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    result: npt.NDArray[np.float64] = np.exp(-np.logaddexp(0, -y))
    return result


HOST_FUNCTIONS: dict[str, Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]] = {
    "softmax": lambda y: np.exp(_log_softmax(y)),
    "log_softmax": _log_softmax,
    "sigmoid": _sigmoid,
    "squeeze": lambda y: y[..., 0],
    "squeezed_sigmoid": lambda y: _sigmoid(y[..., 0]),
}
"""Of the last axis, in binary64; ``squeeze`` drops it where its size is 1."""


def finished(y: npt.NDArray[np.generic], function: str) -> npt.NDArray[np.generic]:
    """An output with its function applied, float32; without one as it is."""
    if not function:
        return y
    return HOST_FUNCTIONS[function](y.astype(np.float64)).astype(np.float32)


def features_given(model: onnx.ModelProto) -> tuple[int, ...] | None:
    """The axes of features that the model's own input has; None where it has the one of the graph.

    Raises:
        GatewrightError: GW-207 where the property is not what ``compile`` writes.
    """
    found = [p.value for p in model.metadata_props if p.key == GIVEN]
    if not found:
        return None
    try:
        sizes = json.loads(found[0])
    except ValueError:
        sizes = None
    shape = model.graph.input[0].type.tensor_type.shape.dim
    known = isinstance(sizes, list) and all(type(n) is int and n > 0 for n in sizes)
    if not known or len(shape) != 3 or math.prod(sizes) != shape[2].dim_value:
        raise GatewrightError(
            "GW-207",
            where=GIVEN,
            cause="it lists no axes whose sizes make as many features as the input has.",
            remedy="Leave the property out, and pass [B, T, F].",
        )
    return tuple(sizes)


def on_host(model: onnx.ModelProto, outputs: int) -> list[str]:
    """The function of each output of a traced graph, empty for none.

    Raises:
        GatewrightError: GW-207 where the property is not what ``compile`` writes.
    """
    found = [p.value for p in model.metadata_props if p.key == ON_HOST]
    if not found:
        return [""] * outputs
    try:
        names = json.loads(found[0])
    except ValueError:
        names = None
    known = isinstance(names, list) and all(n == "" or n in HOST_FUNCTIONS for n in map(str, names))
    if not known or len(names) != outputs:
        raise GatewrightError(
            "GW-207",
            where=ON_HOST,
            cause="it names no function for each output.",
            remedy=f"Leave the property out, or name one of {', '.join(HOST_FUNCTIONS)} or none.",
        )
    return [str(name) for name in names]
