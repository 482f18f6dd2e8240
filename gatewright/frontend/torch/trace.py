"""Traces a torch module with torch.fx and emits the graph node by node."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
from gatewright.frontend.torch.arguments import check_count, make_builder, placeholder
from gatewright.frontend.torch.arithmetic import PURE
from gatewright.frontend.torch.arranged import Arranged, turned_back
from gatewright.frontend.torch.brevitas_quant import read_once
from gatewright.frontend.torch.called import callable_name
from gatewright.frontend.torch.checks import check_model, example_arrays, returns_no_tensors
from gatewright.frontend.torch.obstacles import Obstacle, Obstacles
from gatewright.frontend.torch.on_host import squeezed
from gatewright.frontend.torch.preserve import preserved
from gatewright.frontend.torch.registry import (
    FUNCTION_EMITTERS,
    METHOD_EMITTERS,
    MaxOutput,
    OnHost,
    OwnTensor,
    Padded,
    RecurrentOutput,
    Tracing,
    expect_value,
    is_pointwise,
    module_emitter,
    unsupported_call,
)
from gatewright.frontend.torch.remedies import of_call
from gatewright.frontend.torch.scopes import modules, named_modules
from gatewright.frontend.torch.shapes import SizeReads
from gatewright.frontend.torch.sizes import (
    TORCH_REFUSES,
    Arrays,
    Comes,
    OtherSizes,
    Retrace,
    check_sizes,
    limit_of,
    runs,
)
from gatewright.frontend.torch.symbolic import changing_graph, graph_again
from gatewright.ir.traced.layouts import argument_axes
from gatewright.ir.traced.length import bind_length

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
    with preserved(module) as put_back, read_once():

        def again(arrays: Arrays, turned: int | None) -> Retrace | None:
            reads = SizeReads(turned)
            try:
                graph = graph_again(module, list(map(torch.from_numpy, arrays)), reads)
            except GatewrightError:
                return None
            finally:
                put_back()
            try:
                return Retrace(graph, reads, _emitted(graph, module, names, arrays).made)
            except GatewrightError as error:
                return Retrace(graph, reads, None, error if runs(module, arrays) else None)
            except TORCH_REFUSES:
                return Retrace(graph, reads, None)
            finally:
                put_back()

        reads = SizeReads()
        graph = changing_graph(module, list(map(torch.from_numpy, examples)), reads)
        put_back()
        emitted = _emitted(graph, module, names, examples)
        model_proto = emitted.builder.finish(emitted.outputs)
        limit = limit_of(graph, module)
        sizes = OtherSizes(examples, argument_axes(model_proto.graph), limit)
        known = emitted.builder.of_one_length
        if check_sizes(Retrace(graph, reads, emitted.made), again, sizes, known) and not known:
            bind_length(model_proto)
    pairs = zip(emitted.outputs, model_proto.graph.output, strict=True)
    renamed = {value.name: output.name for (_, value), output in reversed(list(pairs))}
    return Trace(model_proto, tuple(_renamed(call, renamed) for call in emitted.calls))


@dataclass(frozen=True)
class _Emitted:
    """What comes of a traced graph.

    Attributes:
        builder: Has the nodes.
        outputs: Wanted names and values.
        calls: Of the layers.
        made: What each call of the graph added, and the outputs.
    """

    builder: GraphBuilder
    outputs: list[tuple[str, Value]]
    calls: list[TracedCall]
    made: Comes


def _emitted(
    graph: fx.Graph, model: nn.Module, names: dict[str, str], examples: Arrays
) -> _Emitted:
    builder = make_builder(graph, examples[0])
    context = Tracing(builder, names, batch_first=is_batch_first(graph, model))
    check_count(graph, len(examples))
    return _run(graph, model, context, [example.shape for example in examples])


def _renamed(call: TracedCall, names: dict[str, str]) -> TracedCall:
    """A call with the names that the values which the model returns have in the end."""

    def rename(tensors: tuple[TensorNames, ...]) -> tuple[TensorNames, ...]:
        return tuple(tuple(names.get(name, name) for name in rows) for rows in tensors)

    return TracedCall(call.path, rename(call.inputs), rename(call.outputs))


def is_batch_first(graph: fx.Graph, model: nn.Module) -> bool:
    """The layout of the first recurrent layer that is called."""
    called = (model.get_submodule(str(n.target)) for n in graph.nodes if n.op == "call_module")
    inside = (m for module in called for m in modules(module))
    first: Any = next((m for m in inside if isinstance(m, QuantRecurrentLayerMixin)), None)
    return first is None or bool(first.cell.batch_first)


def tap_names(model: nn.Module) -> dict[str, str]:
    """The node name of every module path of a model."""
    return module_names(path for path, _ in named_modules(model) if path)


def _run(
    graph: fx.Graph,
    model: nn.Module,
    context: Tracing,
    shapes: list[tuple[int, ...]],
) -> _Emitted:
    env: dict[fx.Node, Any] = {}
    calls: list[TracedCall] = []
    made: Comes = []
    obstacles = Obstacles()
    inputs = 0
    for node in graph.nodes:
        args, kwargs = fx.node.map_arg((node.args, node.kwargs), env.__getitem__)
        if node.op == "placeholder":
            env[node] = placeholder(node, inputs, context, shapes)
            inputs += 1
        elif node.op == "get_attr":
            env[node] = OwnTensor(f"self.{node.meta['name']}", node.meta["value"])
        elif node.op == "output":
            obstacles.check()
            outputs = _outputs(context, args[0])
            made += [(node, item) for item in context.builder.made()]
            made += [(node, v.name) for _, v in outputs]
            made += [(node, (name, v.on_host, len(v.shape))) for name, v in outputs]
            return _Emitted(context.builder, outputs, calls, made)
        else:
            try:
                env[node] = _emit(context, model, node, args, kwargs)
            except GatewrightError as error:
                env[node] = obstacles.add(node, error)
            if node.op == "call_module" and not isinstance(env[node], Obstacle):
                given = _tensor_names([*args, *kwargs.values()])
                calls.append(TracedCall(str(node.target), given, _tensor_names(env[node])))
        made += [(node, item) for item in context.builder.made()]
    raise AssertionError("an fx graph ends with its output")


def _emit(
    context: Tracing,
    model: nn.Module,
    node: fx.Node,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """What a call gives; an obstacle if it is given one and could be taken otherwise."""
    if node.op == "call_module":
        return _call(context, model.get_submodule(str(node.target)), str(node.target), args, kwargs)
    table: dict[Any, Any] = FUNCTION_EMITTERS if node.op == "call_function" else METHOD_EMITTERS
    if isinstance(node.target, type) and issubclass(node.target, tuple):
        return node.target(*args, **kwargs)  # a named tuple that is returned
    if not _holds((args, kwargs), _TENSORS):
        return _constant(node, args, kwargs)
    if not _holds((args, kwargs), _COMPUTED) and node.target in PURE:
        tensors = fx.node.map_aggregate((args, kwargs), _own_tensor)
        return _constant(node, *tensors)
    if node.target not in table:
        raise unsupported_call(callable_name(node), remedy=of_call(node))
    if _holds((args, kwargs), Obstacle):
        return Obstacle()
    return table[node.target](context, args, kwargs)


_COMPUTED = (
    *(Value, States, RecurrentOutput, MaxOutput),
    *(OnHost, Padded, Arranged, Obstacle),
)
_TENSORS = (*_COMPUTED, OwnTensor)


def _own_tensor(argument: Any) -> Any:
    return argument.tensor.detach() if isinstance(argument, OwnTensor) else argument


def _holds(arguments: Any, kinds: Any) -> bool:
    found: list[bool] = []
    fx.node.map_aggregate(arguments, lambda a: found.append(isinstance(a, kinds)))
    return any(found)


def _constant(node: fx.Node, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What follows from shapes and numbers alone: numbers, and tensors of constants."""
    method = node.op == "call_method"
    call = getattr(type(args[0]), str(node.target)) if method else node.target
    result = call(*args, **kwargs)
    return OwnTensor("a constant", result) if isinstance(result, torch.Tensor) else result


