"""Traces a torch module with torch.fx and emits the graph node by node."""

from __future__ import annotations

import inspect
import operator
import traceback
from dataclasses import dataclass
from typing import Any

import onnx
import torch
from brevitas.nn.mixin.base import QuantRecurrentLayerMixin
from torch import fx, nn

from gatewright.errors import GatewrightError
from gatewright.frontend import emit
from gatewright.frontend.builder import GraphBuilder
from gatewright.frontend.naming import module_names
from gatewright.frontend.spec import States, Value
from gatewright.frontend.torch import emitters as _emitters  # noqa: F401 - they register
from gatewright.frontend.torch.checks import (
    PADDED,
    check_model,
    example_arrays,
    returns_no_tensors,
)
from gatewright.frontend.torch.preserve import held, held_outside, preserved
from gatewright.frontend.torch.registry import (
    FUNCTION_EMITTERS,
    METHOD_EMITTERS,
    OwnTensor,
    RecurrentOutput,
    Tracing,
    expect_value,
    module_emitter,
    registered_class,
    unsupported_call,
)

_PACKING = inspect.getsourcefile(torch.nn.utils.rnn)


class _Tracer(fx.Tracer):  # type: ignore[misc]
    """Keeps what has an emitter, Brevitas and torch.nn layers whole."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        if registered_class(m) is not None or type(m).__module__.startswith("brevitas."):
            return True
        return bool(super().is_leaf_module(m, module_qualified_name))


TensorNames = tuple[str, ...]


@dataclass(frozen=True)
class TracedCall:
    """One call of a layer in a traced graph.

    Attributes:
        path: Of the module.
        inputs: For each tensor it is given, its name in the graph; the names of its rows, if they
            are separate there.
        outputs: The same of each tensor it gives.
    """

    path: str
    inputs: tuple[TensorNames, ...]
    outputs: tuple[TensorNames, ...]


@dataclass(frozen=True)
class Trace:
    """A traced model and the calls of its layers, in order."""

    model: onnx.ModelProto
    calls: tuple[TracedCall, ...]


def trace_module(model: object, example_input: Any) -> Trace:
    """See ``gatewright.frontend.trace``."""
    module = check_model(model)
    examples = example_arrays(example_input)
    names = tap_names(module)
    builder = GraphBuilder(examples[0].shape)
    context = Tracing(builder, names, batch_first=is_batch_first(module))
    shapes = [example.shape for example in examples]
    with preserved(module):
        graph = _symbolic_graph(module, len(examples))
        _check_count(graph, len(examples))
        outputs, calls = _run(graph, module, context, shapes)
    model_proto = builder.finish(outputs)
    pairs = zip(outputs, model_proto.graph.output, strict=True)
    renamed = {value.name: output.name for (_, value), output in reversed(list(pairs))}
    return Trace(model_proto, tuple(_renamed(call, renamed) for call in calls))


def _renamed(call: TracedCall, names: dict[str, str]) -> TracedCall:
    """A call with the names that the values which the model returns have in the end."""

    def rename(tensors: tuple[TensorNames, ...]) -> tuple[TensorNames, ...]:
        return tuple(tuple(names.get(name, name) for name in rows) for rows in tensors)

    return TracedCall(call.path, rename(call.inputs), rename(call.outputs))


def leaf_paths(model: nn.Module) -> list[str]:
    """Paths of the modules that a trace keeps whole, each once."""
    tracer = _Tracer()
    found: list[str] = []
    for path, module in model.named_modules():
        inside = any(path.startswith(f"{leaf}.") or leaf == "" for leaf in found)
        is_list = isinstance(module, nn.ModuleList | nn.ModuleDict)
        if not inside and not is_list and tracer.is_leaf_module(module, path):
            found.append(path)
    return found


def symbolic_graph(module: nn.Module, arguments: int) -> fx.Graph:
    """The fx graph of a model that is given this many arguments.

    Raises:
        GatewrightError: GW-108 where forward() cannot be traced, or keeps a state.
    """
    with preserved(module):
        return _symbolic_graph(module, arguments)


def _symbolic_graph(module: nn.Module, arguments: int) -> fx.Graph:
    bare = _Tracer().is_leaf_module(module, "")
    return (_bare_graph if bare else _symbolic_trace)(module, arguments)


def is_batch_first(model: nn.Module) -> bool:
    """The layout of the first recurrent layer."""
    layers = (m for m in model.modules() if isinstance(m, QuantRecurrentLayerMixin))
    first: Any = next(layers, None)
    return first is None or bool(first.cell.batch_first)


def tap_names(model: nn.Module) -> dict[str, str]:
    """The node name of every module path of a model."""
    return module_names(path for path, _ in model.named_modules() if path)


def _check_count(graph: fx.Graph, examples: int) -> None:
    arguments = sum(node.op == "placeholder" for node in graph.nodes)
    if examples > arguments:
        raise GatewrightError(
            "GW-106",
            where="example input",
            cause=f"it has {examples} tensors, and forward() takes {arguments}.",
            remedy="Pass a tuple of one tensor for each argument as the example input; sequences "
            "of several lengths are no example.",
        )


def _bare_graph(module: nn.Module, arguments: int) -> fx.Graph:
    """The graph of a module that is itself a leaf: one call of it."""
    graph = fx.Graph()
    names = list(inspect.signature(module.forward).parameters)[:arguments]
    call = graph.call_module("", tuple(graph.placeholder(name) for name in names))
    graph.output(call)
    return graph


def _symbolic_trace(module: nn.Module, arguments: int) -> fx.Graph:
    """The fx graph; arguments beyond the examples keep their defaults."""
    try:
        signature = list(inspect.signature(module.forward).parameters.values())
        rest = signature[arguments:]
        fixed = {p.name: p.default for p in rest if p.default is not inspect.Parameter.empty}
        graph = _Tracer().trace(module, concrete_args=fixed)
        _read_attributes(graph, module)
        places = [(f"self.{name}", value) for name, value in held(module)]
        places += held_outside(module)
        kept = [(name, value.node) for name, value in places if isinstance(value, fx.Proxy)]
        if kept:  # a second call shows whether it reads what the first one left
            _refuse_state(kept, _Tracer().trace(module, concrete_args=fixed))
    except GatewrightError:
        raise
    except (Exception, SystemExit) as error:  # whatever forward() raises on a proxy
        if any(frame.filename == _PACKING for frame in traceback.extract_tb(error.__traceback__)):
            raise GatewrightError(
                "GW-108",
                where=f"{type(module).__name__}.forward",
                cause="it packs or pads sequences of several lengths.",
                remedy=f"{PADDED.rstrip('.')}, outside of forward().",
            ) from error
        raise GatewrightError(
            "GW-108",
            where=f"{type(module).__name__}.forward",
            cause=f"it cannot be traced symbolically: {type(error).__name__}: {error}",
            remedy="Let no if, loop, len() or shape depend on the data; take constants from "
            "__init__ instead. Initial states of zeros are the default: leave them out. A state "
            "that lasts from call to call: give it as an argument of forward() and return it.",
        ) from error
    graph.eliminate_dead_code(_has_effect)
    return graph


def _read_attributes(graph: fx.Graph, module: nn.Module) -> None:
    """Note the value of each attribute that the graph gets, and the user's name of it."""
    nodes = [node for node in graph.nodes if node.op == "get_attr"]
    names = {id(value): name for name, value in held(module)} if nodes else {}
    for node in nodes:
        value = operator.attrgetter(str(node.target))(module)
        node.meta["value"], node.meta["name"] = value, names.get(id(value), str(node.target))


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
_PURE = (operator.getitem, getattr, *_GUARDS)


