"""What a model makes of other numbers of sequences and of time steps than those of its example.

A forward() runs once to be traced, and what it reads of shapes are numbers then. It is traced again
with others, and what would be emitted is compared: a graph that holds for any B has nothing of the
example's B in it. Where a forward() only asks whether a size is such or such, no other size need
show it, so the answers are turned round, one at a time.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import fx, nn

from gatewright.errors import GatewrightError
from gatewright.frontend.torch.failures import called
from gatewright.frontend.torch.obstacles import located
from gatewright.frontend.torch.shapes import SizeReads

Arrays = tuple[npt.NDArray[Any], ...]
Comes = list[tuple[fx.Node, Any]]
"""What comes of a graph, in order, each with the call that it comes of."""
_Fault: TypeAlias = fx.Node | GatewrightError | None
Again = Callable[[Arrays, int | None], "Retrace | None"]
"""Traces a model with other examples, or with one of its turns (``SizeReads``) the other way; None
where its forward() refuses that."""

_OTHERS = {"B": ((1, 2), (2, 0)), "T": ((1, 1), (2, 0))}
"""Other numbers by the axis: a factor of the example's, and what is added."""
_FAR = {"B": 130, "T": 70}
"""More is tried besides, and 1, where a forward() computes with the number itself, out of sight."""

TORCH_REFUSES = (RuntimeError, ValueError, IndexError, TypeError)
"""What making a graph may raise of sizes that a model does not take: torch runs on constants."""


@dataclass(frozen=True)
class Retrace:
    """One trace.

    Attributes:
        graph: Of its calls.
        reads: What it read of shapes.
        made: What came of it; None where that is refused.
        refusal: Why, where torch itself runs on such sizes.
    """

    graph: fx.Graph
    reads: SizeReads
    made: Comes | None
    refusal: GatewrightError | None = None


@dataclass(frozen=True)
class OtherSizes:
    """The example, of which others are made.

    Attributes:
        arrays: One for each argument.
        axes: Of each, by their letters: ``BTF``, ``NBH``, ...
        limit: The largest number that forward() cuts tensors by: a limit beyond the example's size
            only shows in a larger one.
    """

    arrays: Arrays
    axes: tuple[str, ...]
    limit: int = 0

    def of(self, axis: str) -> int:
        """The example's B or T."""
        return int(self.arrays[0].shape[self.axes[0].index(axis)])

    def others(self, axis: str) -> list[int]:
        """Other numbers to try."""
        numbers = [factor * self.of(axis) + more for factor, more in _OTHERS[axis]]
        if self.limit >= numbers[0]:
            numbers.insert(0, self.limit + 1)
        return [n for n in dict.fromkeys(numbers) if n not in (0, self.of(axis))]

    def made(self, **counts: int) -> Arrays:
        """The example with so many sequences (B) or steps (T), some of them again if need be."""
        arrays = []
        for array, axes in zip(self.arrays, self.axes, strict=True):
            for axis, count in counts.items():
                if axis in axes:
                    at = axes.index(axis)
                    array = np.take(array, np.arange(count) % array.shape[at], at)
            arrays.append(array)
        return tuple(arrays)


_CUTS = frozenset(
    {"getitem", "split", "split_with_sizes", "narrow", "select", "tensor_split", "chunk", "take"}
)
_POOLS = frozenset({"avg_pool1d", "max_pool1d", "unfold"})
_LARGEST = 512
"""Of what is tried: longer sequences take long to trace."""


