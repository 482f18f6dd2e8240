"""Peers behind a pseudo terminal that keep to the protocol as far as it suits them."""

from __future__ import annotations

import os
import select
import tty
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Thread

from gatewright.boards.shell import frames
from gatewright.boards.shell.frames import CREDIT, END, IDENTITY, LAST, Command
from gatewright.boards.shell.ports import FramePort

FLOOD = 2048
PAUSE = 0.005
"""Seconds between two parts of a flood: the peers share a processor."""
SLOW = 0.3
"""Seconds between two bytes of who lets the driver wait, which hears something all the time."""


class Peer:
    """One end of a pseudo terminal, in a thread of its own.

    Args:
        digest: Of the build that it says it holds.
        outputs: Ports that answer.
        answer: The words of each port that are right.
        behave: What it does.
    """

    def __init__(
        self,
        digest: bytes,
        outputs: Sequence[FramePort],
        answer: Sequence[bytes],
        behave: Callable[[Peer], None],
    ) -> None:
        self.digest, self.outputs = digest, outputs
        self.answer, self.behave = answer, behave
        self._ended = Event()

    @contextmanager
    def port(self) -> Iterator[str]:
        """Start it; the name of its serial port."""
        self.end, other = os.openpty()
        tty.setraw(other)
        thread = Thread(target=self._work)
        thread.start()
        try:
            yield os.ttyname(other)
        finally:
            self._ended.set()
            thread.join()
            self.hang_up()
            os.close(other)

    def _work(self) -> None:
        os.set_blocking(self.end, False)
        with suppress(OSError, StopIteration):
            self.behave(self)

    def asked(self) -> Iterator[tuple[int, int]]:
        """Ticket and command of each whole frame."""
        data = bytearray()
        while not self._ended.is_set():
            ready, _, _ = select.select([self.end], [], [], 0.02)
            data += os.read(self.end, 4096) if ready else b""
            *_, last = data.split(bytes([frames.FLAG]))
            body = _plain(last)
            if len(body) >= frames.FRAME_BYTES and body[-4:] == frames.check_sum(body[:-4]):
                data.clear()
                yield body[0], body[1]

    def say(self, data: bytes, pause: float = 0.0, size: int = 1 << 16) -> None:
        """Write, as long as somebody takes it and the test goes on."""
        while data and not self._ended.is_set():
            with suppress(BlockingIOError):
                data = data[os.write(self.end, data[:size]) :]
            self._ended.wait(pause or PAUSE)

    def forever(self, data: bytes, pause: float = PAUSE) -> None:
        """Write the same again and again."""
        while not self._ended.is_set():
            self.say(data, pause)

    def hang_up(self) -> None:
        """Close its end, once: the number may soon be somebody else's."""
        end, self.end = self.end, -1
        if end >= 0:
            os.close(end)

    def wait(self) -> None:
        """Do nothing any more."""
        self._ended.wait()

    def identity(
        self, version: int = frames.PROTOCOL, window: int = 4, digest: bytes = b""
    ) -> bytes:
        """What a board says of itself."""
        return bytes([IDENTITY, version]) + (digest or self.digest) + bytes([window])

    def greet(self) -> int:
        """Answer what is a hello, and leave the first ticket that is not."""
        for ticket, command in self.asked():
            if command != Command.HELLO:
                return ticket
            self.say(frame(ticket, self.identity()))
        raise StopIteration

    def words(self, content: Sequence[bytes] | None = None, last: int = LAST) -> bytes:
        """The words of every port, as records."""
        said = b""
        for i, (port, data) in enumerate(zip(self.outputs, content or self.answer, strict=True)):
            size = port.word_bytes
            words = [data[k : k + size] for k in range(0, len(data), size)]
            said += b"".join(bytes([i]) + word for word in words[:-1])
            said += bytes([i | last]) + words[-1]
        return said

    def all_of(self, byte: int) -> list[bytes]:
        """Words of this byte alone, as many as an answer has."""
        return [bytes([byte]) * len(data) for data in self.answer]


def _plain(data: bytes) -> bytes:
    """Without escapes."""
    parts = data.split(bytes([frames.ESCAPE]))
    return parts[0] + b"".join(
        bytes([part[0] ^ frames.TOGGLE]) + part[1:] for part in parts[1:] if part
    )


def frame(ticket: int, records: bytes, status: int = 0, check: bytes | None = None) -> bytes:
    """An answer."""
    body = bytes([ticket]) + records + bytes([END, status])
    return begun(body + (check or frames.check_sum(body)))


def begun(body: bytes) -> bytes:
    """A frame that may not be whole."""
    return bytes([frames.FLAG]) + frames.escaped(body)


def hello(records: Callable[[Peer], bytes], **answer: int | bytes) -> Callable[[Peer], None]:
    """A peer that greets with these records."""

    def behave(peer: Peer) -> None:
        for ticket, _ in peer.asked():
            peer.say(frame(ticket, records(peer), **answer))  # type: ignore[arg-type]

    return behave


def answers(said: Callable[[Peer, int], bytes]) -> Callable[[Peer], None]:
    """A peer that greets well, and gives this to every sequence."""

    def behave(peer: Peer) -> None:
        for ticket, command in peer.asked():
            greets = command == Command.HELLO
            peer.say(frame(ticket, peer.identity()) if greets else said(peer, ticket))

    return behave


