"""The arguments of a forward(): sequences, states, and what keeps its default."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import fx

from gatewright.errors import GatewrightError
from gatewright.frontend.builder import GraphBuilder
from gatewright.frontend.torch.arranged import Arranged
from gatewright.frontend.torch.registry import Tracing


def make_builder(graph: fx.Graph, example: npt.NDArray[Any]) -> GraphBuilder:
    """Of an input [B, T, F], whatever axes of features the model's has: none, or several."""
    shape, integers = example.shape, example.dtype == np.int64
    if integers or len(shape) < 2 or len(shape) == 3 or not is_arranged(graph):
        return GraphBuilder(shape, integers)
    features = shape[2:]
    return GraphBuilder((*shape[:2], math.prod(features)), features=features)


def is_arranged(graph: fx.Graph) -> bool:
    """Whether all that a forward() does with its first argument is to re-arrange it."""
    source = next(node for node in graph.nodes if node.op == "placeholder")
    return all(user.op in ("call_function", "call_method") for user in source.users)


def check_count(graph: fx.Graph, examples: int) -> None:
    """Refuse more examples than a forward() takes arguments (GW-106)."""
    arguments = sum(node.op == "placeholder" for node in graph.nodes)
    if examples > arguments:
        raise GatewrightError(
            "GW-106",
            where="example input",
            cause=f"it has {examples} tensors, and forward() takes {arguments}.",
            remedy="Pass a tuple of one tensor for each argument as the example input; sequences "
            "of several lengths are no example.",
        )


def placeholder(
    node: fx.Node, position: int, context: Tracing, shapes: list[tuple[int, ...]]
) -> Any:
    """What the graph has for an argument, an input or its default; GW-106 where it has neither."""
    if position >= len(shapes):
        if node.args:  # an optional argument keeps its default
            return node.args[0]
        raise GatewrightError(
            "GW-106",
            where=f"argument {node.target}",
            cause=f"forward() takes it, and the example input has {len(shapes)} tensors.",
            remedy="Pass a tuple of one tensor for each argument as the example input.",
        )
    if position == 0:
        x, given = context.builder.input, shapes[0]
        if x.shape == given:
            return x
        return Arranged(context.elements.of(x).reshape(given), context.elements, "the input")
    alike = len(shapes[position]) == 3 and shapes[position][:2] == context.builder.input.shape[:2]
    sequence = alike and not _begins_layer(node)
    return context.builder.further_input(str(node.target), shapes[position], sequence)


def _begins_layer(argument: fx.Node) -> bool:
    """Whether an argument of forward() is a state that a recurrent layer begins with."""
    reached, waiting = {argument}, [argument]
    while waiting:
        node = waiting.pop()
        for user in node.users:
            first = user.args[:1] if user.op == "call_module" else ()
            if user.op == "call_module" and node not in first:
                return True
            if user.op != "call_module" and user not in reached:
                reached.add(user)
                waiting.append(user)
    return False
