"""The timing model: cycles counted by hand, and what it refuses."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from gatewright.hls_templates.kernels import timing
from gatewright.hls_templates.kernels.argmax.kernel import ArgMaxKernel
from gatewright.hls_templates.kernels.axis.kernel import AxisPort
from gatewright.hls_templates.kernels.base import Kernel, Port
from gatewright.hls_templates.kernels.concat.kernel import ConcatKernel
from gatewright.hls_templates.kernels.flatten.kernel import FlattenKernel
from gatewright.hls_templates.kernels.fork.kernel import Fork
from gatewright.hls_templates.kernels.reverse.kernel import Reverse
from gatewright.hls_templates.kernels.select_last.kernel import SelectLastKernel
from gatewright.hls_templates.kernels.timing import Channel
from gatewright.hls_templates.mapping.dataflow import Design, Fifo, Stage, fifo_depth
from gatewright.ir.types import IntType

BYTE = IntType(-128, 127)
PORT, CODE = Port(3, BYTE), Port(1, IntType(0, 2))
WIDE = Port(200, BYTE)  # four words of 64 lanes


def select(ident: str) -> Kernel:
    return SelectLastKernel(ident, ident, (PORT,), (PORT,), 0)


def argmax(ident: str) -> Kernel:
    return ArgMaxKernel(ident, ident, (PORT,), (CODE,), 0, ident, True)


def reverse(ident: str) -> Kernel:
    return Reverse(ident, ident, (PORT,), (PORT,), 0, 64, "too_long_0")


def chain(*kernels: Kernel, sequence: bool = True, port: Port = PORT) -> Design:
    """Kernels one behind the other; behind the last there is a beat a time step or a sequence."""
    ports = [port, *(kernel.output for kernel in kernels)]
    streams = {f"s{n}": Fifo(f"s{n}", p, sequence or n < len(kernels)) for n, p in enumerate(ports)}
    stages = tuple(Stage(k, (f"s{n}",), (f"s{n + 1}",)) for n, k in enumerate(kernels))
    first = AxisPort("s_axis", "x", port, True, "s0")
    last = AxisPort("m_axis", "y", ports[-1], sequence, f"s{len(kernels)}")
    return Design(stages, (first,), (last,), streams, None).with_fifos()


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_cycles_counted_by_hand(steps: int) -> None:
    # Into the FIFO in one cycle, out of it in the next.
    assert chain().cycles(steps) == steps + 1
    assert chain(select("a"), sequence=False).cycles(steps) == steps + 2
    # The half buffer behind it takes a beat every other cycle.
    assert chain(select("a"), sequence=False).cycles(steps, 5) == 4 * max(steps, 2) + steps + 2
    # Three classes, the last of which gives the answer and makes room in the half buffers; the
    # next beat shows two cycles later.
    assert chain(argmax("a")).cycles(steps) == 1 + 3 + 1 + 4 * (steps - 1)
    # All in, one cycle to read the RAM, all out.
    assert chain(reverse("a")).cycles(steps) == 1 + steps + 1 + steps + 1
    # The beats of the next sequence come in while the last beat of this one goes out.
    period = 2 * steps + 1 - 1
    assert chain(reverse("a")).cycles(steps, 3) == 2 * period + 2 * steps + 3


@pytest.mark.parametrize("steps", [1, 3])
def test_words_of_a_beat_come_one_by_one(steps: int) -> None:
    # Half buffers: the last word of a beat leaves, the next beat shows two cycles later.
    assert chain(port=WIDE).cycles(steps) == 4 + 4 + (steps - 1) * 5


def test_branches_that_meet_again_wait_in_deep_streams() -> None:
    fork = Fork("f", "f", (PORT,), (PORT, PORT), 0)
    join = ConcatKernel("c", "c", (PORT, PORT), (Port(6, BYTE),), 0)
    names = ("in", "straight", "back", "turned", "out")
    wide = Port(6, BYTE)

    def design(depth: int) -> Design:
        streams = {n: Fifo(n, wide if n == "out" else PORT, True) for n in names}
        streams |= {n: streams[n].deeper(depth) for n in ("straight", "turned")}
        stages = (
            Stage(fork, ("in",), ("straight", "back")),
            Stage(reverse("r"), ("back",), ("turned",)),
            Stage(join, ("straight", "turned"), ("out",)),
        )
        ports = AxisPort("s", "x", PORT, True, "in"), AxisPort("m", "y", wide, True, "out")
        return Design(stages, ports[:1], ports[1:], streams, 8).with_fifos()

    # fork 1, fill 2..9, RAM 10, first push 11, RAM of the FIFO 12, concat 13..20, out 21
    assert design(12).cycles(8) == 22
    assert design(12).cycles(8, 4) > design(12).cycles(8, 3) > 22
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timing, "FOREVER", 100)
        with pytest.raises(AssertionError, match="waits for ever"):
            design(4).cycles(8)


def test_a_stream_is_as_deep_as_its_ends_make_use_of() -> None:
    def depths(design: Design) -> list[int]:
        return [stream.depth for stream in design.streams.values()]

    assert depths(chain(reverse("a"))) == [2, 2]
    assert depths(chain(argmax("a"))) == [1, 1]
    assert depths(chain(port=WIDE)) == [1]
    assert depths(chain(select("a"), sequence=False)) == [2, 1]
    assert fifo_depth(Fifo("a", PORT, True, 132), 9) == 132


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [(select, 6), (argmax, 18), (reverse, 13), (lambda i: flatten(i, 6), 6)],
)
def test_a_kernel_alone(kernel: Callable[[str], Kernel], expected: int) -> None:
    one = kernel("a")
    design = chain(one, sequence=not isinstance(one, SelectLastKernel | FlattenKernel))
    assert design.document(6, {}).kernels[0].predicted_cycles == expected


def flatten(ident: str, steps: int) -> Kernel:
    return FlattenKernel(ident, ident, (PORT,), (Port(3 * steps, BYTE),), 0, steps)


def test_a_machine_that_cheats_is_caught() -> None:
    channel = Channel(1)
    with pytest.raises(AssertionError, match="not there"):
        channel.pop()
    channel.push(True)
    channel.commit()
    with pytest.raises(AssertionError, match="no room"):
        channel.push(True)


def test_a_hundred_thousand_cycles_take_no_time() -> None:
    design = chain(*(reverse(f"r{n}") for n in range(4)), select("a"), sequence=False)
    began = time.process_time()
    assert design.cycles(20_000) > 100_000
    assert time.process_time() - began < 5
