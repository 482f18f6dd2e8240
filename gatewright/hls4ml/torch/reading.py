"""What hls4ml would leave unread of a model is refused, before anything is read.

hls4ml goes over the calls of a model in turn. It passes over indices, arguments that it does not
know, hooks, and what ``forward()`` returns. So what is not known to be read is let through nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from hls4ml.utils.torch import CustomFXTracer
from torch import fx, nn

from gatewright.errors import GatewrightError
from gatewright.frontend.torch.changes import remedy, seen
from gatewright.frontend.torch.checks import check_model, returns_no_tensors
from gatewright.hls4ml.torch.calls import check_call
from gatewright.hls4ml.torch.options import check_options
from gatewright.hls4ml.torch.selection import is_index, selection

RECURRENT = ("QuantLSTM", "QuantRNN")
"""Classes of modules behind which an index is part of the layer."""
_LEFT_OUT = "Dropout"
"""The class of modules that hls4ml leaves out."""

Modules = dict[str, nn.Module]


def check_reading(model: nn.Module) -> None:
    """Refuse a model of which hls4ml would make something else than torch runs.

    Args:
        model: As hls4ml is given it.

    Raises:
        GatewrightError: As ``check_model``; GW-110 for hooks and the like; GW-108, GW-109 for what
            ``forward()`` does, or a module, and hls4ml would pass over.
    """
    check_model(model)
    if seen(model, ""):
        raise GatewrightError(
            "GW-110",
            where=type(model).__name__,
            cause="hls4ml reads classes and parameters, and not what else torch runs with them.",
            remedy=remedy(model, ""),
        )
    modules = dict(model.named_modules(remove_duplicate=False))
    graph = CustomFXTracer().trace(model)
    for node in graph.nodes:
        _CHECKS[node.op](node, modules)
    _check_outputs(graph, modules)


def _check_argument(node: fx.Node, modules: Modules) -> None:
    _check_name(node, "const")


def _check_attribute(node: fx.Node, modules: Modules) -> None:
    raise _refused(
        f"self.{node.target}",
        "hls4ml makes an input of the model of it",
        "Give it to forward() as an argument, or make a layer of it.",
    )


def _check_module(node: fx.Node, modules: Modules) -> None:
    where, module = str(node.target), modules[str(node.target)]
    _check_name(node)
    if node.kwargs:
        raise _refused(
            where,
            f"hls4ml leaves arguments by name unread, and it is given {', '.join(node.kwargs)}",
            "Give it tensors by their position, as in lstm(x, h, c).",
        )
    if not all(isinstance(given, fx.Node) for given in node.args):
        raise _refused(
            where,
            "hls4ml gives a layer tensors, and it is given something else",
            "Leave that out; give it each tensor as an argument of its own, as in lstm(x, h, c).",
        )
    read = _source(node.args[0], modules)
    if type(module).__name__ == _LEFT_OUT and read.op == "placeholder":
        raise _refused(
            where,
            "hls4ml knows no shape behind a Dropout that reads an input of the model",
            "Leave it out: in eval mode it does nothing.",
        )
    if getattr(module, "inplace", False) and len(list(_readers(read, modules))) > 1:
        raise _refused(
            where,
            f"it overwrites {read.name}, which others read, and hls4ml does not",
            "Make it with inplace=False.",
        )
    check_options(where, module)
    if _is_recurrent(node, modules):
        selection(where, node)


def _check_function(node: fx.Node, modules: Modules) -> None:
    if is_index(node):
        _check_index(node, modules)
        return
    _check_name(node)
    check_call(node, lambda read: _source(read, modules))


def _check_index(node: fx.Node, modules: Modules) -> None:
    """Refuse an index, unless it selects of what a recurrent layer returns, or nobody reads it."""
    read = node
    while is_index(read):
        read = read.all_input_nodes[0]
    selects = _is_recurrent(read, modules) and node.all_input_nodes == [node.args[0]]
    if node.users and not selects:
        raise _refused(
            f"{node.args[0]}[{_shown(node.args[1])}]",
            f"hls4ml passes over indices, and would go on with all of {read.name}",
            "Select directly behind a recurrent layer, as in out, _ = lstm(x); "
            "classes(out[:, -1]), or index what the model is given and what it returns outside "
            "of it.",
        )


def _check_outputs(graph: fx.Graph, modules: Modules) -> None:
    """hls4ml gives what no layer goes on with, in the order of the calls."""
    calls = [n for n in graph.nodes if n.op.startswith("call_") and _source(n, modules) is n]
    read = {_source(one, modules) for call in calls for one in call.all_input_nodes}
    given = [call.name for call in calls if call not in read]
    result = next(n for n in graph.nodes if n.op == "output").args[0]
    results = list(result) if isinstance(result, tuple | list) else [result]
    if not all(isinstance(one, fx.Node) for one in results):
        raise returns_no_tensors(result)
    returned = [_source(one, modules).name for one in results]
    if returned != given:
        raise _refused(
            "the model's output",
            f"it returns {', '.join(returned)}, and hls4ml gives what no layer goes on with, in "
            f"the order of the calls: {', '.join(given)}",
            "Return these, each once, in this order, and leave out calls whose results are not "
            "needed.",
        )


_CHECKS: dict[str, Callable[[fx.Node, Modules], None]] = {
    "placeholder": _check_argument,
    "get_attr": _check_attribute,
    "call_module": _check_module,
    "call_function": _check_function,
    "call_method": _check_function,
    "output": lambda node, modules: None,
}
"""By what a node of a traced model is."""


def _source(node: fx.Node, modules: Modules) -> fx.Node:
    """The node whose layer gives a value: hls4ml has none for an index, and none for a Dropout."""
    while is_index(node) or (
        node.op == "call_module" and type(modules[str(node.target)]).__name__ == _LEFT_OUT
    ):
        node = node.all_input_nodes[0]
    return node


def _readers(read: fx.Node, modules: Modules) -> Iterator[fx.Node]:
    """What reads a value, itself or through what hls4ml leaves out."""
    for node in read.graph.nodes:
        sources = [_source(one, modules) for one in node.all_input_nodes]
        if read in sources and _source(node, modules) is node:
            yield node


def _is_recurrent(node: fx.Node, modules: Modules) -> bool:
    return node.op == "call_module" and type(modules[str(node.target)]).__name__ in RECURRENT


def _check_name(node: fx.Node, *words: str) -> None:
    """hls4ml tells indices, and constants that it adds itself, by words in a name."""
    for word in ("getitem", *words):
        if word in node.name:
            raise _refused(
                node.name,
                f"hls4ml takes what has {word} in its name for something else",
                "Give it another name.",
            )


def _shown(index: Any) -> str:
    if isinstance(index, tuple):
        return ", ".join(map(_shown, index))
    if isinstance(index, slice):
        ends = ":".join("" if end is None else str(end) for end in (index.start, index.stop))
        return ends if index.step is None else f"{ends}:{index.step}"
    return "..." if index is Ellipsis else str(list(index) if isinstance(index, list) else index)


def _refused(where: str, why: str, remedy: str) -> GatewrightError:
    return GatewrightError("GW-108", where=where, cause=f"{why}.", remedy=remedy)
