"""The torch.fx graph of a module: what its forward() calls, in order."""

from __future__ import annotations

import inspect
import operator
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import fx, nn
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.utils.rnn import PackedSequence

from gatewright.errors import GatewrightError
from gatewright.frontend.torch import emitters as _emitters  # noqa: F401 - they register
from gatewright.frontend.torch.arithmetic import PURE
from gatewright.frontend.torch.checks import PADDED
from gatewright.frontend.torch.failures import line_of
from gatewright.frontend.torch.preserve import held, held_outside, preserved
from gatewright.frontend.torch.registry import registered_class
from gatewright.frontend.torch.scopes import named_modules
from gatewright.frontend.torch.shapes import COMPARISONS, ShapeTracer, SizeReads

_PACKING = inspect.getsourcefile(torch.nn.utils.rnn)

_NO_CHOICE = (
    "Let no if, loop, len() or shape depend on the data; take constants from __init__ instead. "
    "Initial states of zeros are the default: leave them out. A state that lasts from call to "
    "call: give it as an argument of forward() and return it."
)
_REMEDIES = {
    "item assignment": "Write into no tensor: make another one of parts, torch.cat((a, b), -1), or "
    "leave out what is to be 0.",
    "not installed as a submodule": "Keep every layer as an attribute of the model, several in "
    "nn.ModuleList or nn.ModuleDict, which a plain list or dict is not.",
    **dict.fromkeys(
        ("expected np.ndarray", "__array_struct__"),
        "Values are known on the device only: compute with torch, or behind the model.",
    ),
}
"""By words of what torch or Python say."""


class Aside(nn.Module):  # type: ignore[misc]
    """A module that a trace keeps whole, whatever is in it."""


