"""Frames on a serial line, as ``gw_frame_rx.sv`` and ``gw_frame_tx.sv`` write them down."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

PROTOCOL = 1
FLAG, ESCAPE, TOGGLE = 0x7E, 0x7D, 0x20
END, CREDIT, IDENTITY = 0xFF, 0xFE, 0xFD
LAST = 0x80
CREDIT_BYTES = 128
IDENTITY_BYTES, CRC_BYTES = 10, 4
RECORD_WORDS = 256
FRAME_BYTES = 3 + CRC_BYTES
"""Of a frame to the board beside its records: ticket, command, end and check sum."""


class Command(IntEnum):
    """What the host asks for."""

    HELLO = 0
    RUN = 1
    RUN_ON = 3


class Status(IntEnum):
    """What an answer ends with."""

    OK = 0
    CORRUPT = 1
    TOO_LONG = 2
    OVERRUN = 3
    BAD = 4
    NO_HELLO = 5
    NO_STATE = 6
    FRAMING = 7


def check_sum(data: bytes) -> bytes:
    """The four bytes behind a message: CRC-32 without its final inversion."""
    return (zlib.crc32(data) ^ 0xFFFFFFFF).to_bytes(CRC_BYTES, "little")


def record(port: int, word_bytes: int, words: bytes) -> bytes:
    """All words of a sequence for an input port."""
    step = RECORD_WORDS * word_bytes
    parts = []
    for start in range(0, len(words), step):
        part = words[start : start + step]
        last = LAST if start + step >= len(words) else 0
        parts.append(bytes([port | last, len(part) // word_bytes - 1]) + part)
    return b"".join(parts)


def message(ticket: int, command: Command, records: bytes = b"") -> bytes:
    """A frame to the board, without flag and escapes."""
    body = bytes([ticket, command]) + records + bytes([END])
    return body + check_sum(body)


def escaped(data: bytes) -> bytes:
    """The bytes as they go over the line."""
    special = bytes([ESCAPE])
    data = data.replace(special, bytes([ESCAPE, ESCAPE ^ TOGGLE]))
    return data.replace(bytes([FLAG]), bytes([ESCAPE, FLAG ^ TOGGLE]))


@dataclass
class Answer:
    """A frame from the board, as far as it has come.

    Attributes:
        ticket: Of the frame that it answers, or None before it is there.
        credits: How many bytes of that frame left the board's buffer, in units of CREDIT_BYTES.
        words: Of each output port.
        identity: What the board says of itself: version, digest, window in credits.
        status: The last byte, a ``Status`` if the board keeps to the protocol.
        complete: Whether it ended.
        intact: Whether it ended with the right check sum.
        length: Bytes so far.
    """

    words: list[bytearray]
    ticket: int | None = None
    credits: int = 0
    identity: bytes = b""
    status: int | None = None
    complete: bool = False
    intact: bool = False
    length: int = field(default=0, compare=False)


class Reader:
    """Finds frames in what comes over the line, and keeps the one that is under way.

    Args:
        word_bytes: Bytes of a word of each output port.

    Attributes:
        answer: The frame under way.
        longest: Bytes that it may have; what is longer is given up, and counts as complete.
    """

    def __init__(self, word_bytes: Sequence[int]) -> None:
        self.longest = 0
        self._word_bytes = tuple(word_bytes)
        self._parser: Generator[None, int, None] | None = None
        self._escaped = False
        self.answer = Answer([])

    def feed(self, data: bytes) -> list[Answer]:
        """The frames that these bytes complete."""
        found = []
        for byte in data:
            if byte == FLAG:
                self._begin()
            elif byte == ESCAPE:
                self._escaped = True
            elif self._parser is not None:
                self.answer.length += 1
                try:
                    self._parser.send(byte ^ TOGGLE if self._escaped else byte)
                except StopIteration:
                    self._parser = None
                    self.answer.complete = True
                    found.append(self.answer)
                self._escaped = False
                if self._parser is not None and self.answer.length > self.longest:
                    self._parser = None
                    self.answer.complete = True
                    found.append(self.answer)
        return found

    def _begin(self) -> None:
        self.answer = Answer([bytearray() for _ in self._word_bytes])
        self._parser = self._parse(self.answer)
        self._escaped = False
        next(self._parser)

    def _parse(self, answer: Answer) -> Generator[None, int, None]:
        """One frame; it ends early at a record that there is not, with ``intact`` False."""
        seen = bytearray()

        def take(count: int) -> Generator[None, int, bytes]:
            start = len(seen)
            for _ in range(count):
                seen.append((yield))
            return bytes(seen[start:])

        (answer.ticket,) = yield from take(1)
        tag = 0
        while tag != END:
            (tag,) = yield from take(1)
            port = tag & ~LAST
            if tag == CREDIT:
                answer.credits += 1
            elif tag == IDENTITY:
                answer.identity = yield from take(IDENTITY_BYTES)
            elif tag == END:
                (answer.status,) = yield from take(1)
            elif port < len(self._word_bytes):
                answer.words[port] += yield from take(self._word_bytes[port])
            else:
                return
        body = bytes(seen)
        answer.intact = (yield from take(CRC_BYTES)) == check_sum(body)
