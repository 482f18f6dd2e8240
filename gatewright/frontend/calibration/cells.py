"""Loops over time with ``nn.LSTMCell`` or ``nn.RNNCell``, recognised as the layers they are."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx, nn

from gatewright.frontend.calibration.hoisting import WHOLE, Shapes, hoist, item
from gatewright.frontend.calibration.rewritten import check_rewritten, keep_constants
from gatewright.frontend.calibration.stepwise import is_called_by_steps, replace_calls
from gatewright.frontend.torch.remedies import MODULE_REMEDIES
from gatewright.frontend.torch.symbolic import has_effect, symbolic_graph
from gatewright.frontend.torch.watch import tensors_of

_LAYERS: dict[type[nn.Module], Any] = {nn.LSTMCell: nn.LSTM, nn.RNNCell: nn.RNN}
_ZEROS = (torch.zeros, torch.zeros_like, "new_zeros", torch.Tensor.new_zeros)
_SAME_VALUES = ("requires_grad_", "detach", "to", "float", "contiguous", "clone")


@dataclass(frozen=True, eq=False)
class _Step:
    """One call of a cell.

    Attributes:
        call: The call.
        source: The sequence that it reads a step of.
        axis: Of time in it.
        number: Of the step.
        states: The states that it begins with; none for zeros.
    """

    call: fx.Node
    source: fx.Node
    axis: int
    number: int
    states: tuple[fx.Node, ...]


@dataclass(frozen=True, eq=False)
class _Loop:
    """Calls of one cell, each with the states that the one before gave.

    Attributes:
        path: Of the cell.
        steps: In the order in which they are computed.
        reverse: Whether that is the last step first.
    """

    path: str
    steps: tuple[_Step, ...]
    reverse: bool


def is_cell(module: nn.Module) -> bool:
    """Whether a module is a step of a layer."""
    return type(module) in _LAYERS


def with_layers(model: nn.Module, examples: Sequence[torch.Tensor]) -> fx.GraphModule | None:
    """A model in which loops of cells are calls of layers.

    A loop is one that only steps: through all steps of one sequence, in their order or from the
    last one back. What goes back becomes a direction of a layer whose other one goes forward.

    Args:
        model: In eval mode; changed.
        examples: One for each argument of its forward(), whose length the loops are of.

    Returns:
        None where no such loop is; else a ``GraphModule``.

    Raises:
        GatewrightError: GW-108 where forward() cannot be traced, GW-110 where layers compute
            something else than the loops.
    """
    cells = {p: m for p, m in model.named_modules() if is_cell(m)}
    graph = symbolic_graph(model, examples)
    if not (cells or is_called_by_steps(model, graph)):
        return None
    with torch.no_grad():
        expected = tensors_of(model(*examples))
    keep_constants(graph, model)
    left, found = dict(cells), False
    while _replace_loops(model, graph, examples, left):  # what reads one of these may be the next
        found = True
        graph.eliminate_dead_code(has_effect)
    if not found:
        return None
    graph.eliminate_dead_code(has_effect)
    made = fx.GraphModule(model, graph, type(model).__name__).eval()
    where, cell = next(iter(cells.items()), ("forward()", nn.LSTMCell(1, 1)))
    check_rewritten(expected, made, examples, where, MODULE_REMEDIES[type(cell).__name__])
    return made


def _replace_loops(
    model: nn.Module, graph: fx.Graph, examples: Sequence[torch.Tensor], left: dict[str, Any]
) -> bool:
    """Replace the loops that only step; whether there are any.

    Args:
        model: Changed.
        graph: Changed.
        examples: As for ``with_layers``.
        left: The cells whose loops are not replaced yet; theirs are taken out.
    """
    shapes = _shapes(model, graph, examples)
    hoist(graph, model, shapes)
    cells, found = dict(left), replace_calls(model, graph, shapes)
    for path in cells:
        for loops in _layers(graph, shapes, left, path) if path in left else ():
            _replace(model, graph, shapes, loops, [cells[loop.path] for loop in loops])
            found = True
            for loop in loops:
                left.pop(loop.path, None)
    return found


def _shapes(model: nn.Module, graph: fx.Graph, examples: Sequence[torch.Tensor]) -> Shapes:
    """Of the tensors of a graph."""
    interpreter = _Shapes(fx.GraphModule(model, graph))
    interpreter.run(*examples)
    known: Shapes = {}
    for node, own in zip(graph.nodes, interpreter.module.graph.nodes, strict=True):
        if own in interpreter.known:
            known[node] = interpreter.known[own]
    return known


class _Shapes(fx.Interpreter):  # type: ignore[misc]
    """Runs a graph and keeps the shape of each tensor."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.known: Shapes = {}

    def run_node(self, node: fx.Node) -> Any:
        """As of any interpreter."""
        with torch.no_grad():
            result = super().run_node(node)
        if isinstance(result, torch.Tensor):
            self.known[node] = tuple(result.shape)
        return result


