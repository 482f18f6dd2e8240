"""The host's side of the serial line: one frame, one answer, and what to do where that fails."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import NoReturn, Protocol

from gatewright.boards.shell import frames
from gatewright.boards.shell.frames import Answer, Command, Reader, Status
from gatewright.boards.shell.ports import DIGEST_BYTES, FramePort
from gatewright.errors import GatewrightError

ATTEMPTS = 3
FIRST_WINDOW = frames.CREDIT_BYTES
"""Bytes that any board takes without credit: a hello is far shorter."""


class Line(Protocol):
    """What is needed of ``serial.Serial``. ``read`` returns what is there, after a short wait."""

    def read(self, size: int = ..., /) -> bytes:
        """At most ``size`` bytes."""

    def write(self, data: bytes, /) -> int | None:
        """Write all bytes."""

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
        timeout: Seconds in which something has to come from the board while it is asked.
    """

    def __init__(
        self,
        line: Line,
        where: str,
        inputs: Sequence[FramePort],
        outputs: Sequence[FramePort],
        digest: bytes,
        timeout: float,
    ) -> None:
        self._line = line
        self._where = where
        self._inputs, self._outputs = tuple(inputs), tuple(outputs)
        self._digest = digest
        self._timeout = timeout
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

    def _greet(self) -> None:
        answer = self._insist(Command.HELLO, b"")
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
            GatewrightError: GW-904 to GW-907 as ``hello``; GW-908 if the sequence is too long for
                the board; GW-909 if there is no state to go on from, or it is lost; GW-910 if the
                words do not make whole steps.
        """
        if keep and not self._state_known:
            self._lost("it was lost before")
        self._state_known = False
        records = b"".join(
            frames.record(i, port.word_bytes, data)
            for i, (port, data) in enumerate(zip(self._inputs, words, strict=True))
        )
        answer = self._insist(Command.RUN_ON if keep else Command.RUN, records)
        if answer.status != Status.OK:
            self._refused(answer)
        for port, data in zip(self._outputs, answer.words, strict=True):
            if len(data) != port.words(steps) * port.word_bytes:
                raise GatewrightError(
                    "GW-905",
                    where=self._where,
                    cause=f"{port.name} gave {len(data)} bytes for {steps} steps, and the check "
                    "sum is right.",
                    remedy="This is a defect of the design: please report it with the model.",
                )
        self._state_known = True
        return [bytes(data) for data in answer.words]

    def _insist(self, command: Command, records: bytes) -> Answer:
        """Ask until an answer comes; only once if that would advance the state twice."""
        fault = _LineError("GW-904", "there was no answer.")
        for _ in range(ATTEMPTS):
            try:
                answer = self._ask(command, records)
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
                self._greet()
        raise GatewrightError(
            fault.code,
            where=self._where,
            cause=f"in {ATTEMPTS} attempts, {fault.cause}",
            remedy=_REMEDIES[fault.code],
        )

    def _ask(self, command: Command, records: bytes) -> Answer:
        """Send one frame and wait for its answer."""
        self._ticket = (self._ticket + 1) % 256
        message = frames.message(self._ticket, command, records)
        self._line.write(bytes([frames.FLAG]))
        sent, length, heard = 0, 0, monotonic()
        while monotonic() - heard < self._timeout:
            answer = self._reader.answer
            mine = answer.ticket == self._ticket
            allowed = self._window + (answer.credits * frames.CREDIT_BYTES if mine else 0)
            if sent < min(len(message), allowed):
                self._line.write(frames.escaped(message[sent:allowed]))
                sent = min(len(message), allowed)
            done = self._reader.feed(self._line.read(max(1, self._line.in_waiting)))
            mine = self._reader.answer.ticket == self._ticket
            if mine and self._reader.answer.length != length:
                length, heard = self._reader.answer.length, monotonic()
            for found in done:
                if found.ticket == self._ticket:
                    return _intact(found)
        what = "an answer broke off" if length else "nothing came back"
        raise _LineError("GW-904", f"{what} for {self._timeout:g} s.")

    def _check(self, identity: bytes) -> None:
        if not identity:
            self._refused(Answer([]))
        version, digest = identity[0], identity[1 : 1 + DIGEST_BYTES]
        if version != frames.VERSION:
            raise GatewrightError(
                "GW-907",
                where=self._where,
                cause=f"the board speaks version {version}, this is version {frames.VERSION}.",
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

    def _lost(self, why: str) -> NoReturn:
        raise GatewrightError(
            "GW-909",
            where=self._where,
            cause=f"there is no state to go on from: {why}.",
            remedy="Call reset() and give the sequence again from its beginning.",
        )


def _intact(answer: Answer) -> Answer:
    if not answer.intact:
        raise _LineError("GW-905", "its answer came with a wrong check sum.")
    return answer


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
    "GW-904": "Check that the bitstream is loaded, and port and baud rate; give more time if a "
    "sequence takes longer.",
    "GW-905": "Use a shorter cable or a lower baud rate, and check that both sides have the same.",
    "GW-908": "Compile with a larger max_steps, or pass shorter sequences.",
    "GW-910": "Give whole steps: words_per_step words each, as 3_kernels.json says for the port.",
}
