"""Which integer graphs can take a sequence in pieces, each call as if it ended there."""

from __future__ import annotations

from collections.abc import Sequence

from gatewright.errors import GatewrightError
from gatewright.ir import ops
from gatewright.ir.graph import Graph, Node
from gatewright.ir.quantizer import Argument


def check_streamable(graph: Graph) -> None:
    """Refuse a model that has to see a whole sequence before it can answer.

    Raises:
        GatewrightError: GW-607 with the layer or op.
    """
    ended: set[str] = set()  # what is known at the end of a sequence only
    for node in graph.needed():
        whole = node.op.whole
        if whole is not None:
            raise _refused(node, whole.does, f"with {whole.instead} instead")
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


def check_one_sequence(arguments: Sequence[Argument]) -> None:
    """Refuse a model that is given several sequences.

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


def is_streamable(graph: Graph, arguments: Sequence[Argument]) -> bool:
    """Whether ``check_streamable`` and ``check_one_sequence`` let a model pass."""
    try:
        check_one_sequence(arguments)
        check_streamable(graph)
    except GatewrightError:
        return False
    return True


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