def _layers(
    graph: fx.Graph,
    shapes: Shapes,
    cells: dict[str, nn.Module],
    path: str,
) -> Iterator[tuple[_Loop, ...]]:
    """The loops of a cell, each with that of another cell which is its other direction."""
    found = _loops(graph, shapes, cells, path) or []
    if any(loop.reverse or loop.steps[0].axis != found[0].steps[0].axis for loop in found):
        return
    if len(found) == 1:
        others = (_loops(graph, shapes, cells, p) or [] for p in cells if p != path)
        backs = [o[0] for o in others if len(o) == 1 and _are_one_layer(cells, found[0], o[0])]
        yield (found[0], *backs[:1])
        return
    yield from ((loop,) for loop in found)


def _are_one_layer(cells: dict[str, Any], loop: _Loop, back: _Loop) -> bool:
    """Whether two loops are the directions of one layer."""
    a, b, first, last = cells[loop.path], cells[back.path], loop.steps[0], back.steps[0]
    return (
        back.reverse
        and (first.source, first.axis) == (last.source, last.axis)
        and not (first.states or last.states)
        and type(a) is type(b)
        and (a.hidden_size, a.bias) == (b.hidden_size, b.bias)
        and getattr(a, "nonlinearity", "") == getattr(b, "nonlinearity", "")
    )


def _loops(
    graph: fx.Graph,
    shapes: Shapes,
    cells: dict[str, nn.Module],
    path: str,
) -> list[_Loop] | None:
    """The loops that all calls of a cell are; None where one of them is in no such loop."""
    groups: list[list[_Step]] = []
    for node in graph.nodes:
        if node.op != "call_module" or node.target != path:
            continue
        step = _step(node, shapes)
        if step is None:
            return None
        if groups and _follows(groups[-1][-1].call, step.states):
            groups[-1].append(step)
        else:
            groups.append([step])
    is_lstm = isinstance(cells[path], nn.LSTMCell)
    loops = [_loop(path, group, shapes, is_lstm) for group in groups]
    return None if None in loops else [loop for loop in loops if loop is not None]


def _loop(path: str, steps: list[_Step], shapes: Shapes, is_lstm: bool) -> _Loop | None:
    first = steps[0]
    if len(first.states) not in ((0, 2) if is_lstm else (0, 1)):
        return None
    if is_lstm and not _only_last_c(steps):
        return None
    if any((s.source, s.axis) != (first.source, first.axis) for s in steps):
        return None
    count = shapes[first.source][first.axis]
    numbers = [step.number for step in steps]
    for reverse, order in ((False, range(count)), (True, range(count)[::-1])):
        if numbers == list(order) and (count > 1 or not reverse):
            return _Loop(path, tuple(steps), reverse)
    return None


def _only_last_c(steps: list[_Step]) -> bool:
    """Whether h and c are taken apart, and c between steps is given to the next one alone."""
    for call, after in itertools.pairwise([*(step.call for step in steps), None]):
        for user in call.users if call is not None else ():
            if user is after:
                continue
            if user.target is not operator.getitem or user.args[1] not in (0, 1):
                return False
            between = after is not None and user.args[1] == 1
            if between and any(reader is not after for reader in user.users):
                return False
    return True


def _step(call: fx.Node, shapes: Shapes) -> _Step | None:
    given = [*call.args, *call.kwargs.values()]
    found = item(given[0], shapes)
    if found is None or len(shapes[found[0]]) != 3:
        return None
    states = given[1] if len(given) > 1 else None
    listed = tuple(states) if isinstance(states, tuple | list) else (states,)
    nodes = tuple(state for state in listed if isinstance(state, fx.Node))
    if all(map(_is_zeros, nodes)):
        nodes = ()
    source, axis, number = found
    return _Step(call, source, axis, number, nodes)