def _call(
    context: Tracing, module: nn.Module, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """A call of a layer; one that works on features is given them as the graph has them."""
    emitter = module_emitter(path or type(module).__name__, module)
    if _holds((args, kwargs), Obstacle):
        return Obstacle()
    values = [*args, *kwargs.values()]
    if len(values) != 1 or not isinstance(values[0], Arranged):
        return emitter(context, module, path, args, kwargs)
    if isinstance(module, nn.BatchNorm1d) and values[0].index.ndim == 3:
        return emitter(context, module, path, (context.elements.channels_first(values[0]),), {})
    if not is_pointwise(module):
        return emitter(context, module, path, args, kwargs)
    found = context.elements.within(values[0], last=True)
    if found is None and not isinstance(module, nn.Linear):
        return emitter(context, module, path, (context.elements.channels_first(values[0]),), {})
    if found is None:
        raise context.elements.refused(values[0])
    value, groups = found
    if context.elements.swaps(values[0], value):  # what a quantizer gives has the axes of torch
        return emitter(context, module, path, (context.elements.whole(values[0]),), {})
    out = emitter(context, module, path, (value,), {})
    index = turned_back(context.elements.of(out), groups)
    return replace(values[0], index=index, origin=path or type(module).__name__)


def _tensor_names(result: Any) -> tuple[TensorNames, ...]:
    """The tensors in what a layer is given or gives, flattened as torch's own would be."""
    if isinstance(result, RecurrentOutput):
        return _tensor_names((result.out, result.states))
    if isinstance(result, (tuple, list)):
        return tuple(names for part in result for names in _tensor_names(part))
    if isinstance(result, States):
        return (tuple(item.name for item in result.items),)
    return ((result.name,),) if isinstance(result, Value) else ()


def _outputs(context: Tracing, result: Any) -> list[tuple[str, Value]]:
    """What a model returns, flattened: wanted names and values."""
    if isinstance(result, Arranged):
        result = squeezed(result) or result
    if isinstance(result, OnHost):
        return [("y", replace(result.value, on_host=result.function))]
    if isinstance(result, RecurrentOutput):
        return [("y", result.out), *_outputs(context, result.states)]
    if isinstance(result, dict):
        parts = [(key, _outputs(context, part)) for key, part in result.items()]
        return [(str(key) if name == "y" else name, v) for key, part in parts for name, v in part]
    if isinstance(result, (tuple, list)):
        return [item for part in result for item in _outputs(context, part)]
    if isinstance(result, States):
        name = f"{result.which}_n"
        return [(name, emit.stack(context.builder, name, result.items))]
    if isinstance(result, Value) and result.index:
        return [("y", result)]
    if not isinstance(result, _TENSORS):
        raise returns_no_tensors(result)
    return [("y", expect_value("the model's output", result))]