class _Tracer(ShapeTracer):
    """Keeps what has an emitter, Brevitas and torch.nn layers whole."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        if isinstance(m, Aside):
            return True
        if registered_class(m) is not None or type(m).__module__.startswith("brevitas."):
            return True
        return bool(super().is_leaf_module(m, module_qualified_name))


def leaf_paths(model: nn.Module) -> list[str]:
    """Paths of the modules that a trace keeps whole, each once."""
    tracer = _Tracer()
    found: list[str] = []
    for path, module in named_modules(model):
        inside = any(path.startswith(f"{leaf}.") or leaf == "" for leaf in found)
        is_list = isinstance(module, nn.ModuleList | nn.ModuleDict)
        if not inside and not is_list and tracer.is_leaf_module(module, path):
            found.append(path)
    return found


def symbolic_graph(
    module: nn.Module, examples: Sequence[torch.Tensor], reads: SizeReads | None = None
) -> fx.Graph:
    """The fx graph of a model that is given such arguments.

    Args:
        module: In eval mode.
        examples: One for each argument; what forward() asks of shapes is answered from these.
        reads: Where it is noted what that is.

    Raises:
        GatewrightError: GW-108 where forward() cannot be traced, or keeps a state.
    """
    with preserved(module):
        return changing_graph(module, examples, reads)


def changing_graph(
    module: nn.Module, examples: Sequence[torch.Tensor], reads: SizeReads | None = None
) -> fx.Graph:
    """The same; what forward() sets stays set, to proxies."""
    if _Tracer().is_leaf_module(module, ""):
        return _bare_graph(module, examples)
    return _symbolic_trace(module, examples, reads)


def _bare_graph(module: nn.Module, examples: Sequence[torch.Tensor]) -> fx.Graph:
    """The graph of a module that is itself a leaf: one call of it."""
    graph = fx.Graph()
    names = list(inspect.signature(module.forward).parameters)[: len(examples)]
    call = graph.call_module("", tuple(graph.placeholder(name) for name in names))
    graph.output(call)
    return graph


def _symbolic_trace(
    module: nn.Module, examples: Sequence[torch.Tensor], reads: SizeReads | None
) -> fx.Graph:
    """The fx graph; arguments beyond the examples keep their defaults."""
    with _refused(module):
        graph = _traced(module, examples, reads)
        _name_attributes(graph, module)
        places = [(f"self.{name}", value) for name, value in held(module)]
        places += held_outside(module)
        kept = [(name, value.node) for name, value in places if isinstance(value, fx.Proxy)]
        if kept:  # a second call shows whether it reads what the first one left
            _refuse_state(kept, _traced(module, examples, None))
    return _cleaned(graph, module)


def graph_again(module: nn.Module, examples: Sequence[torch.Tensor], reads: SizeReads) -> fx.Graph:
    """The same of a module of which one is known: it keeps no state."""
    if _Tracer().is_leaf_module(module, ""):
        return _bare_graph(module, examples)
    with _refused(module):
        graph = _traced(module, examples, reads)
    return _cleaned(graph, module)


def _traced(
    module: nn.Module, examples: Sequence[torch.Tensor], reads: SizeReads | None
) -> fx.Graph:
    signature = list(inspect.signature(module.forward).parameters.values())
    rest = signature[len(examples) :]
    fixed = {p.name: p.default for p in rest if p.default is not inspect.Parameter.empty}
    graph = _Tracer(examples, reads).trace(module, concrete_args=fixed)
    for node in graph.nodes:
        if node.op == "get_attr":
            name = str(node.target)
            node.meta["value"], node.meta["name"] = operator.attrgetter(name)(module), name
    return graph


@contextmanager
def _refused(module: nn.Module) -> Iterator[None]:
    """GW-108 for whatever the block raises."""
    try:
        yield
    except GatewrightError:
        raise
    except (Exception, SystemExit) as error:  # whatever forward() raises on a proxy
        if any(frame.filename == _PACKING for frame in traceback.extract_tb(error.__traceback__)):
            raise _packs(module) from error
        raise GatewrightError(
            "GW-108",
            where=f"{type(module).__name__}.forward",
            cause="it cannot be traced symbolically: "
            f"{type(error).__name__}: {str(error).rstrip('.')}{line_of(error)}.",
            remedy=_remedy(error),
        ) from error


def _cleaned(graph: fx.Graph, module: nn.Module) -> fx.Graph:
    """A graph without what nobody uses."""
    if any(node.target is PackedSequence for node in graph.nodes):
        raise _packs(module)
    graph.eliminate_dead_code(lambda node: has_effect(node) or _is_in_place(node, module))
    return graph


def _is_in_place(node: fx.Node, module: nn.Module) -> bool:
    return node.op == "call_module" and changes_input(module.get_submodule(str(node.target)))


def changes_input(layer: nn.Module) -> bool:
    """Whether a layer changes what it is given; in eval mode dropout does nothing."""
    return bool(getattr(layer, "inplace", False)) and not isinstance(layer, _DropoutNd)


def _remedy(error: BaseException) -> str:
    """By what torch or Python say; where torch.fx does not, the model may not run at all."""
    known = next((remedy for words, remedy in _REMEDIES.items() if words in str(error)), None)
    if known is not None:
        return known
    own = "" if isinstance(error, fx.proxy.TraceError) else "Make model(x) run by itself. "
    return own + _NO_CHOICE


def _packs(module: nn.Module) -> GatewrightError:
    return GatewrightError(
        "GW-108",
        where=f"{type(module).__name__}.forward",
        cause="it packs or pads sequences of several lengths.",
        remedy=f"{PADDED.rstrip('.')}, outside of forward().",
    )


def _name_attributes(graph: fx.Graph, module: nn.Module) -> None:
    """Note the user's name of each attribute that the graph gets."""
    nodes = [node for node in graph.nodes if node.op == "get_attr"]
    names = {id(value): name for name, value in held(module)} if nodes else {}
    for node in nodes:
        node.meta["name"] = names.get(id(node.meta["value"]), node.meta["name"])


def _refuse_state(kept: list[tuple[str, fx.Node]], again: fx.Graph) -> None:
    """Refuse a place that a second call reads after the first one has set it."""
    nodes = set(again.nodes)
    foreign = {s for node in again.nodes for s in node.all_input_nodes if s not in nodes}
    if not foreign:
        return
    name = next((name for name, node in kept if node in foreign), kept[0][0])
    raise GatewrightError(
        "GW-108",
        where=name.partition("[")[0],
        cause="forward() keeps a state there from call to call, and a compiled model has neither "
        "attributes nor globals.",
        remedy="Give the state as an argument of forward() and return the new one; a sequence that "
        "comes in pieces is what a stream of the build is for.",
    )


# torch.fx guards arguments that keep their defaults; nothing else can be passed here.
_GUARDS = (operator.eq, torch._assert, fx._symbolic_trace._assert_is_none)
_PURE = frozenset((getattr, *_GUARDS, *COMPARISONS, *PURE))


def has_effect(node: fx.Node) -> bool:
    """Whether a node counts even where nothing uses its result."""
    if node.op == "call_function":  # operator.setitem, in-place functions
        return node.target not in _PURE
    if node.op == "call_method":
        return str(node.target).endswith("_")
    return node.op in ("placeholder", "output")
