"""Re-arranged tensors: what views, slices and joins make, as numbers of the elements they take.

Whatever torch does to a tensor without computing, it does to the numbers of its elements just so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from gatewright.errors import GatewrightError
from gatewright.files.limits import INPUT_VALUES
from gatewright.frontend import emit, emit_windows
from gatewright.frontend.builder import GraphBuilder
from gatewright.frontend.spec import Layout, States, Value
from gatewright.frontend.torch.unmade import Why, not_made
from gatewright.ir.host import Groups, groupings, to_graph, to_user
from gatewright.ir.steps import Taken
from gatewright.ir.traced.layouts import CHANNELS_FIRST

NO_STEP = -1
OF_STEPS = "squeeze(2)"
"""The origin of what has lost its axis of one step."""


@dataclass(frozen=True, eq=False)
class Arranged:
    """A tensor made of elements of others.

    Attributes:
        index: int64, of its own shape: the number of each element.
        elements: What the numbers stand for.
        origin: The call that made it, for errors.
        fixed: Whether a time step was taken by its number.
    """

    index: torch.Tensor
    elements: Elements
    origin: str
    fixed: bool = False


@dataclass(frozen=True)
class _Column:
    """One feature of a tensor: that of which value, and at which steps (None: at its own)."""

    value: Value
    feature: int
    taken: Taken | None


class Elements:
    """Numbers the elements of the tensors of a graph under construction.

    Args:
        builder: Where nodes go.
        batch_first: Layout of the model's recurrent layers.
    """

    def __init__(self, builder: GraphBuilder, batch_first: bool) -> None:
        self._builder = builder
        self._layout = Layout(batch_first)
        self._values: list[Value] = []
        self._blocks: dict[str, torch.Tensor] = {}
        self._owner = torch.zeros(0, dtype=torch.int64)
        self._place = torch.zeros(0, dtype=torch.int64)
        self._parts: dict[str, tuple[Value, tuple[Value, ...]]] = {}
        self._finals: dict[str, Value] = {}
        self._made: dict[Any, Value] = {}
        self._turned: dict[str, Value] = {}

    def joined(self, whole: Value, parts: Sequence[Value]) -> Value:
        """Note of which tensors another one is made, side by side."""
        self._parts[whole.name] = whole, tuple(parts)
        return whole

    def ends(self, out: Value, final: Value) -> None:
        """Note that the first step of a layer that runs backwards is its final state."""
        self._finals[out.name] = final

    def of(self, value: Value | States | Arranged) -> torch.Tensor:
        """The numbers of the elements of a tensor."""
        if isinstance(value, Arranged):
            return value.index
        if isinstance(value, States):
            return torch.stack([self.of(item) for item in value.items])
        if value.name in self._parts:
            return torch.cat([self.of(part) for part in self._parts[value.name][1]], -1)
        if value.layout is not None and value.layout.channels_first:
            # As layers take it; nobody else tells features from steps.
            perm = _turn(CHANNELS_FIRST, self._layout.axes)
            turned = self._turned.get(value.name)
            if turned is None:
                turned = emit_windows.transpose(self._builder, "transpose", value, perm)
                self._turned[value.name] = turned
            return self.of(turned).permute(_turn(self._layout.axes, CHANNELS_FIRST))
        if value.name not in self._blocks:
            count = math.prod(value.shape)
            INPUT_VALUES.check(value.name, len(self._owner) + count)
            places = torch.arange(count)
            self._blocks[value.name] = (places + len(self._owner)).reshape(value.shape)
            self._owner = torch.cat([self._owner, torch.full((count,), len(self._values))])
            self._place = torch.cat([self._place, places])
            self._values.append(value)
        return self._blocks[value.name]

    def holds_integers(self, index: torch.Tensor) -> bool:
        """Whether elements are those of an integer input."""
        return self._values[int(self._owner[index.flatten()[0]])].integers

    def steps_of(self, index: torch.Tensor) -> torch.Tensor:
        """The time step of each element, ``NO_STEP`` where it has none."""
        owners, places = self._owner[index], self._place[index]
        steps = torch.full_like(index, NO_STEP)
        for number, value in enumerate(self._values):
            layout = self.layout_of(value)
            if layout is not None:
                where = owners == number
                steps[where] = self._coordinates(value, places[where])[layout.time_axis]
        return steps

    def layout_of(self, value: Value) -> Layout | None:
        """Of a sequence; that of the layers where it is not known yet."""
        if len(value.shape) != 3 or value.stack:
            return None
        return value.layout or self._layout

    @staticmethod
    def _coordinates(value: Value, places: torch.Tensor) -> list[torch.Tensor]:
        found = []
        for size in reversed(value.shape):
            found.append(places % size)
            places = places // size
        return found[::-1]

    def whole(self, arranged: Arranged) -> Value:
        """A re-arranged tensor [B, F] or [B, T, F] (or [T, B, F]) as a value of the graph.

        Raises:
            GatewrightError: GW-108 where no kernel gives that.
        """
        value = self._find(arranged.index, arranged.fixed) or self._swapped(arranged)
        if value is None:
            raise self.refused(arranged)
        return value

    def _swapped(self, arranged: Arranged) -> Value | None:
        """A sequence whose steps and sequences change places, before or behind all layers."""
        if arranged.index.ndim != 3:
            return None
        value = self._find(arranged.index.transpose(0, 1).contiguous(), arranged.fixed)
        if value is None:
            return None
        # What no layer made yet has the other layout, and is turned round for them.
        known = value.layout or Layout(not self._layout.batch_first)
        turned = replace(value, layout=known)
        return emit_windows.transpose(self._builder, "transpose", turned, [1, 0, 2])

    def swaps(self, arranged: Arranged, value: Value) -> bool:
        """Whether it is a sequence of the graph whose steps and sequences change places."""
        whole, index = self.of(value), arranged.index
        return bool(index.ndim == 3 and torch.equal(index.transpose(0, 1), whole))

    def channels_first(self, arranged: Arranged) -> Value:
        """A re-arranged tensor [B, F, T], as convolutions take it, as a value of the graph.

        Raises:
            GatewrightError: GW-108 where it is no sequence turned round.
        """
        value = self._channels_first(arranged)
        if value is None:
            raise self.refused(arranged)
        return value

    def _channels_first(self, arranged: Arranged) -> Value | None:
        if arranged.index.ndim != 3:
            return None
        layout = self._layout
        turned = arranged.index.permute(_turn(CHANNELS_FIRST, layout.axes)).contiguous()
        value = self._find(turned, arranged.fixed)
        if value is None and not layout.batch_first:
            layout = Layout(batch_first=True)
            value = self._untold(arranged.index.permute(_turn(CHANNELS_FIRST, layout.axes)))
        if value is None:
            return None
        layout = value.layout or layout
        back = _turn(layout.axes, CHANNELS_FIRST)
        return emit_windows.transpose(
            self._builder, "transpose", replace(value, layout=layout), back
        )

    def _untold(self, index: torch.Tensor) -> Value | None:
        """The sequence, of a layout that no layer has told, that an index is all of."""
        untold = (v for v in self._values if len(v.shape) == 3 and not (v.stack or v.layout))
        return next((v for v in untold if torch.equal(self.of(v), index)), None)

    def elementwise(self, arranged: Arranged) -> Value:
        """A re-arranged tensor in whichever order of axes the graph may have it.

        Raises:
            GatewrightError: GW-108 where it may have it in none.
        """
        return self._channels_first(arranged) or self.whole(arranged)

    def refused(self, arranged: Arranged) -> GatewrightError:
        """GW-108 for an arrangement that no kernel gives."""
        return not_made(arranged.origin, list(arranged.index.shape), self._why(arranged.index))

    def _why(self, index: torch.Tensor) -> Why:
        """What about an arrangement it is."""
        if len(index.unique()) < index.numel():
            return Why.REPEATS
        if index.ndim < 2:
            return Why.NO_FEATURES
        if index.ndim not in (2, 3):
            return Why.ROWS
        if self._are_columns(index):
            return Why.CUTS
        x, owners = self._builder.input, self._owner[index].unique().tolist()
        if index.ndim == 3 and x.shape[1] == 1 and [self._values[n] for n in owners] == [x]:
            return Why.ONE_STEP
        steps = index.unbind(self._layout.time_axis) if index.ndim == 3 else ()
        apart = {tuple(self._owner[step].unique().tolist()) for step in steps}
        joined = len(apart) > 1 and all(map(self._are_columns, steps))
        return Why.JOINS_STEPS if joined else Why.ROWS

    def _are_columns(self, index: torch.Tensor) -> bool:
        """Whether each is one feature of some tensor, of all sequences."""
        return all(self._column(index[..., k]) for k in range(index.shape[-1]))

    def within(self, arranged: Arranged, last: bool) -> tuple[Value, Groups] | None:
        """A re-arranged tensor as a value of the graph, and which of its axes stand where.

        Args:
            arranged: Of any shape.
            last: Whether its features have to be its last axis.
        """
        for sizes in self._candidates(arranged.index):
            for groups in groupings(tuple(arranged.index.shape), sizes):
                if last and (not groups or groups[-1] != (len(sizes) - 1,)):
                    continue
                value = self._find(_turned(arranged.index, groups, sizes), arranged.fixed)
                if value is not None:
                    return value, groups
        return None

    def _candidates(self, index: torch.Tensor) -> Iterator[tuple[int, ...]]:
        """Sizes of sequences and of matrices that have as many elements."""
        shapes = [v.shape for v in self._values if self.layout_of(v) is not None]
        leads = dict.fromkeys(shape[:2] for shape in shapes)
        axis = self._layout.batch_axis
        batches = dict.fromkeys([*(s[axis] for s in leads), *(v.shape[0] for v in self._values)])
        steps = len(self.steps_of(index).unique())
        cut = [(b, steps) if axis == 0 else (steps, b) for b in batches]
        for lead in dict.fromkeys((*leads, *((batch,) for batch in batches), *cut)):
            count, rest = divmod(index.numel(), math.prod(lead))
            if not rest and count:
                yield (*lead, count)

    def _find(self, index: torch.Tensor, fixed: bool) -> Value | None:
        if index.ndim not in (2, 3):
            return None
        key = (tuple(index.shape), index.numpy().tobytes(), fixed)
        if key not in self._made:
            value = self._flat(index, fixed) or self._columns(index, fixed)
            if value is None:
                return None
            self._made[key] = value
        return self._made[key]

    def _flat(self, index: torch.Tensor, fixed: bool) -> Value | None:
        """All steps of one sequence side by side, or some of them."""
        value = self._values[int(self._owner[index.flatten()[0]])]
        layout = self.layout_of(value)
        if index.ndim != 2 or layout is None or not layout.batch_first or value.shape[1] < 2:
            return None
        steps, rest = divmod(index.shape[1], value.shape[2])
        if torch.equal(index, self.of(value).flatten(1)):
            return emit.flatten(self._builder, "flatten", value)
        if rest or steps < 2 or len(self._owner[index].unique()) > 1:
            return None
        part = self._find(index.reshape(len(index), steps, -1), fixed)
        return part and emit.flatten(self._builder, "flatten", part)

    def _columns(self, index: torch.Tensor, fixed: bool) -> Value | None:
        columns = [self._column(index[..., k]) for k in range(index.shape[-1])]
        if not all(columns):
            return None
        found = [column for column in columns if column is not None]
        kinds = {column.taken for column in found}
        taken = next(iter(kinds))
        if len(kinds) == 1 and taken is not None and not any(self._final(c) for c in found):
            whole = self._beside([_Column(c.value, c.feature, None) for c in found], fixed)
            return whole and self._take(whole, taken, fixed)
        return self._beside(found, fixed)

    def _final(self, column: _Column) -> Value | None:
        """The final state of a layer that runs backwards, where a column is of its first step."""
        first = column.taken is not None and column.taken.single and column.taken.first == 0
        return self._finals.get(column.value.name) if first else None

    def _beside(self, columns: list[_Column], fixed: bool) -> Value | None:
        runs: list[list[_Column]] = []
        for column in columns:
            last = runs[-1][-1] if runs else None
            if last and (last.value, last.taken) == (column.value, column.taken):
                runs[-1].append(column)
            else:
                runs.append([column])
        parts = [self._part(run, fixed) for run in runs]
        found = [part for part in parts if part is not None]
        return self._join(found) if len(found) == len(parts) else None

    def _column(self, index: torch.Tensor) -> _Column | None:
        """One feature of all sequences, [B], or of all or some of their steps, [B, T] or [T, B]."""
        owners = self._owner[index]
        value = self._values[int(owners.flatten()[0])]
        if not bool((owners == owners.flatten()[0]).all()):
            return None
        layout = self.layout_of(value)
        if value.stack or len(value.shape) != 2 + (layout is not None):
            return None
        *lead, feature = self._coordinates(value, self._place[index])
        f, taken, whole = int(feature.flatten()[0]), None, self.of(value)
        if layout is not None:
            taken = _taken(lead[layout.time_axis], layout, value.shape[layout.time_axis])
        if layout is not None and taken is not None:
            steps = torch.arange(taken.first, taken.end, taken.stride)
            whole = whole.index_select(layout.time_axis, steps)
            whole = whole.squeeze(layout.time_axis) if taken.single else whole
        return _Column(value, f, taken) if torch.equal(whole[..., f], index) else None

    def _part(self, run: list[_Column], fixed: bool) -> Value | None:
        first = run[0]
        features = tuple(column.feature for column in run)
        if features != tuple(range(first.value.shape[-1])):
            return None
        if first.taken is None:
            return first.value
        return self._final(first) or self._take(first.value, first.taken, fixed)

    def _take(self, value: Value, taken: Taken, fixed: bool) -> Value:
        """Some time steps of a sequence."""
        layout = value.layout or self._layout
        value = replace(value, layout=layout)
        if not taken.single:
            return emit.select_steps(self._builder, "steps", value, taken)
        if not emit.is_last(value, taken.first):
            return emit.select_step(self._builder, "step", value, taken.first)
        return emit.select_step(self._builder, "last_step", value, taken.first if fixed else -1)

    def _join(self, parts: Sequence[Value]) -> Value:
        """Several side by side; what was joined so before is not joined again."""
        if len(parts) == 1:
            return parts[0]
        names = [part.name for part in parts]
        for whole, known in self._parts.values():
            if [part.name for part in known] == names:
                return whole
        return self.joined(emit.concat(self._builder, "cat", parts), parts)


def _taken(times: torch.Tensor, layout: Layout, steps: int) -> Taken | None:
    """The steps that rows of a column are of, the same in each sequence; None for all of them."""
    if times.ndim == 1:
        return Taken(int(times[0]), single=True)
    row = times.select(layout.batch_axis, 0).tolist()
    stride = max(1, row[1] - row[0]) if len(row) > 1 else 1
    taken = Taken(row[0], stride, len(row))
    return None if len(row) == steps or taken.end > steps else taken


def _turn(axes: str, to: str) -> list[int]:
    """The permutation from these axes to those."""
    return [axes.index(axis) for axis in to]


def _turned(index: torch.Tensor, groups: Groups, sizes: Sequence[int]) -> torch.Tensor:
    return torch.from_numpy(to_graph(index.numpy(), groups, sizes))


def turned_back(index: torch.Tensor, groups: Groups) -> torch.Tensor:
    """The inverse of what ``Elements.within`` did to the axes."""
    return torch.from_numpy(to_user(index.numpy(), groups))
