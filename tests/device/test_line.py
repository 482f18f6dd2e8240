"""The real link against the simulated board, from UART pin to UART pin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from time import sleep

import designs
import numpy as np
import pytest
from commit_choice import crossed, drawn
from designs import DIGEST, MAX_STEPS, expected
from simulated import CLOCKS_PER_BIT, SimulatedBoard

from gatewright.boards.shell import frames
from gatewright.boards.shell.link import Link
from gatewright.boards.shell.pace import Pace
from gatewright.boards.shell.ports import input_ports, output_ports
from gatewright.errors import GatewrightError
from gatewright.ir.types import IntArray

pytestmark = pytest.mark.compiles

serial = pytest.importorskip("serial", reason="needs pyserial")
INPUTS, OUTPUTS = input_ports(designs.INPUTS), output_ports(designs.OUTPUTS)


def pace(timeout: float) -> Pace:
    """Of a simulated board, which knows no time."""
    return Pace(timeout, 9600, lambda steps: 60.0)


@contextmanager
def linked(board: SimulatedBoard, timeout: float = 1.0) -> Iterator[Link]:
    with serial.Serial(board.port, 115200, timeout=0.02, exclusive=True) as line:
        yield Link(line, board.port, INPUTS, OUTPUTS, DIGEST, pace(timeout))


@pytest.fixture
def link(small_board: SimulatedBoard) -> Iterator[Link]:
    with linked(small_board) as link:
        link.hello()
        yield link


def run(link: Link, x: IntArray, start: IntArray, *, keep: bool = False) -> list[IntArray]:
    feeds = {"s_axis": x, "s_axis_1_start": start[None]}
    words = [port.pack(feeds[port.tensor]) for port in INPUTS]
    answers = link.run(words, len(x), keep=keep)
    return [port.unpack(data) for port, data in zip(OUTPUTS, answers, strict=True)]


def random_sequence(seed: int, steps: int, slowest: int = 3) -> tuple[IntArray, IntArray]:
    rng = np.random.default_rng(seed)
    x = rng.integers(-128, 128, (steps, 3))
    x[:, 2] = rng.integers(0, slowest + 1, steps)
    return x, rng.integers(-(1 << 15), 1 << 15, 2)


def check(got: list[IntArray], want: list[IntArray]) -> None:
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("steps", [1, 2, 31, MAX_STEPS])
def test_a_sequence(steps: int, link: Link) -> None:
    x, start = random_sequence(steps, steps)
    x[-1, 2] = 100  # the check sum is known long before the answer
    check(run(link, x, start), expected(x, start))


def test_slow_steps_are_held_back_by_credits(link: Link, small_board: SimulatedBoard) -> None:
    """A step of some 10,000 cycles, in which the line could bring 30: no overrun, nothing lost."""
    x, start = random_sequence(5, 290, slowest=100)
    sent: list[int] = []
    small_board.to_board = lambda data: sent.append(len(data)) or data  # type: ignore[func-returns-value]
    check(run(link, x, start), expected(x, start))
    assert max(sent) < 2 * 512 + 3  # a window, if all of it is escaped


def test_escapes(link: Link) -> None:
    """Sequences and answers that are full of flags and escapes."""
    x = np.tile([0x7E, 0x7D, 0], (100, 1)).astype(np.int64)
    start = np.array([0x7E7D - 2 * (0x7E + 0x7D), 0x7D7E])
    check(run(link, x, start), expected(x, start))


def test_back_to_back(link: Link) -> None:
    for seed in range(20):
        x, start = random_sequence(seed, 1 + seed)
        check(run(link, x, start), expected(x, start))


def test_keep_goes_on(link: Link) -> None:
    x, start = random_sequence(1, 30)
    pieces = [x[:7], x[7:8], x[8:]]
    total = None
    for i, piece in enumerate(pieces):
        want = expected(piece, start, total)
        check(run(link, piece, start, keep=i > 0), want)
        total = int(want[0][0, 0])


def test_keep_after_hello_begins_at_the_start_state(link: Link) -> None:
    x, start = random_sequence(2, 5)
    run(link, x, start)
    link.hello()
    check(run(link, x, start, keep=True), expected(x, start, 0))


def test_without_keep_nothing_stays(link: Link) -> None:
    x, start = random_sequence(3, 9)
    first, second = run(link, x, start), run(link, x, start)
    check(first, second)


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


def drop(data: bytes, at: int) -> bytes:
    return data[:at] + data[at + 1 :]


def insert(data: bytes, at: int) -> bytes:
    return data[:at] + b"\x55" + data[at:]


def flag(data: bytes, at: int) -> bytes:
    return data[:at] + b"\x7e" + data[at + 1 :]


def truncate(data: bytes, at: int) -> bytes:
    return data[:at]


DAMAGES = (flip, drop, insert, flag, truncate)


class Once:
    """Damages the first byte strings that come through until it has struck ``times`` times."""

    def __init__(self, damage: Callable[[bytes, int], bytes], at: int, times: int = 1) -> None:
        self._damage = damage
        self._skip = at
        self.left = times

    def __call__(self, data: bytes) -> bytes:
        if self.left and len(data) > self._skip:
            self.left -= 1
            return self._damage(data, self._skip)
        if self.left:
            self._skip -= len(data)
        return data


@pytest.mark.parametrize(
    ("damage", "side"), drawn(crossed(DAMAGES, ["to_board", "to_host"]), 2, "rotating")
)
def test_a_damaged_frame_is_sent_again(
    side: str, damage: Callable[[bytes, int], bytes], small_board: SimulatedBoard
) -> None:
    """Wherever the line damages a frame: the right answer in the end, and never a wrong one."""
    x, start = random_sequence(4, 6)
    length = 40 if side == "to_board" else 35
    with linked(small_board, timeout=0.15) as link:
        link.hello()
        for at in range(0, length, 3):
            once = Once(damage, at)
            setattr(small_board, side, once)
            check(run(link, x, start), expected(x, start))
            assert once.left == 0
            setattr(small_board, side, bytes)


@pytest.mark.parametrize("side", ["to_board", "to_host"])
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("at", [5, 14, 25])
def test_a_damaged_frame_with_keep_loses_the_state(
    side: str, damage: Callable[[bytes, int], bytes], at: int, small_board: SimulatedBoard
) -> None:
    x, start = random_sequence(6, 6)
    with linked(small_board, timeout=0.15) as link:
        link.hello()
        run(link, x, start)
        setattr(small_board, side, Once(damage, at))
        raises("GW-909", lambda: run(link, x, start, keep=True))
        # It stays lost, whatever the board thinks, until there is a new beginning.
        raises("GW-909", lambda: run(link, x, start, keep=True))
        want = expected(x, start)
        check(run(link, x, start), want)
        check(run(link, x, start, keep=True), expected(x, start, int(want[0][0, 0])))


def raises(code: str, call: Callable[[], object], cause: str = "") -> None:
    with pytest.raises(GatewrightError) as caught:
        call()
    assert caught.value.code == code, caught.value
    assert cause in caught.value.cause
    assert caught.value.remedy


def test_random_damage_never_gives_a_wrong_answer(small_board: SimulatedBoard) -> None:
    """One byte in fifty is damaged, both ways: an answer is right, or it is an error."""
    rng = np.random.default_rng(11)

    def noise(data: bytes) -> bytes:
        out = bytearray()
        for byte in data:
            kind = rng.integers(0, 150)
            out += {0: b"", 1: bytes([byte, byte]), 2: bytes([rng.integers(256)])}.get(
                int(kind), bytes([byte])
            )
        return bytes(out)

    right = wrong = 0
    with linked(small_board, timeout=0.1) as link:
        link.hello()
        small_board.to_board = small_board.to_host = noise
        for seed in range(60):
            x, start = random_sequence(seed, int(rng.integers(1, 12)))
            try:
                check(run(link, x, start), expected(x, start))
                right += 1
            except GatewrightError as error:
                assert error.code in ("GW-904", "GW-905")
                wrong += 1
        small_board.to_board = small_board.to_host = bytes
        check(run(link, x, start), expected(x, start))
    assert right > 10
    assert wrong > 0


def test_garbage_before_a_frame(link: Link, small_board: SimulatedBoard) -> None:
    x, start = random_sequence(8, 4)
    rng = np.random.default_rng(8)
    for _ in range(10):
        rubbish = rng.bytes(40)
        pending = [rubbish, b"\x7e" + rubbish[:9], b"\x7d"]
        for before in pending:
            done: list[bool] = []

            def prefixed(data: bytes, before: bytes = before, done: list[bool] = done) -> bytes:
                data = data if done else before + data
                done.append(True)
                return data

            small_board.to_board = prefixed
            check(run(link, x, start), expected(x, start))


def test_a_glitch_on_the_idle_line(link: Link, small_board: SimulatedBoard) -> None:
    x, start = random_sequence(9, 4)
    want = expected(x, start)
    check(run(link, x, start), want)
    small_board.glitch(CLOCKS_PER_BIT // 4)  # no start bit
    small_board.glitch(CLOCKS_PER_BIT * 30)  # a break
    check(run(link, x, start, keep=True), expected(x, start, int(want[0][0, 0])))


def test_reset_between_frames(link: Link, small_board: SimulatedBoard) -> None:
    x, start = random_sequence(10, 4)
    run(link, x, start)
    small_board.reset()
    check(run(link, x, start), expected(x, start))
    small_board.reset()
    raises("GW-909", lambda: run(link, x, start, keep=True), "reset")


@pytest.mark.parametrize("keep", [False, True])
def test_reset_in_the_middle_of_a_frame(keep: bool, small_board: SimulatedBoard) -> None:
    x, start = random_sequence(12, 60, slowest=60)
    with linked(small_board, timeout=0.5) as link:
        link.hello()
        run(link, x, start)
        resets = [5]

        def late(data: bytes) -> bytes:
            if data and resets:
                resets[0] -= 1
                if resets[0] == 0:
                    resets.clear()
                    Timer(0.0, small_board.reset).start()
            return data

        small_board.to_host = late
        if keep:
            raises("GW-909", lambda: run(link, x, start, keep=True))
        else:
            check(run(link, x, start), expected(x, start))
        assert not resets


def test_a_silent_board(small_board: SimulatedBoard) -> None:
    small_board.mute = True
    with linked(small_board, timeout=0.1) as link:
        raises("GW-904", link.hello, "nothing came back")


def test_a_board_that_goes_silent(small_board: SimulatedBoard) -> None:
    x, start = random_sequence(13, 4)
    with linked(small_board, timeout=0.1) as link:
        link.hello()
        small_board.mute = True
        raises("GW-904", lambda: run(link, x, start), "nothing came back")
        small_board.mute = False
        check(run(link, x, start), expected(x, start))


def test_an_answer_that_breaks_off(small_board: SimulatedBoard) -> None:
    x, start = random_sequence(13, 4)
    with linked(small_board, timeout=0.1) as link:
        link.hello()
        small_board.to_host = lambda data: data[:3] if b"\x7e" in data else b""
        raises("GW-904", lambda: run(link, x, start), "broke off")


def test_a_line_that_is_always_noisy(small_board: SimulatedBoard) -> None:
    x, start = random_sequence(13, 4)
    with linked(small_board, timeout=0.2) as link:
        link.hello()
        small_board.to_board = lambda data: data.replace(b"\xff", b"\xfe")  # every end
        raises("GW-905", lambda: run(link, x, start), "there is not")
        small_board.to_board = lambda data: data if len(data) < 2 else flip(data, len(data) - 1)
        raises("GW-905", lambda: run(link, x, start), "check sum")


def test_another_build(small_board: SimulatedBoard) -> None:
    with serial.Serial(small_board.port, timeout=0.02) as line:
        link = Link(
            line,
            small_board.port,
            INPUTS,
            OUTPUTS,
            b"another!",
            pace(1.0),
        )
        raises("GW-906", link.hello, DIGEST.hex())


def test_another_protocol(small_board: SimulatedBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "PROTOCOL", 2)
    with linked(small_board) as link:
        raises("GW-907", link.hello, "version 1")


def test_a_sequence_that_is_too_long(link: Link) -> None:
    x, start = random_sequence(14, MAX_STEPS + 1)
    raises("GW-908", lambda: run(link, x, start), "in 3 attempts")
    raises("GW-909", lambda: run(link, x, start, keep=True))
    x, start = random_sequence(14, MAX_STEPS)
    check(run(link, x, start), expected(x, start))


def test_a_sequence_that_damage_makes_too_long(link: Link, small_board: SimulatedBoard) -> None:
    """The count of a record grows: the board is full before it comes to the check sum."""
    x, start = np.zeros((MAX_STEPS, 3), np.int64), np.zeros(2, np.int64)
    at = 3 + 6 + 2 * (2 + 512) + 1  # behind the start and two records of 256 words
    assert 2 * MAX_STEPS - 2 * 256 == 0x57 + 1

    def longer(data: bytes, at: int) -> bytes:
        assert data[at] == 0x57
        return data[:at] + b"\x5f" + data[at + 1 :]

    small_board.to_board = once = Once(longer, at)
    check(run(link, x, start), expected(x, start))
    assert once.left == 0
    small_board.to_board = Once(longer, at)
    raises("GW-909", lambda: run(link, x, start, keep=True), "more steps than a buffer")


def test_a_sequence_that_ends_inside_a_step(link: Link, small_board: SimulatedBoard) -> None:
    """It could be damage, so it is sent again; then it is told, and what follows is right."""
    x, start = random_sequence(18, 9)
    words = [port.pack(x if port.record.sequence else start[None]) for port in INPUTS]
    cut = [w[:-2] if port.record.sequence else w for port, w in zip(INPUTS, words, strict=True)]
    frames_seen: list[bytes] = []
    small_board.to_board = lambda data: frames_seen.append(data) or data  # type: ignore[func-returns-value]
    raises("GW-910", lambda: link.run(cut, len(x), keep=False), "inside the words of a step")
    assert b"".join(frames_seen).count(frames.FLAG) == 3
    raises("GW-909", lambda: run(link, x, start, keep=True))
    check(run(link, x, start), expected(x, start))


def test_a_host_that_ignores_credits(small_board: SimulatedBoard) -> None:
    """It is told, and gets no answer that could be wrong."""
    x, start = random_sequence(15, 290, slowest=120)
    with linked(small_board) as link:
        link.hello()
        link._window = 1 << 20
        raises("GW-905", lambda: run(link, x, start), "faster than its credits")
        link.hello()
        check(run(link, x, start), expected(x, start))


def test_a_host_that_stalls(small_board: SimulatedBoard) -> None:
    """Pauses at random places of a frame, on either side."""
    rng = np.random.default_rng(16)

    def stall(data: bytes) -> bytes:
        if data and rng.integers(3) == 0:
            sleep(float(rng.uniform(0, 0.05)))
        return data

    with linked(small_board) as link:
        link.hello()
        small_board.to_board = small_board.to_host = stall
        for seed in range(5):
            x, start = random_sequence(seed, 120)
            check(run(link, x, start), expected(x, start))


def test_nothing_is_run_before_a_hello(small_board: SimulatedBoard) -> None:
    """A run from the start says hello by itself, so that it cannot reach another build."""
    x, start = random_sequence(17, 3)
    with linked(small_board) as link:
        check(run(link, x, start), expected(x, start))
    small_board.reset()
    with serial.Serial(small_board.port, timeout=0.02) as line:
        other = Link(
            line,
            small_board.port,
            INPUTS,
            OUTPUTS,
            b"another!",
            pace(1.0),
        )
        raises("GW-906", lambda: run(other, x, start))


def test_the_board_itself_knows_that_its_state_is_lost(
    link: Link, small_board: SimulatedBoard
) -> None:
    """Whatever a host believes, as another program may have used the board in between."""
    x, start = random_sequence(18, 6)
    run(link, x, start)
    small_board.to_board = Once(flip, 25)
    raises("GW-909", lambda: run(link, x, start, keep=True))
    link._state_known = True
    raises("GW-909", lambda: run(link, x, start, keep=True), "cleared")