def _has_effect(node: fx.Node) -> bool:
    """Whether a node counts even where nothing uses its result."""
    if node.op == "call_function":  # operator.setitem, in-place functions
        return node.target not in _PURE
    if node.op == "call_method":
        return str(node.target).endswith("_")
    return node.op in ("placeholder", "output")


def _run(
    graph: fx.Graph,
    model: nn.Module,
    context: Tracing,
    shapes: list[tuple[int, ...]],
) -> tuple[list[tuple[str, Value]], list[TracedCall]]:
    env: dict[fx.Node, Any] = {}
    calls = []
    inputs = 0
    for node in graph.nodes:
        args, kwargs = fx.node.map_arg((node.args, node.kwargs), env.__getitem__)
        if node.op == "placeholder":
            env[node] = _placeholder(node, inputs, context, shapes)
            inputs += 1
        elif node.op == "call_module":
            path = str(node.target)
            module = model.get_submodule(path)
            emitter = module_emitter(path or type(module).__name__, module)
            env[node] = emitter(context, module, path, args, kwargs)
            given = _tensor_names([*args, *kwargs.values()])
            calls.append(TracedCall(path, given, _tensor_names(env[node])))
        elif node.op in ("call_function", "call_method"):
            table: dict[Any, Any] = (
                FUNCTION_EMITTERS if node.op == "call_function" else METHOD_EMITTERS
            )
            if node.target not in table:
                raise unsupported_call(_callable_name(node))
            env[node] = table[node.target](context, args, kwargs)
        elif node.op == "output":
            return _outputs(context, args[0]), calls
        else:
            env[node] = OwnTensor(f"self.{node.meta['name']}", node.meta["value"])
    raise AssertionError("an fx graph ends with its output")


def _tensor_names(result: Any) -> tuple[TensorNames, ...]:
    """The tensors in what a layer is given or gives, flattened as torch's own would be."""
    if isinstance(result, RecurrentOutput):
        return _tensor_names((result.out, result.states))
    if isinstance(result, (tuple, list)):
        return tuple(names for part in result for names in _tensor_names(part))
    if isinstance(result, States):
        return (tuple(item.name for item in result.items),)
    return ((result.name,),) if isinstance(result, Value) else ()


def _placeholder(
    node: fx.Node, position: int, context: Tracing, shapes: list[tuple[int, ...]]
) -> Any:
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
        return context.builder.input
    return context.builder.state_input(str(node.target), shapes[position])


def _callable_name(node: fx.Node) -> str:
    if node.op == "call_method":
        return f".{node.target}()"
    name = getattr(node.target, "__name__", str(node.target))
    if getattr(operator, name, None) is node.target:
        return f"operator {name}"
    return f"{getattr(node.target, '__module__', None) or 'torch'}.{name}"


def _outputs(context: Tracing, result: Any) -> list[tuple[str, Value]]:
    """What a model returns, flattened: wanted names and values."""
    if isinstance(result, RecurrentOutput):
        return [("y", result.out), *_outputs(context, result.states)]
    if isinstance(result, (tuple, list)):
        return [item for part in result for item in _outputs(context, part)]
    if isinstance(result, dict):
        raise returns_no_tensors(result)
    if isinstance(result, States):
        name = f"{result.which}_n"
        return [(name, emit.stack(context.builder, name, result.items))]
    if isinstance(result, Value) and result.index:
        return [("y", result)]
    return [("y", expect_value("the model's output", result))]
