"""The host's side of the serial line: one frame, one answer, and what to do where that fails."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from math import inf
from selectors import EVENT_WRITE, DefaultSelector
from time import monotonic
from typing import NoReturn, Protocol

from gatewright.boards.shell import frames
from gatewright.boards.shell.frames import Answer, Command, Reader, Status
from gatewright.boards.shell.pace import Pace, longest
from gatewright.boards.shell.ports import DIGEST_BYTES, FramePort
from gatewright.errors import DEFECT, GatewrightError

ATTEMPTS = 3
FIRST_WINDOW = frames.CREDIT_BYTES
"""Bytes that any board takes without credit: a hello is far shorter."""


BUFFER = 4096
"""Bytes that the system may have to send before it takes more."""


class Line(Protocol):
    """What is needed of ``serial.Serial``. ``read`` returns what is there, after a short wait."""

    def read(self, size: int = ..., /) -> bytes:
        """At most ``size`` bytes."""

    def fileno(self) -> int:
        """What the system writes to, without waiting for who reads."""

    @property
    def in_waiting(self) -> int:
        """Bytes that ``read`` would give at once."""


class _LineError(Exception):
    """A frame or its answer that was lost or damaged; the frame may be sent again."""

    def __init__(self, code: str, cause: str) -> None:
        super().__init__(cause)
        self.code = code
        self.cause = cause


class Link:
    """Sequences to a board and back.

    Args:
        line: An open serial port.
        where: What it is called, for errors.
        inputs: The design's input ports in the order of a frame.
        outputs: Its output ports.
        digest: Of the build that should be on the board.
        pace: How long an answer may take.
    """

    def __init__(
        self,
        line: Line,
        where: str,
        inputs: Sequence[FramePort],
        outputs: Sequence[FramePort],
        digest: bytes,
        pace: Pace,
    ) -> None:
        self._line = line
        self._where = where
        self._inputs, self._outputs = tuple(inputs), tuple(outputs)
        self._digest = digest
        self._pace = pace
        self._reader = Reader([port.word_bytes for port in outputs])
        self._window = FIRST_WINDOW
        self._ticket = 0
        self._state_known = False

    def hello(self) -> None:
        """Clear the design, and check that the board is what is expected.

        Raises:
            GatewrightError: GW-904 if nothing answers, GW-905 if only damaged answers come,
                GW-906 if another build is on the board, GW-907 for another protocol.
        """
        self._state_known = False
        self._greet()
        self._state_known = True

    def _greet(self, until: float = inf) -> None:
        answer = self._insist(Command.HELLO, b"", 0, until)
        if answer.status != Status.OK:
            self._refused(answer)
        self._check(answer.identity)

    def run(self, words: Sequence[bytes], steps: int, *, keep: bool) -> list[bytes]:
        """Run a sequence.

        Args:
            words: Of each input port.
            steps: Its length.
            keep: Go on from the state that the sequence before left.

        Returns:
            The words of each output port.

        Raises:
            GatewrightError: GW-904 to GW-907 as ``hello``; GW-905 for words that no port gives;
                GW-908 if the sequence is too long for the board; GW-909 if there is no state to go
                on from, or it is lost; GW-910 if the words do not make whole steps.
        """
        if keep and not self._state_known:
            self._lost("it was lost before")
        self._state_known = False
        records = b"".join(
            frames.record(i, port.word_bytes, data)
            for i, (port, data) in enumerate(zip(self._inputs, words, strict=True))
        )
        answer = self._insist(Command.RUN_ON if keep else Command.RUN, records, steps)
        if answer.status != Status.OK:
            self._refused(answer)
        for port, data in zip(self._outputs, answer.words, strict=True):
            if len(data) != port.words(steps, keep) * port.word_bytes:
                self._impossible(f"{port.name} gave {len(data)} bytes for {steps} steps")
            values = port.unpack(bytes(data))
            odd = values[(values < port.record.low) | (values > port.record.high)]
            if len(odd):
                self._impossible(
                    f"{port.name} gave {odd[0]}, not of {port.record.low} to {port.record.high}"
                )
        self._state_known = True
        return [bytes(data) for data in answer.words]

    def limit(self, records: int, steps: int) -> float:
        """Seconds of an exchange, at the most, its repeats included.

        Args:
            records: Bytes of the records of a frame.
            steps: Of the sequence in them; 0 without one.
        """
        return ATTEMPTS * self._bounds(frames.FRAME_BYTES + records, steps)[1]

    def _bounds(self, asked: int, steps: int) -> tuple[int, float]:
        """Bytes of the longest answer, and seconds until it is there."""
        answer = longest(asked, self._outputs, steps)
        return answer, self._pace.bound(asked, answer, steps)

    def _insist(self, command: Command, records: bytes, steps: int, until: float = inf) -> Answer:
        """Ask until an answer comes; only once if that would advance the state twice."""
        fault = _LineError("GW-904", "there was no time left for an answer.")
        until = min(until, monotonic() + self.limit(len(records), steps))
        for _ in range(ATTEMPTS):
            if monotonic() >= until:
                break
            try:
                answer = self._ask(command, records, steps, until)
                if answer.status not in _REPORTS:
                    return answer
                code, report = _REPORTS[answer.status]
                fault = _LineError(code, f"the board reports: {report}.")
                greet = answer.status == Status.NO_HELLO and command == Command.RUN
            except _LineError as found:
                fault, greet = found, False
            if command == Command.RUN_ON:
                self._lost(fault.cause.rstrip("."))
            if greet:  # a run from the start need not mind that the board was reset
                self._greet(until)
        raise GatewrightError(
            fault.code,
            where=self._where,
            cause=f"in {ATTEMPTS} attempts, {fault.cause}",
            remedy=_REMEDIES[fault.code],
        )

    def _ask(self, command: Command, records: bytes, steps: int, until: float) -> Answer:
        """Send one frame and wait for its answer."""
        self._ticket = (self._ticket + 1) % 256
        message = frames.message(self._ticket, command, records)
        self._reader.longest, seconds = self._bounds(len(message), steps)
        until = min(until, monotonic() + seconds)
        self._send(bytes([frames.FLAG]), until)
        sent, length, heard = 0, 0, monotonic()
        while monotonic() < min(until, heard + self._pace.timeout):
            answer = self._reader.answer
            mine = answer.ticket == self._ticket
            allowed = self._window + (answer.credits * frames.CREDIT_BYTES if mine else 0)
            if sent < min(len(message), allowed):
                self._send(frames.escaped(message[sent:allowed]), until)
                sent = min(len(message), allowed)
            done = self._reader.feed(self._line.read(max(1, self._line.in_waiting)))
            mine = self._reader.answer.ticket == self._ticket
            if mine and self._reader.answer.length != length:
                length, heard = self._reader.answer.length, monotonic()
            for found in done:
                if found.ticket == self._ticket:
                    return self._intact(found)
        if length and monotonic() >= until:
            raise _LineError("GW-904", f"an answer took more than the {seconds:.3g} s it can take.")
        what = "an answer broke off" if length else "nothing came back"
        raise _LineError("GW-904", f"{what} for {self._pace.timeout:g} s.")

    def _send(self, data: bytes, until: float) -> None:
        """Write all bytes, unless nobody takes them."""
        patience = self._pace.timeout + self._pace.line(BUFFER)
        with DefaultSelector() as ready:  # select() knows no file beyond number 1023
            ready.register(self._line, EVENT_WRITE)
            while data:
                wait = min(patience, until - monotonic())
                if not ready.select(max(0.0, wait)):
                    raise _LineError("GW-904", "the board takes no more bytes.")
                with suppress(BlockingIOError):
                    data = data[os.write(self._line.fileno(), data) :]

    def _intact(self, answer: Answer) -> Answer:
        if answer.length > self._reader.longest:
            most = self._reader.longest
            raise _LineError("GW-905", f"its answer has more than the {most} bytes it can have.")
        if not answer.intact:
            raise _LineError("GW-905", "its answer came with a wrong check sum.")
        return answer

    def _check(self, identity: bytes) -> None:
        if not identity:
            self._refused(Answer([]))
        version, digest = identity[0], identity[1 : 1 + DIGEST_BYTES]
        if version != frames.PROTOCOL:
            raise GatewrightError(
                "GW-907",
                where=self._where,
                cause=f"the board speaks version {version}, this is version {frames.PROTOCOL}.",
                remedy="Compile and synthesize with this version of Gatewright, or install the "
                "one that made the bitstream.",
            )
        if digest != self._digest:
            raise GatewrightError(
                "GW-906",
                where=self._where,
                cause=f"the board holds build {digest.hex()}, not {self._digest.hex()}.",
                remedy="Load the bitstream of this build, or name the build that is on the board.",
            )
        self._window = identity[1 + DIGEST_BYTES] * frames.CREDIT_BYTES

    def _refused(self, answer: Answer) -> NoReturn:
        raise GatewrightError(
            "GW-907",
            where=self._where,
            cause=f"the board answered with status {answer.status}, which this version does not "
            "know.",
            remedy="Compile and synthesize with this version of Gatewright.",
        )

    def _impossible(self, what: str) -> NoReturn:
        raise GatewrightError(
            "GW-905",
            where=self._where,
            cause=f"{what}, and the check sum is right.",
            remedy=DEFECT,
        )

    def _lost(self, why: str) -> NoReturn:
        raise GatewrightError(
            "GW-909",
            where=self._where,
            cause=f"there is no state to go on from: {why}.",
            remedy="Call reset() and give the sequence again from its beginning.",
        )


# Damage on the line may look like any of them, so the frame is sent again.
_REPORTS: dict[int | None, tuple[str, str]] = {
    Status.CORRUPT: ("GW-905", "the frame came with a wrong check sum"),
    Status.OVERRUN: ("GW-905", "the frame came faster than its credits"),
    Status.BAD: ("GW-905", "the frame holds a command or a port that there is not"),
    Status.NO_HELLO: ("GW-905", "the board was reset"),
    Status.NO_STATE: ("GW-905", "the board was cleared"),
    Status.TOO_LONG: ("GW-908", "the sequence has more steps than a buffer"),
    Status.FRAMING: ("GW-910", "a sequence ended inside the words of a step"),
}
_REMEDIES = {
    "GW-904": "Check that the bitstream is loaded, and port and baud rate; raise timeout if a word "
    "takes longer, and name clock if the board's is slower than 1 MHz.",
    "GW-905": "Use a shorter cable or a lower baud rate, and check that both sides have the same.",
    "GW-908": "Compile with a larger max_steps, or pass shorter sequences.",
    "GW-910": "Give whole steps: words_per_step words each, as 3_kernels.json says for the port.",
}
