"""What lets a module run something else than its class and attributes say, and the remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.utils import prune
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from gatewright.frontend.torch.in_place import advice, changed_node
from gatewright.frontend.torch.obstacles import shown_line
from gatewright.frontend.torch.preserve import preserved
from gatewright.frontend.torch.symbolic import leaf_paths, symbolic_graph

_IN_GENERAL = (
    "Let forward() give the same of the same input: compute other tensors instead of changing some "
    "in place (o = o * 2 for o *= 2), keep no count of calls, let no try decide, and write "
    "x.size(0) for a number of sequences, torch.zeros(1, x.size(0), H)"
)


def remedy(model: nn.Module, path: str | None, examples: Sequence[torch.Tensor] = ()) -> str:
    """What to do about a module that is not run as it was traced.

    Args:
        model: The whole model.
        path: Of the layer that differs; None where what lies around the layers does.
        examples: One for each argument of its forward(), where those are known.
    """
    found = seen(model, path)
    if examples and not found:
        found = _in_place(model, examples) or _counted(model, examples)
    return f"{found or _IN_GENERAL}."


def line_of_call(model: nn.Module, path: str, examples: Sequence[torch.Tensor]) -> str:
    """The line of forward() that calls a layer first, in parentheses; empty where none is known."""
    nodes = symbolic_graph(model, examples).nodes
    calls = (node for node in nodes if node.op == "call_module" and node.target == path)
    return next(map(shown_line, calls), "")


def _in_place(model: nn.Module, examples: Sequence[torch.Tensor]) -> str:
    """The line that changes a tensor which is read later."""
    node = changed_node(model, examples)
    return f"change no tensor that is read later{shown_line(node)}: {advice(node)}" if node else ""


def _counted(model: nn.Module, examples: Sequence[torch.Tensor]) -> str:
    """The numbers among a model's attributes that a call of it changes."""
    with preserved(model), torch.no_grad():
        before = _numbers(model)
        model(*(example.clone() for example in examples))
        after = _numbers(model)
    names = sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )
    return f"keep no count of calls in {', '.join(names)}" if names else ""


def _numbers(model: nn.Module) -> dict[str, Any]:
    return {
        ".".join(part for part in ("self", path, name) if part): value
        for path, module in model.named_modules()
        for name, value in vars(module).items()
        if isinstance(value, int | float | str | None)
    }


def seen(model: nn.Module, path: str | None) -> str:
    """The same without the stop, as far as anything can be seen; else empty."""
    return "; ".join(step for step in (*_everywhere(), steps(model, path)) if step)


def _everywhere() -> Iterator[str]:
    """What applies to all modules alike."""
    hooked = nn.modules.module
    if hooked._global_forward_pre_hooks or hooked._global_forward_hooks:
        yield "remove the hook of all modules: its handle is what register_module_..._hook returned"
    if any(map(torch.is_autocast_enabled, ("cpu", "cuda"))):
        yield "leave torch.autocast first: what is compiled is float32"


def steps(model: nn.Module, path: str | None) -> str:
    """The same of what applies to some modules only."""
    modules = _around(model) if path is None else _inside(model, path)
    found = (step for p, module in modules for step in _steps(f"model.{p}".rstrip("."), module))
    return "; ".join(dict.fromkeys(found))


def _inside(model: nn.Module, path: str) -> Iterator[tuple[str, nn.Module]]:
    for below, module in model.get_submodule(path).named_modules():
        yield ".".join(part for part in (path, below) if part), module


def _around(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    leaves = leaf_paths(model)
    for path, module in model.named_modules():
        if not any(path == leaf or path.startswith(f"{leaf}.") for leaf in leaves):
            yield path, module


def _steps(name: str, module: nn.Module) -> Iterator[str]:
    hooks = [*module._forward_pre_hooks.values(), *module._forward_hooks.values()]
    permanent = [step for hook in hooks for step in _permanent(name, hook)]
    yield from permanent
    if len(hooks) > len(permanent):
        yield f"remove the hook of {name}, or put what it does into forward()"
    if "forward" in vars(module) and not isinstance(module, torch.jit.ScriptModule):
        yield f"put what replaces {name}.forward into forward() of its class"


def _permanent(name: str, hook: Any) -> Iterable[str]:
    """How to make a parameter permanent that a hook computes before each forward."""
    methods = list(hook) if isinstance(hook, prune.PruningContainer) else [hook]
    for method in methods:
        if isinstance(method, prune.BasePruningMethod):
            return [f'call torch.nn.utils.prune.remove({name}, "{method._tensor_name}")']
        if isinstance(method, WeightNorm):
            return [f'call torch.nn.utils.remove_weight_norm({name}, "{method.name}")']
        if isinstance(method, SpectralNorm):
            return [f'call torch.nn.utils.remove_spectral_norm({name}, "{method.name}")']
    return []
