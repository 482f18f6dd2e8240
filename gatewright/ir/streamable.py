"""Which integer graphs can take a sequence in pieces, each call as if it ended there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm

from gatewright.errors import GatewrightError
from gatewright.ir import ops
from gatewright.ir.graph import Graph, Node
from gatewright.ir.ops.window import goes_on, span
from gatewright.ir.quantizer import Argument
from gatewright.ir.steps import StepCount, least_steps


@dataclass(frozen=True)
class Pieces:
    """How many time steps the calls of a stream may have.

    Attributes:
        least: The fewest of the first call.
        every: What those of a later call are a multiple of: windows over time are so far apart.
        alike: Numbers of windows, with padding behind the sequence and without. They have to be the
            same of the steps of the first call, or padding would stand within the stream.
    """

    least: int = 1
    every: int = 1
    alike: tuple[tuple[StepCount, StepCount], ...] = ()

    def fits(self, steps: int) -> bool:
        """Whether a first call may have so many."""
        return steps >= self.least and all(a.count(steps) == b.count(steps) for a, b in self.alike)

    def first(self, wanted: int = 1) -> int:
        """The fewest steps that a first call may have, of those from ``wanted`` on.

        Raises:
            ValueError: If it may have none.
        """
        least = max(self.least, wanted)
        found = next((n for n in range(least, least + self.every) if self.fits(n)), None)
        if found is None:
            raise ValueError("windows that end at different time steps")
        return found

    def check(self, steps: int, begins: bool) -> None:
        """Refuse a call of so many steps.

        Raises:
            GatewrightError: GW-601.
        """
        if begins and not self.fits(steps):
            takes = f"{self.first(steps)} time steps first"
        elif not begins and steps % self.every:
            takes = f"{self.every} time steps a call behind the first one, or a multiple of them"
        else:
            return
        raise GatewrightError(
            "GW-601",
            where="input",
            cause=f"it has {steps} time steps, and its windows over time need other pieces.",
            remedy=f"Pass {takes}.",
        )


def check_streamable(graph: Graph) -> Pieces:
    """Refuse a model that has to see a whole sequence before it can answer.

    Returns:
        How many steps its calls may have.

    Raises:
        GatewrightError: GW-607 with the layer or op.
    """
    if graph.one_length is not None:
        raise GatewrightError(
            "GW-607",
            where="input",
            cause=f"the model computes with the number of its time steps, {graph.one_length}, and "
            "the steps of a stream are not counted.",
            remedy="Compile a model without that number for streams, or pass whole sequences to "
            "simulate.",
        )
    ended: set[str] = set()  # what is known at the end of a sequence only
    for node in graph.needed():
        whole = node.op.whole
        if whole is not None:
            raise _refused(node, whole.does, f"with {whole.instead} instead")
        if node.op == ops.WINDOW:
            _check_window(node)
        if node.op == ops.SCAN:
            _check_layer(node, ended)
            ended.update(node.outputs[: int(node.attrs["states"])])
        elif node.op == ops.SELECT_LAST:
            if "steps" in node.attrs:
                fault = f"it selects a step by its number, the last of {node.attrs['steps']}"
                raise _refused(node, fault, "that selects it with -1 instead")
            ended.update(node.outputs)
        elif not ended.isdisjoint(node.inputs):
            ended.update(node.outputs)
    return _pieces(graph, _windows(graph))


def going_on(graph: Graph) -> list[Node]:
    """The windows over time that a stream goes on with; none where it has none."""
    return _windows(graph) if is_streamable(graph) else []


def _windows(graph: Graph) -> list[Node]:
    return [node for node in graph.needed() if node.op == ops.WINDOW]


def check_one_sequence(arguments: Sequence[Argument]) -> None:
    """Refuse a model that is given several sequences, of which a call has the steps of one.

    Raises:
        GatewrightError: GW-607 with the second one.
    """
    sequences = [a.name for a in arguments if a.time_axis is not None]
    if len(sequences) > 1:
        raise GatewrightError(
            "GW-607",
            where=sequences[1],
            cause="it is a second sequence, and a call of a stream is given the steps of one.",
            remedy="Join them into one input of more features, or pass them to simulate.",
        )


def is_streamable(graph: Graph, at_any_step: bool = False) -> bool:
    """Whether ``check_streamable`` lets a model pass.

    Args:
        graph: The model.
        at_any_step: And whether it may be cut behind any of its steps.
    """
    try:
        pieces = check_streamable(graph)
    except GatewrightError:
        return False
    return pieces == Pieces() or not at_any_step


def _pieces(graph: Graph, found: Sequence[Node]) -> Pieces:
    every, alike = 1, []
    for node in found:
        before, stride = int(node.attrs["before"]), int(node.attrs["stride"])
        count = StepCount.of(graph[node.outputs[0]].shape[1])
        every = lcm(every, count.stride)
        bare = StepCount.of(graph[node.inputs[0]].shape[1]).windows(before, span(node), stride)
        if bare != count:
            alike.append((count, bare))
    pieces = Pieces(least_steps(graph), every, tuple(alike))
    try:
        pieces.first()
    except ValueError:
        fault = "its windows end at other time steps than those of others"
        raise _refused(found[-1], fault, "with less padding behind its convolutions") from None
    return pieces


def _check_window(node: Node) -> None:
    if goes_on(node):
        return
    before, after = int(node.attrs["before"]), int(node.attrs["after"])
    if after >= int(node.attrs["stride"]):
        raise _refused(
            node,
            f"its windows reach {after} steps beyond the end of a sequence",
            f"whose convolutions are padded in front only, as by F.pad(x, ({before + after}, 0)), "
            "and whose pools are not padded",
        )
    raise _refused(
        node,
        "it leaves steps out between its windows",
        "whose convolutions and pools have a stride of their kernel at most",
    )


def _check_layer(node: Node, ended: set[str]) -> None:
    if node.attrs.get("reverse"):
        raise _refused(
            node,
            "it runs from the last step to the first",
            "that runs forwards only",
        )
    if not ended.isdisjoint(node.inputs):
        raise _refused(
            node,
            "it begins with a state that is known at the end of the sequence only",
            "whose layers begin with constant or given states",
        )


def _refused(node: Node, fault: str, other: str) -> GatewrightError:
    return GatewrightError(
        "GW-607",
        where=node.name,
        cause=f"{fault}, so pieces of one cannot be its answer.",
        remedy=f"Stream a model {other}, or pass whole sequences to simulate.",
    )
