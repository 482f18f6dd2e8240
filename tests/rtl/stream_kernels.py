"""The stream kernels: a device each, its kernel, random input and what must come of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from bench import Beats, Device, pack
from cases import LONGEST, Array, Case, Sequences

from gatewright.hls_templates.kernels.argmax.kernel import ArgMaxKernel
from gatewright.hls_templates.kernels.axis.kernel import AxisPort
from gatewright.hls_templates.kernels.base import Kernel, Port
from gatewright.hls_templates.kernels.concat.kernel import ConcatKernel
from gatewright.hls_templates.kernels.flatten.kernel import FlattenKernel
from gatewright.hls_templates.kernels.fork.kernel import Fork
from gatewright.hls_templates.kernels.groups.kernel import GroupsKernel
from gatewright.hls_templates.kernels.over_time.kernel import OverTime
from gatewright.hls_templates.kernels.reverse.kernel import Reverse
from gatewright.hls_templates.kernels.select_last.kernel import SelectLastKernel
from gatewright.hls_templates.kernels.select_steps.kernel import SelectStepsKernel
from gatewright.hls_templates.kernels.windows.kernel import WindowsKernel
from gatewright.ir.steps import Taken
from gatewright.ir.types import IntType


def _common(
    name: str, inputs: Sequence[Port], outputs: Sequence[Port]
) -> tuple[str, str, tuple[Port, ...], tuple[Port, ...], int]:
    return name, name, tuple(inputs), tuple(outputs), 0


def _bits(ports: Sequence[Port]) -> tuple[int, ...]:
    return tuple(p.width * p.type.bits for p in ports)


def _case(
    kernel: Kernel,
    expected: Callable[[Sequences], list[Beats]],
    *,
    depths: tuple[int, int] = (2, 2),
    length: int | None = None,
    settled: Callable[[Array, Array], tuple[Array, Array]] | None = None,
    **parameters: Any,
) -> Case:
    ins, outs = _bits(kernel.inputs), _bits(kernel.outputs)
    device = Device(kernel.ident, f"gw_{kernel.function}", parameters, ins, outs, depths)
    given = {} if settled is None else {"settled": settled}
    return Case(device, kernel, expected, kernel.inputs, length, **given)


def _fork(depths: tuple[int, int]) -> Case:
    port = Port(3, IntType(-64, 63))
    kernel = Fork(*_common(f"fork{depths[0]}{depths[1]}", [port], [port] * 3))
    return _case(
        kernel,
        lambda s: [s.beats(s.values[0], 7)] * 3,
        depths=depths,
        OUTPUTS=3,
        BEAT_BITS=21,
    )


def _concat(depths: tuple[int, int]) -> Case:
    ports = [Port(1, IntType(-16, 15)), Port(4, IntType(0, 255)), Port(2, IntType(-512, 511))]
    out = Port(7, IntType(-512, 511))
    return _case(
        ConcatKernel(*_common(f"concat{depths[0]}{depths[1]}", ports, [out])),
        lambda s: [s.beats(np.concatenate(s.values, axis=1), 10)],
        depths=depths,
        INPUTS=3,
        WIDTHS="{32'd2, 32'd4, 32'd1}",
        BITS="{32'd10, 32'd8, 32'd5}",
        SIGNED="3'b101",
        IN_BEAT_BITS=57,
        OUT_WIDTH=7,
        OUT_BITS=10,
    )


def _reversed(s: Sequences) -> list[Beats]:
    ends = np.repeat(s.starts + s.lengths - 1, s.lengths)
    within = np.arange(len(ends)) - np.repeat(s.starts, s.lengths)
    return [s.beats(s.values[0][ends - within], 6)]


def _reverse(name: str, length: int | None, max_steps: int) -> Case:
    port = Port(5, IntType(0, 63))
    kernel = Reverse(*_common(name, [port], [port]), max_steps, "too_long_0")
    return _case(kernel, _reversed, length=length, BEAT_BITS=30, MAX_STEPS=max_steps)


def _select_last() -> Case:
    port = Port(9, IntType(-8, 7))
    return _case(
        SelectLastKernel(*_common("select_last", [port], [port])),
        lambda s: [s.ends(s.values[0][s.starts + s.lengths - 1], 4)],
        BEAT_BITS=36,
    )


def _select_steps(length: int, first: int, stride: int, count: int) -> Case:
    port, taken = Port(3, IntType(-32, 31)), Taken(first, stride, count)
    name = f"select_steps{length}{first}{stride}{count}"

    def expected(s: Sequences) -> list[Beats]:
        rows = s.values[0].reshape(-1, length, 3)[:, first : taken.end : stride]
        counts = np.full(len(rows), count)
        return [Sequences([], counts, s.keep).beats(rows.reshape(-1, 3), 6)]

    return _case(
        SelectStepsKernel(*_common(name, [port], [port]), taken),
        expected,
        length=length,
        BEAT_BITS=18,
        FIRST=first,
        STRIDE=stride,
        COUNT=count,
    )


def _flatten(steps: int) -> Case:
    port = Port(3, IntType(-32, 31))
    kernel = FlattenKernel(*_common(f"flatten{steps}", [port], [Port(3 * steps, port.type)]), steps)
    return _case(
        kernel,
        lambda s: [s.ends(s.values[0].reshape(len(s.lengths), -1), 6)],
        length=steps,
        BEAT_BITS=18,
        STEPS=steps,
    )


def _over_time(name: str, maximum: bool, low: int, high: int) -> Case:
    port = Port(4, IntType(low, high))
    out = port if maximum else Port(4, IntType(LONGEST * low, LONGEST * high))
    reduce = np.maximum if maximum else np.add
    return _case(
        OverTime(*_common(name, [port], [out]), name, maximum),
        lambda s: [s.ends(reduce.reduceat(s.values[0], s.starts), out.type.bits)],
        WIDTH=4,
        IN_BITS=port.type.bits,
        OUT_BITS=out.type.bits,
        SIGNED=int(low < 0),
        MAXIMUM=int(maximum),
    )


def _windows(
    kernel: int, stride: int, dilation: int, padding: tuple[int, int], low: int, pad: int
) -> Case:
    port = Port(3, IntType(low, low + 63))
    out = Port(3 * kernel, port.type)
    span, (before, after) = dilation * (kernel - 1) + 1, padding
    name = f"windows{kernel}{stride}{dilation}{before}{after}"
    options = (kernel, dilation, stride, before, after, pad)

    def expected(s: Sequences) -> list[Beats]:
        rows, counts, whole, done = [], [], np.zeros((0, 3), np.int64), 0
        ahead, behind = (np.full((n, 3), pad) for n in padding)
        for i, x in enumerate(np.split(s.values[0], np.cumsum(s.lengths)[:-1])):
            goes_on = s.keep[i] and i > 0
            whole, done = np.concatenate([whole if goes_on else ahead, x]), done * goes_on
            seen = whole if goes_on else np.concatenate([whole, behind])
            firsts = np.arange(0, len(seen) - span + 1, stride)[done:]
            steps = firsts[:, None] + np.arange(kernel) * dilation
            rows.append(seen[steps].reshape(len(firsts), -1))
            counts.append(len(firsts))
            done += len(firsts)
        return [Sequences([], np.array(counts), s.keep).beats(np.concatenate(rows), 6)]

    shortest = max(1, span - before - after)

    def settled(lengths: Array, keep: Array) -> tuple[Array, Array]:
        """Whole strides behind a sequence whose last window holds no step of the padding."""
        keep = keep & (after < stride <= span)
        goes_on = keep & (np.arange(len(keep)) > 0)
        lengths = np.where(goes_on, -(-lengths // stride) * stride, lengths.clip(shortest))
        reach = (before + lengths - span) % stride + after
        more = np.where(reach < stride, 0, stride + after - reach)
        return lengths + np.where(np.append(goes_on[1:], False) & ~goes_on, more, 0), keep

    return _case(
        WindowsKernel(*_common(name, [port], [out]), *options),
        expected,
        settled=settled,
        BEAT_BITS=18,
        KERNEL=kernel,
        STRIDE=stride,
        DILATION=dilation,
        BEFORE=before,
        AFTER=after,
        PAD=f"18'd{sum((pad & 63) << 6 * i for i in range(3))}",
    )


def _groups(name: str, maximum: bool, kernel: int, low: int, high: int) -> Case:
    port = Port(3 * kernel, IntType(low, high))
    reach = IntType(low, high) if maximum else IntType(kernel * low, kernel * high)
    out = Port(3, reach)
    reduce = np.max if maximum else np.sum
    return _case(
        GroupsKernel(*_common(name, [port], [out]), kernel, maximum),
        lambda s: [s.beats(reduce(s.values[0].reshape(-1, kernel, 3), axis=1), reach.bits)],
        WIDTH=3,
        KERNEL=kernel,
        IN_BITS=port.type.bits,
        OUT_BITS=reach.bits,
        SIGNED=int(low < 0),
        MAXIMUM=int(maximum),
    )


def _argmax(classes: int, low: int, high: int) -> Case:
    port, out = Port(classes, IntType(low, high)), Port(1, IntType(0, classes - 1))
    return _case(
        ArgMaxKernel(*_common(f"argmax{classes}", [port], [out]), "argmax", True),
        lambda s: [s.beats(s.values[0].argmax(axis=1)[:, None], out.type.bits)],
        CLASSES=classes,
        BITS=port.type.bits,
        SIGNED=int(low < 0),
        INDEX_BITS=out.type.bits,
    )


def _axis(name: str, width: int, lanes: int, low: int, high: int, write: bool) -> Case:
    """A port whose values are words of its own: lanes of two bytes, noise where no value is."""
    value = Port(width, IntType(low, high))
    folds, bits = -(-width // lanes), value.type.bits
    lane = IntType(-(2**15), 2**15 - 1) if low < 0 else IntType(0, 2**16 - 1)
    words = Port(lanes, lane)

    def to_words(s: Sequences) -> list[Beats]:
        padded = np.zeros((len(s.values[0]), folds * lanes), dtype=np.int64)
        padded[:, :width] = s.values[0]
        beats = s.beats(s.values[0], bits)
        last = np.zeros((len(padded), folds), dtype=np.bool_)
        last[:, -1] = beats.last
        return [
            Beats(pack(padded.reshape(-1, lanes), 16), last.ravel(), np.repeat(beats.keep, folds))
        ]

    def to_beats(s: Sequences) -> list[Beats]:
        values = s.values[0].reshape(-1, folds * lanes)[:, :width]
        # Each sequence is as many words as fold into its steps.
        steps = Sequences([values], s.lengths // folds, s.keep)
        return [steps.beats(values, bits)]

    parameters: dict[str, object] = {"WIDTH": width, "BITS": bits, "LANE_BITS": 16}
    parameters |= {"LANES": lanes, "FOLDS": folds}
    ins, outs = (width * bits,), (lanes * 16,)
    if write:
        device = Device(
            name, "gw_axis_write", {**parameters, "SIGNED": int(low < 0)}, ins, outs, (2, 0)
        )
        return Case(device, AxisPort(name, name, value, True), to_words, (value,))
    parameters["MAX_STEPS"] = LONGEST
    flags = ("too_long_o", "framing_o")
    tied = ("hold_i", "wrong_i")
    device = Device(name, "gw_axis_read", parameters, outs, ins, (0, 2), flags, tied=tied)
    return Case(device, AxisPort(name, name, value, True), to_beats, (words,), 3 * folds)


WINDOWS = (
    _windows(3, 1, 1, (0, 0), -32, 0),
    _windows(3, 1, 1, (2, 0), -32, 0),
    _windows(3, 1, 2, (2, 2), -32, -32),
    _windows(2, 2, 1, (0, 0), 0, 0),
    _windows(3, 2, 1, (1, 1), -32, 5),
    _windows(5, 3, 1, (2, 2), 0, 0),
    _windows(2, 4, 2, (1, 2), -32, 0),
    _windows(1, 3, 1, (0, 0), 0, 0),
    _windows(5, 3, 1, (3, 1), 0, 0),
    _groups("largest_of_groups", True, 3, -32, 31),
    _groups("largest_of_positive", True, 2, 0, 63),
    _groups("sum_of_groups", False, 3, -32, 31),
    _groups("one_group", False, 1, 0, 7),
)
"""They share a million beats."""

STREAMS = (
    _fork((2, 2)),
    _fork((1, 7)),
    _concat((2, 2)),
    _concat((6, 1)),
    _reverse("reverse", None, LONGEST),
    _reverse("reverse1", 1, 1),
    _select_last(),
    _select_steps(1, 0, 1, 1),
    _select_steps(5, 2, 1, 1),
    _select_steps(5, 0, 1, 4),
    _select_steps(7, 1, 3, 2),
    _flatten(1),
    _flatten(5),
    _over_time("sum_over_time", False, -128, 127),
    _over_time("sum_of_positive", False, 0, 15),
    _over_time("max_over_time", True, -128, 127),
    _over_time("max_of_positive", True, 0, 3),
    *WINDOWS,
    _argmax(1, -4, 3),
    _argmax(3, 0, 3),
    _argmax(5, -2, 1),
    _axis("read", 5, 5, -512, 511, False),
    _axis("read_folds", 7, 3, 0, 511, False),
    _axis("read_pairs", 4, 2, -512, 511, False),
    _axis("write", 5, 5, -512, 511, True),
    _axis("write_folds", 7, 3, 0, 511, True),
)
