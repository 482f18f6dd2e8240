"""Traces a torch module with torch.fx and emits the graph node by node."""

from __future__ import annotations

import operator
from typing import Any

import onnx
from torch import fx, nn

from gatewright.errors import GatewrightError
from gatewright.frontend import torch_calls, torch_layers, torch_lstm  # noqa: F401 - they register
from gatewright.frontend.builder import GraphBuilder
from gatewright.frontend.naming import module_names
from gatewright.frontend.registry import (
    FUNCTIONS,
    METHODS,
    Context,
    LstmOutput,
    LstmState,
    OwnTensor,
    expect_value,
    module_emitter,
    registered_class,
    state_used,
    unsupported_call,
)
from gatewright.frontend.spec import Value
from gatewright.frontend.torch_checks import check_model, example_array


class _Tracer(fx.Tracer):  # type: ignore[misc]
    """Keeps what has an emitter, Brevitas and torch.nn layers whole."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        if registered_class(m) is not None or type(m).__module__.startswith("brevitas."):
            return True
        return bool(super().is_leaf_module(m, module_qualified_name))


class _Bare(nn.Module):  # type: ignore[misc]
    """Holds a module that is itself a leaf."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Any) -> Any:
        return self.module(x)


def trace_module(model: object, example_input: Any) -> onnx.ModelProto:
    """See ``gatewright.frontend.trace``."""
    module = check_model(model)
    example = example_array(example_input)
    bare = _Tracer().is_leaf_module(module, "")
    names = tap_names(module)
    graph = _symbolic_trace(_Bare(module) if bare else module)
    context = Context(GraphBuilder(example.shape), names)
    return context.builder.finish(_run(graph, module, bare, context))


def tap_names(model: nn.Module) -> dict[str, str]:
    """The node name of every module path of a model."""
    return module_names(path for path, _ in model.named_modules() if path)


def _symbolic_trace(module: nn.Module) -> fx.Graph:
    try:
        graph = _Tracer().trace(module)
    except GatewrightError:
        raise
    except (Exception, SystemExit) as error:  # whatever forward() raises on a proxy
        raise GatewrightError(
            "GW-108",
            where=f"{type(module).__name__}.forward",
            cause=f"it cannot be traced symbolically: {type(error).__name__}: {error}",
            remedy="let no if, loop, len() or shape depend on the data; take constants from "
            "__init__ instead.",
        ) from error
    graph.eliminate_dead_code(_has_effect)
    return graph


def _has_effect(node: fx.Node) -> bool:
    """Whether a node counts even where nothing uses its result."""
    if node.op == "call_function":  # operator.setitem, in-place functions
        return node.target not in (operator.getitem, getattr)
    if node.op == "call_method":
        return str(node.target).endswith("_")
    return node.op in ("placeholder", "output")


def _run(graph: fx.Graph, model: nn.Module, bare: bool, context: Context) -> Value:
    env: dict[fx.Node, Any] = {}
    inputs = 0
    for node in graph.nodes:
        args, kwargs = fx.node.map_arg((node.args, node.kwargs), env.__getitem__)
        if node.op == "placeholder":
            env[node] = _placeholder(node, inputs, context)
            inputs += 1
        elif node.op == "call_module":
            path = _strip(node.target) if bare else str(node.target)
            module = model.get_submodule(path)
            emitter = module_emitter(path or type(module).__name__, module)
            env[node] = emitter(context, module, path, args, kwargs)
        elif node.op in ("call_function", "call_method"):
            table: dict[Any, Any] = FUNCTIONS if node.op == "call_function" else METHODS
            if node.target not in table:
                raise unsupported_call(_callable_name(node))
            env[node] = table[node.target](context, args, kwargs)
        elif node.op == "output":
            return _output(args[0])
        else:
            env[node] = OwnTensor(f"self.{node.target}")
    raise AssertionError("an fx graph ends with its output")


def _strip(target: Any) -> str:
    return str(target).removeprefix("module").removeprefix(".")


def _placeholder(node: fx.Node, position: int, context: Context) -> Any:
    if position == 0:
        return context.builder.input
    if node.args:  # an optional argument keeps its default
        return node.args[0]
    raise unsupported_call(
        f"argument {node.target}", "forward() takes more than one tensor; one is supported."
    )


def _callable_name(node: fx.Node) -> str:
    if node.op == "call_method":
        return f".{node.target}()"
    name = getattr(node.target, "__name__", str(node.target))
    if getattr(operator, name, None) is node.target:
        return f"operator {name}"
    return f"{getattr(node.target, '__module__', None) or 'torch'}.{name}"


def _output(result: Any) -> Value:
    """The one tensor a model returns; states beside it are dropped."""
    if isinstance(result, LstmOutput):
        return result.out
    if isinstance(result, (tuple, list)) and result:
        first, *rest = result
        if not all(_is_state(item) for item in rest):
            raise unsupported_call(
                "the model's output", "forward() returns several tensors; one is supported."
            )
        return _output(first)
    if isinstance(result, LstmState):
        raise state_used("the model's output")
    return expect_value("the model's output", result)


def _is_state(item: Any) -> bool:
    if isinstance(item, (tuple, list)):
        return all(_is_state(part) for part in item)
    return isinstance(item, LstmState)