def limit_of(graph: fx.Graph, model: nn.Module) -> int:
    """The largest number that calls of a graph cut tensors by, of those that are worth a try."""
    found = [0]

    def note(value: Any) -> Any:
        for part in (value.start, value.stop, value.step) if isinstance(value, slice) else (value,):
            if isinstance(part, int) and not isinstance(part, bool) and abs(part) <= _LARGEST:
                found.append(abs(part))
        return value

    for node in graph.nodes:
        if node.op == "call_module":
            pool = model.get_submodule(str(node.target))
            if isinstance(pool, nn.AvgPool1d | nn.MaxPool1d):
                found += [2 * n for n in np.ravel(pool.kernel_size).tolist() if n <= _LARGEST // 2]
        elif _name(node) in _CUTS or _name(node) in _POOLS:
            before = len(found)
            fx.node.map_aggregate((node.args, node.kwargs), note)
            if _name(node) in _POOLS:  # of the second window on
                found += [2 * n for n in found[before:] if n <= _LARGEST // 2]
    return max(found)


def runs(module: nn.Module, arrays: Arrays) -> bool:
    """Whether torch runs a model on such arguments."""
    try:
        with torch.no_grad():
            called(module, *map(torch.from_numpy, arrays))
    except Exception:  # whatever forward() raises of sizes that it does not take
        return False
    return True


def check_sizes(first: Retrace, again: Again, sizes: OtherSizes, bound: bool) -> bool:
    """Refuse a model that computes with the number of sequences.

    Args:
        first: The trace of the example.
        again: Makes others.
        sizes: The example.
        bound: Whether it is known to hold for sequences as long as the example alone.

    Returns:
        Whether it holds for these alone.

    Raises:
        GatewrightError: GW-108 with the call.
    """
    axes = "B" if bound else "BT"
    trial = again(sizes.made(**{axis: sizes.others(axis)[0] for axis in axes}), None)
    if trial is not None and not _reads_apart(first, trial) and _difference(first, trial) is None:
        found = {axis: _squeezed(first, again, sizes, axis) for axis in axes}
    else:
        found = {axis: _dependence(first, again, sizes, axis) for axis in axes}
    fault = found["B"]
    if fault is not None:
        raise fault if isinstance(fault, GatewrightError) else _depends_on_batch(fault)
    return bound or found["T"] is not None


def _ran(again: Again, sizes: OtherSizes, axis: str) -> list[Retrace]:
    """The traces with another B or T, up to the first of which something is made."""
    ran: list[Retrace] = []
    for count in sizes.others(axis):
        if not _is_made(ran):
            trial = again(sizes.made(**{axis: count}), None)
            ran += [] if trial is None else [trial]
    return ran


def _is_made(ran: list[Retrace]) -> bool:
    return bool(ran) and ran[-1].made is not None


def _dependence(first: Retrace, again: Again, sizes: OtherSizes, axis: str) -> _Fault:
    """A call that makes something else of another B or T, or the error of one that does not."""
    ran = _ran(again, sizes, axis)
    refusal = next(filter(None, map(_refused, ran)), None)
    beyond = sizes.limit > sizes.of(axis)  # a second window, say, which torch may refuse
    if axis == "T" and (refusal is not None or not _is_made(ran[: 1 if beyond else None])):
        return next(iter(first.graph.nodes))
    if axis == "B" and refusal is not None:
        return refusal
    if not _is_made(ran):
        return None  # a model that takes no other
    node = _difference(first, ran[-1])
    if node is not None:
        return node
    for number in _turns(first, ran[-1]):
        trial = again(sizes.arrays, number)  # none where forward() only refuses other sizes
        if trial is not None and _difference(first, trial) is not None:
            return first.reads.turns[number][0]
    if _tells(first, ran[-1]):
        trial = again(sizes.made(**{axis: sizes.of(axis) + _FAR[axis]}), None)
        node = None if trial is None else _difference(first, trial)
        return _single(first, again, sizes, axis) if node is None else node
    return _squeezed(first, again, sizes, axis)


def _squeezed(first: Retrace, again: Again, sizes: OtherSizes, axis: str) -> _Fault:
    """The same of a single sequence or step, where torch's squeeze() may drop the axis."""
    if all(_name(node) != "squeeze" for node in first.graph.nodes):
        return None
    return _single(first, again, sizes, axis)


def _single(first: Retrace, again: Again, sizes: OtherSizes, axis: str) -> _Fault:
    """The same of a single sequence or step, of which nodes may be others that do the same."""
    trial = again(sizes.made(**{axis: 1}), None)
    if trial is None or first.made is None:
        return None
    if trial.made is None:
        return _refused(trial)
    node = _difference_of_graphs(first.graph, trial.graph)
    if node is not None and _difference(first, trial) is not None:
        return node
    same_form = _form_of_outputs(first.made) == _form_of_outputs(trial.made)
    return None if same_form else first.made[-1][0]


def _form_of_outputs(made: Comes) -> list[Any]:
    """Their names and how many axes they have."""
    return [item for _, item in made if isinstance(item, tuple)]


def _turns(first: Retrace, other: Retrace) -> Iterator[int]:
    """The turns that depend on what is another in both; the first and the last of a line."""
    lines: dict[Any, list[int]] = {}
    pairs = zip(first.reads.turns, other.reads.turns, strict=False)
    for number, ((node, sizes), (_, others)) in enumerate(pairs):
        if sizes != others:
            lines.setdefault((node.meta.get("line"), node.target), []).append(number)
    for numbers in lines.values():
        yield from dict.fromkeys((numbers[0], numbers[-1]))


def _tells(first: Retrace, other: Retrace) -> bool:
    """Whether a forward() computes with other numbers."""
    return [n for _, n in first.reads.tells] != [n for _, n in other.reads.tells]


def _reads_apart(first: Retrace, other: Retrace) -> bool:
    """Whether what they read of shapes differs, beside what stands in their graphs."""
    return _tells(first, other) or next(_turns(first, other), None) is not None


def _difference(first: Retrace, other: Retrace) -> fx.Node | None:
    """The first call of which something else comes."""
    if first.made is None:
        return None
    if other.made is None:
        return _difference_of_graphs(first.graph, other.graph) or first.made[-1][0]
    for (node, a), (another, b) in zip(first.made, other.made, strict=False):
        if not _alike(a, b):
            return another if node.op == "output" else node
    return None  # both end with their outputs


def _difference_of_graphs(first: fx.Graph, other: fx.Graph) -> fx.Node | None:
    for (node, a), (another, b) in zip(form(first), form(other), strict=False):
        if a != b:
            return another if node.op == "output" else node
    return None


def form(graph: fx.Graph) -> Comes:
    """The calls that an output needs with what they are given, whatever nodes are named."""
    needed: set[fx.Node] = set()
    for node in reversed(graph.nodes):
        if node in needed or node.op in ("placeholder", "output") or _writes(node):
            needed |= {node, *node.all_input_nodes}
    nodes = [node for node in graph.nodes if node in needed]
    numbers = {node: f"%{number}" for number, node in enumerate(nodes)}

    def given(node: fx.Node) -> str:
        if node.op == "get_attr":  # a constant, whatever it is named
            values = node.meta["value"].detach().cpu()
            return f"{values.dtype} {list(values.shape)} {values.numpy().tobytes().hex()}"
        arguments = fx.node.map_arg((node.args, node.kwargs), numbers.__getitem__)
        return f"{node.op} {node.target} {arguments}"

    return [(node, given(node)) for node in nodes]


def _writes(node: fx.Node) -> bool:
    """Whether a call changes what it is given."""
    if node.op == "call_method":
        return str(node.target).endswith("_")
    in_place = (operator.setitem, operator.iadd, operator.isub, operator.imul, operator.itruediv)
    return node.target in in_place


def _name(node: fx.Node) -> str:
    return str(getattr(node.target, "__name__", node.target))


def _alike(a: Any, b: Any) -> bool:
    """Whether two things that are made are one; of constants, row by row."""
    if isinstance(a, onnx.TensorProto) and isinstance(b, onnx.TensorProto):
        return a.name == b.name and (a == b or _rows_alike(a, b))
    return bool(type(a) is type(b) and a == b)


def _rows_alike(a: onnx.TensorProto, b: onnx.TensorProto) -> bool:
    x, y = numpy_helper.to_array(a), numpy_helper.to_array(b)
    if x.ndim != y.ndim or x.dtype != y.dtype:
        return False
    for axis, counts in enumerate(zip(x.shape, y.shape, strict=True)):
        if operator.ne(*counts):
            rows = [values.take([0], axis) for values in (x, y)]
            if (x != rows[0]).any() or (y != rows[1]).any():
                return False
            x, y = rows
    return np.array_equal(x, y)


_REMEDY = (
    "Give the number of sequences, x.size(0) or len(x), to view, reshape, expand and zeros only, "
    "and write -1 or x.size(0) there in place of a number, squeeze(1) in place of squeeze(); let "
    "no value and no if depend on it, and compute with it on the host."
)


def _refused(trial: Retrace) -> GatewrightError | None:
    """The error of sizes that torch takes, and no kernel does; None where torch does neither."""
    refusal = trial.refusal
    if refusal is None:
        return None
    error = GatewrightError(
        "GW-108",
        where=refusal.where,
        cause=f"of another number of sequences than the example has, {refusal.cause}",
        remedy=_REMEDY,
    )
    *_, output = trial.graph.nodes
    told = ", line " in refusal.cause or not output.all_input_nodes
    return error if told else located(output.all_input_nodes[-1], error)


def _depends_on_batch(node: fx.Node) -> GatewrightError:
    return located(
        node,
        GatewrightError(
            "GW-108",
            where="forward()" if node.op == "output" else _name(node),
            cause="what it computes depends on how many sequences are passed at once, and a kernel "
            "takes one after the other.",
            remedy=_REMEDY,
        ),
    )