def _is_zeros(node: fx.Node) -> bool:
    while node.op == "call_method" and node.target in _SAME_VALUES:
        node = node.all_input_nodes[0]
    return node.op in ("call_function", "call_method") and node.target in _ZEROS


def _follows(before: fx.Node, states: tuple[fx.Node, ...]) -> bool:
    """Whether states are those that a call gave."""
    if len(states) == 1:
        return states[0] is before
    picked = [
        state.args[1]
        for state in states
        if state.target is operator.getitem and state.args[0] is before
    ]
    return len(states) == 2 and picked == [0, 1]


def _replace(
    model: nn.Module,
    graph: fx.Graph,
    shapes: Shapes,
    loops: tuple[_Loop, ...],
    cells: list[Any],
) -> None:
    """Put one call of a layer in the place of loops."""
    first, width = loops[0].steps[0], cells[0].hidden_size
    calls = {loop.steps[0].call for loop in loops}
    at = next(node for node in graph.nodes if node in calls)
    with graph.inserting_before(at):
        states = tuple(graph.call_method("unsqueeze", (state, 0)) for state in first.states)
        hx: tuple[Any, ...] = (states,) if len(states) == 2 else states
        call = graph.call_module(loops[0].path, (first.source, *hx))
        out = graph.call_function(operator.getitem, (call, 0))
        finals = graph.call_function(operator.getitem, (call, 1))
        shapes[out] = (*shapes[first.source][:2], width * len(cells))
        for number, loop in enumerate(loops):
            part = out
            if len(loops) > 1:
                features = slice(number * width, (number + 1) * width)
                part = graph.call_function(operator.getitem, (out, (WHOLE, WHOLE, features)))
            is_lstm = isinstance(cells[0], nn.LSTMCell)
            if is_lstm:
                _replace_last_c(graph, loop, finals, number)
            _replace_steps(graph, loop, part, is_lstm)
    for step in (step for loop in loops for step in reversed(loop.steps)):
        for node in [*step.call.users, step.call]:
            graph.erase_node(node)
    parent, _, name = loops[0].path.rpartition(".")
    setattr(model.get_submodule(parent), name, _layer(cells, batch_first=first.axis == 1))


def _replace_last_c(graph: fx.Graph, loop: _Loop, finals: fx.Node, number: int) -> None:
    """Give the cell state behind the last step, where somebody takes it."""
    for user in loop.steps[-1].call.users:
        if user.args[1] == 1:
            c = graph.call_function(operator.getitem, (finals, 1))
            user.replace_all_uses_with(graph.call_function(operator.getitem, (c, number)))


def _replace_steps(graph: fx.Graph, loop: _Loop, out: fx.Node, is_lstm: bool) -> None:
    """Give what each step gave, out of what the layer gives."""
    axis = loop.steps[0].axis
    hidden = [_hidden(step.call, is_lstm) for step in loop.steps]
    for step, nodes in zip(loop.steps, hidden, strict=True):
        last = not loop.reverse and step is loop.steps[-1]
        index = (*[WHOLE] * axis, -1 if last else step.number)
        for node in nodes:
            node.replace_all_uses_with(graph.call_function(operator.getitem, (out, index)))


def _hidden(call: fx.Node, is_lstm: bool) -> list[fx.Node]:
    """The nodes that stand for h of a call."""
    return [user for user in call.users if user.args[1] == 0] if is_lstm else [call]


def _layer(cells: list[Any], batch_first: bool) -> nn.Module:
    """The layer of which cells are the directions."""
    cell = cells[0]
    options = {"nonlinearity": cell.nonlinearity} if isinstance(cell, nn.RNNCell) else {}
    layer: nn.Module = _LAYERS[type(cell)](
        cell.input_size,
        cell.hidden_size,
        bias=cell.bias,
        batch_first=batch_first,
        bidirectional=len(cells) == 2,
        **options,
    )
    weights = {
        f"{name}_l0{end}": values
        for each, end in zip(cells, ("", "_reverse"), strict=False)
        for name, values in each.state_dict().items()
    }
    layer.load_state_dict(weights)
    return layer.eval()
