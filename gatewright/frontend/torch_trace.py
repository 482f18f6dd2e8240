"""Traces a torch module with torch.fx and emits the graph node by node."""

from __future__ import annotations

import inspect
import operator
from typing import Any

import onnx
import torch
from brevitas.nn.mixin.base import QuantRecurrentLayerMixin
from torch import fx, nn

from gatewright.errors import GatewrightError
from gatewright.frontend import (  # noqa: F401 - they register
    emit,
    torch_activations,
    torch_calls,
    torch_layers,
    torch_recurrent,
    torch_reductions,
)
from gatewright.frontend.builder import GraphBuilder
from gatewright.frontend.naming import module_names
from gatewright.frontend.registry import (
    FUNCTIONS,
    METHODS,
    Context,
    OwnTensor,
    RecurrentOutput,
    expect_value,
    module_emitter,
    registered_class,
    unsupported_call,
)
from gatewright.frontend.spec import States, Value
from gatewright.frontend.torch_checks import check_model, example_arrays


class _Tracer(fx.Tracer):  # type: ignore[misc]
    """Keeps what has an emitter, Brevitas and torch.nn layers whole."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        if registered_class(m) is not None or type(m).__module__.startswith("brevitas."):
            return True
        return bool(super().is_leaf_module(m, module_qualified_name))


def trace_module(model: object, example_input: Any) -> onnx.ModelProto:
    """See ``gatewright.frontend.trace``."""
    module = check_model(model)
    examples = example_arrays(example_input)
    names = tap_names(module)
    graph = symbolic_graph(module, len(examples))
    _check_count(graph, len(examples))
    builder = GraphBuilder(examples[0].shape)
    context = Context(builder, names, batch_first=is_batch_first(module))
    shapes = [example.shape for example in examples]
    return builder.finish(_run(graph, module, context, shapes))


def symbolic_graph(module: nn.Module, arguments: int) -> fx.Graph:
    """The fx graph of a model that is given this many arguments.

    Raises:
        GatewrightError: GW-108 where forward() cannot be traced.
    """
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
            remedy="pass a tuple of one tensor for each argument as the example input.",
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
    except GatewrightError:
        raise
    except (Exception, SystemExit) as error:  # whatever forward() raises on a proxy
        raise GatewrightError(
            "GW-108",
            where=f"{type(module).__name__}.forward",
            cause=f"it cannot be traced symbolically: {type(error).__name__}: {error}",
            remedy="let no if, loop, len() or shape depend on the data; take constants from "
            "__init__ instead. Initial states of zeros are the default: leave them out.",
        ) from error
    graph.eliminate_dead_code(_has_effect)
    return graph


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
    context: Context,
    shapes: list[tuple[int, ...]],
) -> list[tuple[str, Value]]:
    env: dict[fx.Node, Any] = {}
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
        elif node.op in ("call_function", "call_method"):
            table: dict[Any, Any] = FUNCTIONS if node.op == "call_function" else METHODS
            if node.target not in table:
                raise unsupported_call(_callable_name(node))
            env[node] = table[node.target](context, args, kwargs)
        elif node.op == "output":
            return _outputs(context, args[0])
        else:
            env[node] = OwnTensor(f"self.{node.target}", _attribute(model, str(node.target)))
    raise AssertionError("an fx graph ends with its output")


def _attribute(model: nn.Module, target: str) -> Any:
    return operator.attrgetter(target)(model)


def _placeholder(
    node: fx.Node, position: int, context: Context, shapes: list[tuple[int, ...]]
) -> Any:
    if position >= len(shapes):
        if node.args:  # an optional argument keeps its default
            return node.args[0]
        raise GatewrightError(
            "GW-106",
            where=f"argument {node.target}",
            cause=f"forward() takes it, and the example input has {len(shapes)} tensors.",
            remedy="pass a tuple of one tensor for each argument as the example input.",
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


def _outputs(context: Context, result: Any) -> list[tuple[str, Value]]:
    """What a model returns, flattened: wanted names and values."""
    if isinstance(result, RecurrentOutput):
        return [("y", result.out), *_outputs(context, result.states)]
    if isinstance(result, (tuple, list)):
        return [item for part in result for item in _outputs(context, part)]
    if isinstance(result, States):
        name = f"{result.which}_n"
        return [(name, emit.stack(context.builder, name, result.items))]
    if isinstance(result, Value) and result.index:
        return [("y", result)]
    return [("y", expect_value("the model's output", result))]
