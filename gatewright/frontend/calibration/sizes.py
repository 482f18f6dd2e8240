"""Numbers of sequences and of time steps that a graph made of a forward() has in it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import fx, nn

from gatewright.errors import GatewrightError
from gatewright.frontend.calibration.cells import is_cell, with_layers
from gatewright.frontend.calibration.rewritten import keep_constants
from gatewright.frontend.onnx.plain.check import alike
from gatewright.frontend.torch.failures import called
from gatewright.frontend.torch.shapes import SizeReads
from gatewright.frontend.torch.sizes import (
    TORCH_REFUSES,
    Arrays,
    OtherSizes,
    Retrace,
    check_sizes,
    depends_on_batch,
    form,
    limit_of,
    runs,
)
from gatewright.frontend.torch.symbolic import symbolic_graph
from gatewright.frontend.torch.watch import tensors_of


def bind_length(
    made: nn.Module,
    copied: Callable[[], nn.Module],
    examples: Sequence[torch.Tensor],
    axes: Sequence[int],
    rewritten: bool,
) -> None:
    """Let a graph refuse sequences of other lengths where it has the number of time steps in it.

    Args:
        made: What was made of a model; a ``GraphModule`` where that was its graph, and changed.
        copied: Makes copies of the model.
        examples: One for each argument of its forward().
        axes: Of sequences in each.
        rewritten: Whether layers stand in it in place of other calls, of whose sizes it has no
            trace then.

    Raises:
        GatewrightError: GW-108 where the graph has the number of sequences in it.
    """
    if not isinstance(made, fx.GraphModule):
        return
    first, cells = _trial(copied(), examples, SizeReads()), any(map(is_cell, copied().modules()))
    if not (first.reads.turns or first.reads.tells or cells or rewritten):
        return  # nothing of the example can be in it
    limit = limit_of(symbolic_graph(copied(), examples), copied())
    arrays = tuple(example.numpy() for example in examples)

    def again(other: Arrays, turned: int | None) -> Retrace | None:
        tensors = list(map(torch.from_numpy, other))
        if not runs(copied(), other):
            return None
        try:
            return _trial(copied(), tensors, SizeReads(turned))
        except GatewrightError:
            return None

    for time in range(examples[0].ndim):
        pairs = zip(examples, axes, strict=True)
        letters = tuple(_letters(tensor, axis, time, examples[0]) for tensor, axis in pairs)
        sizes = OtherSizes(arrays, letters, limit)
        free = time != axes[0] and any(
            again(sizes.made(T=n), None) is not None for n in sizes.others("T")
        )
        bound = check_sizes(first, again, sizes, bound=not free) and free
        if bound or (rewritten and _is_another(made, copied, sizes, time == axes[0])):
            _bind(made, time, examples[0].shape[time])


def _is_another(
    made: nn.Module, copied: Callable[[], nn.Module], sizes: OtherSizes, of_batch: bool
) -> bool:
    """Whether what was made of a model computes something else of sequences of other lengths.

    Raises:
        GatewrightError: GW-108 where it does of another number of sequences.
    """
    for axis in "B" if of_batch else "BT":
        for count in sizes.others(axis):
            other = sizes.made(**{axis: count})
            expected, given = (_computed(m, other) for m in (copied(), copy.deepcopy(made)))
            if given is None or (axis == "B" and expected is None):
                continue  # refused in any case; or a model that takes no other number
            same = expected is not None and len(expected) == len(given)
            if not same or not all(map(alike, expected or (), given)):
                if axis == "B":
                    raise depends_on_batch()
                return True
    return False


def _computed(module: nn.Module, arrays: Arrays) -> Arrays | None:
    """What a model gives for such arguments; None where it takes none such."""
    try:
        with torch.no_grad():
            return tensors_of(called(module, *map(torch.from_numpy, arrays)))
    except Exception:  # whatever forward() raises of sizes that it does not take
        return None


def _letters(tensor: torch.Tensor, batch: int, time: int, x: torch.Tensor) -> str:
    """The axes of an argument: B, T of what is as long as the sequences, and others."""
    letters = ["F"] * tensor.ndim
    if tensor.ndim == x.ndim and tensor.shape[:2] == x.shape[:2]:
        letters[time] = "T"
    letters[batch] = "B"
    return "".join(letters)


def _trial(model: nn.Module, examples: Sequence[torch.Tensor], reads: SizeReads) -> Retrace:
    """A trace in which loops of cells are layers, as they are in what is made of a model."""
    graph = symbolic_graph(model, examples, reads)
    keep_constants(graph, model)
    try:
        layered = with_layers(fx.GraphModule(model, graph), examples)
    except (GatewrightError, *TORCH_REFUSES):
        return Retrace(graph, reads, None)
    graph = graph if layered is None else layered.graph
    return Retrace(graph, reads, form(graph))


def _bind(made: fx.GraphModule, axis: int, steps: int) -> None:
    source = next(node for node in made.graph.nodes if node.op == "placeholder")
    with made.graph.inserting_after(source):
        made.graph.call_function(of_length, (source, axis, steps))
    made.recompile()


def of_length(x: Any, axis: int, steps: int) -> None:
    """Refuse sequences of another length than that which a graph computes with.

    Args:
        x: The sequences.
        axis: Of time in them.
        steps: The length.

    Raises:
        ValueError: For any other.
    """
    if x.shape[axis] != steps:
        raise ValueError(
            f"the model computes with the number of its time steps, {steps}, and is given "
            f"{x.shape[axis]}"
        )
