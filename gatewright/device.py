"""Run a build on a board, over a serial line."""

from __future__ import annotations

import errno
import termios
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from gatewright.boards.shell import build_digest
from gatewright.boards.shell.link import Link
from gatewright.boards.shell.pace import Pace
from gatewright.boards.shell.ports import FramePort, input_ports, output_ports
from gatewright.build import Build
from gatewright.builds.manifest import read_manifest
from gatewright.builds.options import check_clock, check_line
from gatewright.errors import GatewrightError
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.ir.host import finished
from gatewright.ir.types import IntArray
from gatewright.levels.run import Arguments, Kept, Run
from gatewright.levels.stream import Stream, refuses_keep_state

if TYPE_CHECKING:
    import serial

DEFAULT_PORT = "/dev/ttyUSB0"
DEFAULT_BAUD = 115200
DEFAULT_TIMEOUT = 2.0
DEFAULT_CLOCK = 1.0
"""MHz: no board here has a slower one."""
_POLL = 0.02
"""Seconds that one read waits."""
LOST = (OSError, termios.error)
"""What a port raises that goes away; a SerialException is an OSError."""
USE = (
    "Plug it in, close other programs that use it, and make sure that you may: on Linux join the "
    "group of the device file (often dialout)."
)


class Device:
    """A board with the bitstream of a build, behind a serial port.

    Opening it greets the board, which clears it and checks that it holds this build. Use it as a
    context manager, or call ``close``.

    Args:
        build: The build, or its folder.
        port: The serial port.
        baud: Bits per second on the line, as the board was made for.
        timeout: Seconds in which something has to come from the board while it is asked.
        clock: MHz of the design on the board, or less. It bounds how long an answer may take.

    Raises:
        GatewrightError: GW-405 for a baud rate, timeout or clock out of range, GW-901 without
            pyserial, GW-902 and GW-903 if the port cannot be opened, GW-904 to GW-907 if no board
            with this build answers on it.
    """

    def __init__(
        self,
        build: Build | str | Path,
        port: str = DEFAULT_PORT,
        baud: int = DEFAULT_BAUD,
        timeout: float = DEFAULT_TIMEOUT,
        clock: float = DEFAULT_CLOCK,
    ) -> None:
        self.build = build if isinstance(build, Build) else Build(Path(build))
        self._where = port
        self._stream: Callable[[], Stream | None] = lambda: None
        kernels = self.build.kernels
        self._inputs, self._outputs = input_ports(kernels.inputs), output_ports(kernels.outputs)
        check_line(baud, timeout)
        self._clock = check_clock(clock) or DEFAULT_CLOCK
        self._serial = _open(port, baud)
        digest = build_digest(self.build.path)
        pace = Pace(timeout, baud, self._work)
        self._link = Link(self._serial, port, self._inputs, self._outputs, digest, pace)
        try:
            self.reset()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Device:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the serial port back, and what the board did not take."""
        with suppress(*LOST):
            self._serial.reset_output_buffer()
        self._serial.close()

    def reset(self) -> None:
        """Clear the board, whatever it was doing.

        Raises:
            GatewrightError: GW-606 while a stream is open, whose state that would be; GW-903 to
                GW-907.
        """
        self._check_free()
        with _Lost(self._where):
            self._link.hello()

    def limit(self, steps: int) -> float:
        """Seconds that a sequence of so many steps takes at the most, repeats included.

        Whatever the board does, it is answered or a coded error by then. 0 steps are a greeting.
        """
        records = sum(port.words(steps) * port.word_bytes for port in self._inputs) if steps else 0
        return self._link.limit(records, steps)

    @refuses_keep_state
    def simulate(self, x: Any, *, raw: bool = False) -> Any:
        """Run sequences, one after the other, each from the start state.

        Args:
            x: float32 in the layout of the model, as ``Build.simulate`` takes it.
            raw: Integer codes out instead of floats.

        Returns:
            What ``Build.simulate`` returns.

        Raises:
            GatewrightError: GW-601 for an input that does not fit; GW-606 while a stream is open;
                GW-903 to GW-907 if the line or the board fails; GW-908 if a sequence is too long
                for the board. A frame that is damaged on the line is sent again.
        """
        self._check_free()
        integer = self.build.integer
        run = self._engine(self.build.check_input(x))
        pairs = zip(run.outputs, integer.outputs, strict=True)
        outputs: tuple[Any, ...] = tuple(finished(y, output.on_host) for y, output in pairs)
        if raw:
            outputs = tuple(output.codes(run.n) for output in integer.outputs)
        return outputs if len(outputs) > 1 else outputs[0]

    __call__ = simulate

    def stream(self) -> Stream:
        """One sequence in pieces; see ``gatewright.levels.stream.Stream``.

        A board holds one state, so nothing else runs on it until the stream is closed.

        Returns:
            What takes the pieces; to be closed, as by ``with``. A piece that is damaged on the line
            is GW-909: sending it again might advance the state twice.

        Raises:
            GatewrightError: GW-606 while another stream is open, GW-607 for a model that has to see
                a whole sequence.
        """
        self._check_free()
        stream = Stream(f"board {self._where}", self.build.integer, lambda: self._engine, None)
        self._stream = weakref.ref(stream)
        return stream

    def _check_free(self) -> None:
        stream = self._stream()
        if stream is not None and not stream.closed:
            raise GatewrightError(
                "GW-606",
                where=self._where,
                cause="a stream is open, whose state is the one that the board holds.",
                remedy="Close that stream first.",
            )

    def _work(self, steps: int) -> float:
        """Seconds of a sequence: each of its parts as long as the example, and on one multiplier.

        ``synth`` may have folded the layers anew, down to that.
        """
        kernels, multipliers = self.build.kernels, read_manifest(self.build.path)["multipliers"]
        parts = -(-steps // kernels.steps)
        return float(parts * kernels.predicted_cycles * multipliers / (self._clock * 1e6))

    def _engine(self, arguments: Arguments, kept: Kept | None = None) -> Run:
        """Run sequences one by one, from the start state or from the one on the board."""
        integer = self.build.integer
        feeds = integer.encode(arguments)
        sequence = next(port.tensor for port in self._inputs if port.record.sequence)
        batch, steps = feeds[sequence].shape[:2]
        Ports.of(self.build.kernels).check_length(steps)
        with _Lost(self._where):
            runs = [self._run(feeds, i, steps, kept is not None) for i in range(batch)]
        n = {port.tensor: _joined(port, runs) for port in self._outputs}
        return Run(integer.decode(n), n, {})

    def _run(
        self, feeds: dict[str, IntArray], index: int, steps: int, keep: bool
    ) -> dict[str, IntArray]:
        """Beats [T or 1, F] of each output for one sequence."""
        beats = ((port, feeds[port.tensor][index]) for port in self._inputs)
        words = [port.pack(x if port.record.sequence else x[None]) for port, x in beats]
        answers = self._link.run(words, steps, keep=keep)
        return {p.tensor: p.unpack(data) for p, data in zip(self._outputs, answers, strict=True)}


def _joined(port: FramePort, runs: list[dict[str, IntArray]]) -> IntArray:
    values = np.stack([run[port.tensor] for run in runs])
    return values if port.record.sequence else values[:, 0]


class _Lost:
    """Turns the errors of a port that goes away in the middle into GW-903."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, LOST):
            _unusable(self._where, error)


