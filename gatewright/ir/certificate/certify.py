"""Find what the certificate lists, over all integers that float32 may reach.

Where float32 rounds to another code, the places behind may meet integers that exact arithmetic
never reaches. So the graph is lowered once more, each place judged as it is added, and what float32
may make of it added to the range that all behind it are judged over.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import onnx

from gatewright.ir import ops
from gatewright.ir.certificate.certificate import ALL_CHANNELS, Certificate, Place, SummaryRow
from gatewright.ir.certificate.float_error import (
    Intervals,
    argmax_gap,
    boundaries,
    output_intervals,
    step_intervals,
)
from gatewright.ir.certificate.function_error import function_intervals, table_intervals
from gatewright.ir.certificate.runs import EvenRun, find_runs
from gatewright.ir.graph import Graph
from gatewright.ir.lowering.lower import IntegerModel, lower
from gatewright.ir.lowering.rounding import KnownStep, Rounding, RoundingLog
from gatewright.ir.types import BoolArray, FloatArray, IntArray, IntType

FINE = 2.0**-6
"""Codes that an integer is worth, below which two more on a list are no matter."""
LONG_LIST = 4096
"""Entries of a place beyond which those that are evenly spaced are written as runs."""


class FloatModel(NamedTuple):
    """What float32 may do with a model.

    Attributes:
        model: The integer model, each tensor of which holds all integers that float32 may give it,
            and each table and row of thresholds all that it may meet.
        certificate: Where float32 may round to another code than exact arithmetic.
    """

    model: IntegerModel
    certificate: Certificate


def certify(traced: onnx.ModelProto, integer: IntegerModel) -> FloatModel:
    """Judge every place of rounding of a model.

    States are declared with every code of their quantizer, so once through the graph is a fixed
    point.

    Args:
        traced: The traced graph.
        integer: What ``lower`` made of it; its thresholds and tables are used where they will do.
    """
    places: list[Place] = []

    def reach(rounding: Rounding) -> IntType | None:
        place, reached = judge(rounding)
        places.append(place)
        return reached

    model = lower(traced, RoundingLog(reach=reach, known=_steps(integer)))
    return FloatModel(model, Certificate(tuple(places)))


def _steps(integer: IntegerModel) -> dict[str, KnownStep]:
    """Its thresholds and tables, by place."""
    scans = [(f"{node.name}/", node.body) for node in integer.graph.scans() if node.body]
    graphs: list[tuple[str, Graph]] = [("", integer.graph), *scans]
    return {
        prefix + node.outputs[0]: (graph[node.inputs[0]].type, step)
        for prefix, graph in graphs
        for node in graph.nodes
        if node.op in (ops.LOOKUP, ops.MULTITHRESHOLD)
        and (step := graph[node.inputs[1]].value) is not None
    }


def judge(rounding: Rounding) -> tuple[Place, IntType | None]:
    """Judge one place of rounding.

    Returns:
        The place, and the range of what float32 may give at the integers that it lists; None where
        it lists none, or where it makes no codes.
    """
    if rounding.kind == "argmax":
        return _judge_argmax(rounding), None
    found = _intervals(rounding)
    if found is None:
        return _all_of(rounding), rounding.quantizer.type
    place = _place(rounding, found)
    if rounding.kind == "output" or found.given is None:
        return place, None
    lowest, highest = (code - rounding.quantizer.zero_point for code in found.given)
    return place, IntType(lowest, highest)


def _all_of(rounding: Rounding) -> Place:
    """A place of which nothing can be said."""
    lo, hi, inputs = _ends(rounding)
    codes, _ = boundaries(rounding.quantizer)
    count = len(codes) * lo.size
    summary = SummaryRow(rounding.name, rounding.kind, count, count, inputs, inputs, None)
    channel, code, low, high = (
        np.array([value], dtype=np.int64) for value in (ALL_CHANNELS, codes[0], lo.min(), hi.max())
    )
    return Place(summary, rounding.source, channel, code, low, high, np.zeros(1))


def _ends(rounding: Rounding) -> tuple[IntArray, IntArray, int]:
    """Lowest and highest integers, [C] each, and how many there are in all."""
    path = rounding.path
    lo, hi = np.array(path.lo, dtype=np.int64), np.array(path.hi, dtype=np.int64)
    return lo, hi, int((hi - lo + 1).sum())


def _place(rounding: Rounding, found: Intervals) -> Place:
    lo, hi, inputs = _ends(rounding)
    lows, highs = _align(found)
    lows, highs = np.maximum(lows, lo[:, None]), np.minimum(highs, hi[:, None])
    listed = lows <= highs
    single: BoolArray = listed
    runs: tuple[EvenRun, ...] = ()
    if listed.sum() > LONG_LIST:
        single, runs = _as_runs(found, lows, highs)
    summary = SummaryRow(
        rounding.name,
        rounding.kind,
        int((found.reached | listed).sum()),
        int(listed.sum()),
        inputs,
        _union(lows, highs),
        found.error_bound,
    )
    lows, highs = np.where(single, lows, hi[:, None] + 1), np.where(single, highs, lo[:, None] - 1)
    return Place(summary, rounding.source, *_entries(found, lows, highs, lo, hi), runs)


def _intervals(rounding: Rounding) -> Intervals | None:
    if rounding.kind == "output":
        return output_intervals(rounding)
    if rounding.function is None:
        return step_intervals(rounding)
    judge = table_intervals if rounding.kind == "table" else function_intervals
    return judge(rounding, rounding.function)


def _judge_argmax(rounding: Rounding) -> Place:
    """One boundary, between the first of the largest and any other class."""
    path = rounding.path
    widest = max(path.hi) - min(path.lo)
    gap, error = argmax_gap(rounding)
    gap = min(gap, widest)
    summary = SummaryRow(rounding.name, rounding.kind, 1, int(gap >= 0), widest + 1, gap + 1, error)
    entries = [[ALL_CHANNELS, 0, 0, gap]] if gap >= 0 else []
    channel, code, low, high = np.array(entries, dtype=np.int64).reshape(-1, 4).T
    return Place(summary, rounding.source, channel, code, low, high, np.zeros(len(entries)))


def _align(found: Intervals) -> tuple[IntArray, IntArray]:
    """Give the channels [C, K] of a boundary one interval where theirs are nearly the same.

    A longer list is sound as well; this one is shorter to write.
    """
    if found.unit > FINE:
        return found.lows, found.highs
    listed = found.lows <= found.highs
    far = np.iinfo(np.int64).max
    low = np.where(listed, found.lows, far).min(axis=0)
    high = np.where(listed, found.highs, -far).max(axis=0)
    widest = np.where(listed, found.highs - found.lows + 1, 0).max(axis=0)
    often = 2 * listed.sum(axis=0) >= found.reached.sum(axis=0)
    more = np.maximum(2, widest // 4)
    near = (np.ptp(found.centers, axis=0) <= more) & (high - low + 1 <= widest + more)
    alike = (widest > 0) & often & near
    return np.where(alike, low, found.lows), np.where(alike, high, found.highs)


def _as_runs(
    found: Intervals, lows: IntArray, highs: IntArray
) -> tuple[BoolArray, tuple[EvenRun, ...]]:
    """Cover listed intervals [C, K] by runs, and widen those arrays to what the runs list.

    Returns:
        Which intervals are left to be listed one by one, and the runs.
    """
    single = lows <= highs
    runs = []
    centers = np.broadcast_to(found.centers, lows.shape)
    for c in range(len(lows)):
        channel = c if len(lows) > 1 else ALL_CHANNELS
        for part, run in find_runs(channel, found.codes, lows[c], highs[c], centers[c]):
            lows[c, part], highs[c, part] = run.bounds()
            single[c, part] = False
            runs.append(run)
    return single, tuple(runs)


def _union(lows: IntArray, highs: IntArray) -> int:
    """How many integers the intervals [C, K] of each channel hold, ascending in K."""
    listed = lows <= highs
    floor = np.iinfo(np.int64).min // 2
    ends = np.maximum.accumulate(np.where(listed, highs, floor), axis=1)
    before = np.concatenate([np.full((len(ends), 1), floor), ends[:, :-1]], axis=1)
    return int(np.where(listed, np.maximum(0, highs - np.maximum(lows, before + 1) + 1), 0).sum())


def _entries(
    found: Intervals, lows: IntArray, highs: IntArray, lo: IntArray, hi: IntArray
) -> tuple[IntArray, IntArray, IntArray, IntArray, FloatArray]:
    """Columns of the list: a boundary where all channels agree, else a channel and boundary."""
    codes, distances = found.codes, found.distances
    listed = lows <= highs
    far = np.iinfo(np.int64).max
    low = np.where(listed, lows, far).min(axis=0)
    high = np.where(listed, highs, -far).max(axis=0)
    # A channel agrees where the interval, as far as the channel reaches, is its own.
    within = np.maximum(low, lo[:, None]), np.minimum(high, hi[:, None])
    agrees = np.where(listed, (lows == within[0]) & (highs == within[1]), within[0] > within[1])
    common = listed.any(axis=0) & agrees.all(axis=0)
    nearest = np.where(listed, distances, np.inf).min(axis=0)
    own = np.argwhere((listed & ~common).T)
    code, channel = own.T
    every = np.flatnonzero(common)
    columns = (
        np.concatenate([np.full(every.size, ALL_CHANNELS), channel]),
        np.concatenate([codes[every], codes[code]]),
        np.concatenate([low[every], lows[channel, code]]),
        np.concatenate([high[every], highs[channel, code]]),
        np.concatenate([nearest[every], distances[channel, code]]),
    )
    order = np.lexsort((columns[0], columns[2], columns[1]))
    a, b, c, d, e = (column[order] for column in columns)
    return a, b, c, d, e
