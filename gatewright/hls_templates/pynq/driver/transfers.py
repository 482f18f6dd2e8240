"""Transfers by AXI DMA in direct register mode (AMD, PG021), without realignment."""

from __future__ import annotations

import time
from typing import Any, Callable, Sequence

import numpy as np

from gatewright.hls_templates.pynq.driver.faults import TOGETHER, OverlayError

ALIGN_BYTES = 64
"""Bytes: each transfer begins on a word of any bus."""
SCRAP_BYTES = 4096
"""Bytes for what is left of a sequence that is given up: a few beats."""
RESET_SECONDS = 1.0
"""Seconds in which a reset has to end."""
PAUSE_SECONDS = 2e-5
"""Seconds between two looks at channels that are all at work."""
# Registers of a channel: of both, then of its transfer; and their bits.
DMACR, DMASR, DMA_ADDRESS, DMA_LENGTH = 0x00, 0x04, 0x18, 0x28
MM2S, S2MM = 0x00, 0x30
DMA_RUN, DMA_RESET = 0x1, 0x4
DMA_HALTED, DMA_IDLE, DMA_FAULTS = 0x1, 0x2, 0x70
DMA_REACH = 1 << 32
"""Bytes that the addresses of a channel reach."""


def aligned(size: int) -> int:
    """The next multiple of ``ALIGN_BYTES``."""
    return -(-size // ALIGN_BYTES) * ALIGN_BYTES


class DmaChannel:
    """One direction of a DMA.

    Args:
        dma: Its registers.
        base: ``MM2S`` or ``S2MM``.
        name: For errors.
    """

    def __init__(self, dma: Any, base: int, name: str) -> None:
        self.dma, self.base, self.name = dma, base, name
        self.busy = False

    def read(self, offset: int) -> int:
        """A register."""
        return int(self.dma.read(self.base + offset))

    def reset(self, deadline: float) -> None:
        """Reset the DMA, both its channels.

        Raises:
            OverlayError: GW-904 if it is not done by then.
        """
        self.dma.write(self.base + DMACR, DMA_RESET)
        wait(lambda: not self.read(DMACR) & DMA_RESET, deadline, self.name)
        self.busy = False

    def start(self, deadline: float) -> None:
        """Let it run, behind a reset.

        Raises:
            OverlayError: GW-904 if it does not by then.
        """
        self.dma.write(self.base + DMACR, DMA_RUN)
        wait(lambda: not self.read(DMASR) & DMA_HALTED, deadline, self.name)
        self.busy = False

    def begin(self, address: int, size: int) -> None:
        """Move so many bytes from or to an address.

        Raises:
            OverlayError: GW-912 for an address that it does not reach.
        """
        if address + size > DMA_REACH:
            fault = f"the buffer lies at {address:#x}, beyond its 32 bits."
            raise OverlayError("GW-912", self.name, fault, "Pass fewer sequences at once.")
        self.dma.write(self.base + DMA_ADDRESS, address)
        self.dma.write(self.base + DMA_LENGTH, size)  # this begins it
        self.busy = True

    def ended(self) -> bool:
        """Whether what was begun has come to its end.

        Raises:
            OverlayError: GW-912 if it stopped with an error.
        """
        status = self.read(DMASR)
        if status & (DMA_FAULTS | DMA_HALTED):
            fault = f"it stopped, and its status is {status:#x} (PG021, DMASR)."
            raise OverlayError("GW-912", self.name, fault, TOGETHER)
        self.busy = not status & DMA_IDLE
        return not self.busy


class Queue:
    """Transfers of a channel, one behind the other, from or into one buffer.

    Args:
        channel: The channel.
        sizes: Bytes of each transfer.
        buffer: As ``pynq.allocate`` gives it, with ``ALIGN_BYTES`` bytes more than ``room(sizes)``.
    """

    def __init__(self, channel: DmaChannel, sizes: Sequence[int], buffer: Any) -> None:
        self.channel, self.sizes, self.buffer = channel, sizes, buffer
        self.address = int(buffer.device_address)
        self.begins = [-self.address % ALIGN_BYTES]
        for size in sizes:
            self.begins.append(self.begins[-1] + aligned(size))
        self.count = 0

    def __str__(self) -> str:
        return f"{self.channel.name}, sequence {self.count + 1} of {len(self.sizes)}"

    @property
    def done(self) -> bool:
        """Whether all have ended."""
        return self.count == len(self.sizes)

    def fill(self, data: Sequence[Any]) -> None:
        """Lay bytes into the buffer; none of it stays in the processor's cache."""
        for part, begin in zip(data, self.begins):
            self.buffer[begin : begin + len(part)] = part
        self.buffer.flush()

    def taken(self) -> list[Any]:
        """Copies of what was received."""
        self.buffer.invalidate()
        return [np.array(self.buffer[b : b + n]) for b, n in zip(self.begins, self.sizes)]

    def advance(self) -> bool:
        """Begin the next transfer where one has ended; whether there was anything to do.

        Raises:
            OverlayError: GW-905 for an answer of another length, GW-912 as of the channel.
        """
        ended = self.channel.busy and self.channel.ended()
        if ended and self.channel.base == S2MM:
            found, wanted = self.channel.read(DMA_LENGTH), self.sizes[self.count]
            if found != wanted:
                fault = f"its answer has {found} bytes, not {wanted}."
                raise OverlayError(
                    "GW-905", str(self), fault, "Call reset(), and again. " + TOGETHER
                )
        self.count += int(ended)
        if self.channel.busy or self.done:
            return ended
        self.channel.begin(self.address + self.begins[self.count], self.sizes[self.count])
        return True


class Transfers:
    """All DMAs of a design: input i and output i share one.

    Args:
        board: Has ``dmas``, the registers of each, and ``allocate(bytes)``.
        sends: Names of the input ports.
        receives: Names of the output ports.
    """

    def __init__(self, board: Any, sends: Sequence[str], receives: Sequence[str]) -> None:
        self._board = board
        self._senders = [DmaChannel(dma, MM2S, n) for dma, n in zip(board.dmas, sends)]
        self._receivers = [DmaChannel(dma, S2MM, n) for dma, n in zip(board.dmas, receives)]
        self._scraps = [board.allocate(SCRAP_BYTES) for _ in receives]
        self._held: list[Any] = []

    def running(self) -> bool:
        """Whether every channel runs, and is at rest."""
        channels = self._senders + self._receivers
        return not any(channel.busy or channel.read(DMASR) & DMA_HALTED for channel in channels)

    def halt(self, deadline: float) -> None:
        """Give up whatever is under way.

        Raises:
            OverlayError: GW-904 if a DMA is not at rest by then.
        """
        for channel in self._receivers + self._senders[len(self._receivers) :]:
            channel.reset(deadline)  # either channel of a DMA resets both
        for channel in self._senders:
            channel.busy = False

    def restart(self, clear: Callable[[], None], cleared: Callable[[], bool]) -> None:
        """Begin anew, with a design that holds nothing.

        The design ends a sequence that has begun to leave by one more beat, as AXI4-Stream asks,
        and is cleared only when that was taken.

        Args:
            clear: Clears the design.
            cleared: Whether it is.

        Raises:
            OverlayError: GW-904 if a DMA or the design is not ready in time.
        """
        deadline = time.monotonic() + RESET_SECONDS
        self.halt(deadline)
        self._free()
        clear()
        for channel in self._receivers:
            channel.start(deadline)
        wait(lambda: self._drained() and cleared(), deadline, "the design")
        self.halt(deadline)  # again: what it took of that is not of the next sequence
        for channel in self._senders + self._receivers:
            channel.start(deadline)

    def _drained(self) -> bool:
        for channel, scrap in zip(self._receivers, self._scraps):
            if not channel.busy or channel.ended():
                address = int(scrap.device_address)
                channel.begin(address + -address % ALIGN_BYTES, SCRAP_BYTES - ALIGN_BYTES)
        return True

    def exchange(
        self,
        words: Sequence[Sequence[Any]],
        sizes: Sequence[Sequence[int]],
        look: Callable[[], None],
        seconds: float,
    ) -> list[list[Any]]:
        """Send sequences and receive their answers, with every channel kept at work.

        Args:
            words: For each input the bytes of each sequence.
            sizes: For each output the bytes of each answer.
            look: Called when there is nothing to do; raises what the design reports.
            seconds: In which some transfer has to end.

        Returns:
            For each output the bytes of each answer.

        Raises:
            OverlayError: GW-904 if none does, GW-905 and GW-912 as of a queue, and what ``look``
                raises. ``restart`` then, before anything else: DMAs may be at work still.
        """
        queues = [self._queue(c, [len(w) for w in part]) for c, part in zip(self._senders, words)]
        answers = [self._queue(c, part) for c, part in zip(self._receivers, sizes)]
        for queue, part in zip(queues, words):
            queue.fill(part)
        for queue in answers:
            queue.fill([])
        self._held = [queue.buffer for queue in queues + answers]
        pump(queues + answers, look, seconds)
        taken = [queue.taken() for queue in answers]
        self._free()
        return taken

    def _free(self) -> None:
        for buffer in self._held:
            buffer.freebuffer()
        self._held = []

    def _queue(self, channel: DmaChannel, sizes: Sequence[int]) -> Queue:
        room = sum(aligned(size) for size in sizes)
        return Queue(channel, sizes, self._board.allocate(room + ALIGN_BYTES))


def pump(queues: Sequence[Queue], look: Callable[[], None], seconds: float) -> None:
    """Go on until every queue is done.

    Raises:
        OverlayError: As ``Transfers.exchange``.
    """
    deadline = time.monotonic() + seconds
    while not all(queue.done for queue in queues):
        if any([queue.advance() for queue in queues]):
            deadline = time.monotonic() + seconds
            continue
        look()
        if time.monotonic() > deadline:
            stuck = "; ".join(str(queue) for queue in queues if not queue.done)
            raise OverlayError(
                "GW-904",
                stuck,
                f"no transfer ended for {seconds:.3g} s.",
                "Raise timeout if a sequence takes longer, and name clock if the design's is "
                "slower than 1 MHz. All was cleared, and the call may be made again.",
            )
        time.sleep(PAUSE_SECONDS)
    look()


def wait(reached: Callable[[], bool], deadline: float, name: str) -> None:
    """Wait until something is so.

    Raises:
        OverlayError: GW-904 if it is not by the deadline.
    """
    while not reached():
        if time.monotonic() > deadline:
            fault = "it does not come out of its reset."
            raise OverlayError("GW-904", name, fault, "Load the bitstream again.")