def _unusable(where: str, error: Exception, remedy: str = USE) -> NoReturn:
    raise GatewrightError(
        "GW-903",
        where=where,
        cause=f"{error}.",
        remedy=remedy,
    ) from error


def _open(port: str, baud: int) -> serial.Serial:
    try:
        import serial
    except ImportError as error:
        raise GatewrightError(
            "GW-901",
            where=port,
            cause="pyserial is not installed.",
            remedy="Run pip install pyserial.",
        ) from error
    try:
        opened = serial.Serial(port, baud, timeout=_POLL, exclusive=True)
        opened.reset_input_buffer()
    except (*LOST, ValueError, OverflowError) as error:
        if getattr(error, "errno", None) == errno.ENOENT or "FileNotFoundError" in str(error):
            raise GatewrightError(
                "GW-902",
                where=port,
                cause="there is no such serial port.",
                remedy=f"Plug the board in and name its port. {_present()}.",
            ) from error
        if isinstance(error, ValueError | OverflowError):  # pyserial's own check of its arguments
            _unusable(port, error, f"Name a port and a baud rate it has; {DEFAULT_BAUD} is usual.")
        _unusable(port, error)
    # Where the adapter offers it (FTDI on Linux), 1 ms instead of 16 ms from line to host.
    with suppress(OSError, ValueError, AttributeError, NotImplementedError):
        opened.set_low_latency_mode(True)
    return opened


def _present() -> str:
    from serial.tools.list_ports import comports

    names = ", ".join(sorted(port.device for port in comports()))
    return f"Those there are now: {names}" if names else "There is none now"