def goes_on(data: Callable[[Peer], bytes], pause: float = PAUSE) -> Callable[[Peer], None]:
    """A peer that greets well, and then has no end."""

    def behave(peer: Peer) -> None:
        peer.say(begun(bytes([peer.greet()])))
        peer.forever(frames.escaped(data(peer)), pause)

    return behave


def greets_without_end(data: bytes, pause: float = PAUSE) -> Callable[[Peer], None]:
    """A peer whose greeting has no end."""

    def behave(peer: Peer) -> None:
        ticket, _ = next(peer.asked())
        peer.say(begun(bytes([ticket])))
        peer.forever(data, pause)

    return behave


def stops_reading(peer: Peer) -> None:
    """It greets well, promises much room, and takes nothing any more."""
    ticket, _ = next(peer.asked())
    peer.say(frame(ticket, peer.identity(window=255)))
    peer.wait()


def hangs_up(peer: Peer) -> None:
    """In the middle of an answer."""
    peer.say(frame(peer.greet(), peer.words())[:8])
    peer.hang_up()


def byte_by_byte(peer: Peer) -> None:
    """A right answer, slow as a line of some 5,000 baud."""
    for ticket, command in peer.asked():
        greets = command == Command.HELLO
        said = frame(ticket, peer.identity() if greets else peer.words())
        peer.say(said, pause=0.002, size=1)


RIGHT: dict[str, Callable[[Peer], None]] = {
    "at once": answers(lambda peer, ticket: frame(ticket, peer.words())),
    "byte by byte": byte_by_byte,
    "late answer first": answers(
        lambda peer, ticket: (
            frame(ticket - 1 & 255, peer.words(peer.all_of(0xFF))) + frame(ticket, peer.words())
        )
    ),
    "two answers": answers(
        lambda peer, ticket: (
            frame(ticket, peer.words()) + frame(ticket, peer.words(peer.all_of(0xFF)))
        )
    ),
}
"""Odd ones, whose answer is right all the same."""

HOSTILE: dict[str, tuple[Callable[[Peer], None], set[str]]] = {
    # The greeting
    "another build": (hello(lambda peer: peer.identity(digest=b"12345678")), {"GW-906"}),
    "another protocol": (hello(lambda peer: peer.identity(version=2)), {"GW-907"}),
    "greeting damaged": (hello(lambda peer: peer.identity(), check=b"abcd"), {"GW-905"}),
    "greeting without identity": (hello(lambda peer: b""), {"GW-907"}),
    "greeting of status 77": (hello(lambda peer: peer.identity(), status=77), {"GW-907"}),
    "greeting twice in one": (hello(lambda peer: 2 * peer.identity()), {"GW-905"}),
    "no window": (hello(lambda peer: peer.identity(window=0)), {"GW-904"}),
    "endless credits": (greets_without_end(bytes([CREDIT]) * FLOOD), {"GW-904", "GW-905"}),
    "slow credits": (greets_without_end(bytes([CREDIT]), SLOW), {"GW-904"}),
    # No greeting
    "silence": (Peer.wait, {"GW-904"}),
    "noise": (lambda peer: peer.forever(bytes(range(0x80)) * 16), {"GW-904"}),
    "zeros": (lambda peer: peer.forever(bytes(FLOOD)), {"GW-904"}),
    "flags": (lambda peer: peer.forever(bytes([frames.FLAG]) * FLOOD), {"GW-904"}),
    "escapes": (lambda peer: peer.forever(bytes([frames.ESCAPE]) * FLOOD), {"GW-904"}),
    # The answer
    "truncated": (answers(lambda peer, ticket: frame(ticket, peer.words())[:-3]), {"GW-904"}),
    "damaged": (
        answers(lambda peer, ticket: frame(ticket, peer.words(), check=b"abcd")),
        {"GW-905"},
    ),
    "no words": (answers(lambda peer, ticket: frame(ticket, b"")), {"GW-905"}),
    "words twice": (answers(lambda peer, ticket: frame(ticket, 2 * peer.words())), {"GW-905"}),
    "no such port": (answers(lambda peer, ticket: frame(ticket, b"\x55\0")), {"GW-905"}),
    "beyond the port": (
        answers(lambda peer, ticket: frame(ticket, peer.words(peer.all_of(0x7F)))),
        {"GW-905"},
    ),
    "below the port": (
        answers(lambda peer, ticket: frame(ticket, peer.words(peer.all_of(0x80)))),
        {"GW-905"},
    ),
    "hangs up": (hangs_up, {"GW-903"}),
    "always damaged there": (answers(lambda peer, ticket: frame(ticket, b"", 1)), {"GW-905"}),
    "always reset": (answers(lambda peer, ticket: frame(ticket, b"", 5)), {"GW-905"}),
    "too long": (answers(lambda peer, ticket: frame(ticket, b"", 2)), {"GW-908"}),
    "status 200": (answers(lambda peer, ticket: frame(ticket, b"", 200)), {"GW-907"}),
    "a byte now and then": (goes_on(lambda peer: b"\0", SLOW), {"GW-904"}),
    "endless words": (goes_on(lambda peer: peer.words(last=0) * 40), {"GW-904", "GW-905"}),
    "endless credits in an answer": (
        goes_on(lambda peer: bytes([CREDIT]) * FLOOD),
        {"GW-904", "GW-905"},
    ),
    "no answer": (Peer.greet, {"GW-904"}),
}
"""How it behaves, and the codes that may come of it."""
