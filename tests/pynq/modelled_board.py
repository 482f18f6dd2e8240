"""A PYNQ board in simulation: the IP and its DMAs behind registers, and memory behind a cache.

It imports what the driver may, and nothing else: it runs where there is no Gatewright.
"""

from __future__ import annotations

import ctypes
import os
from typing import Callable

import numpy as np

BASE = 0x10000000
ARENA = 1 << 24
LINE = 4
"""Buffers begin at multiples of it: pynq's begin at pages, others might not."""


class Buffer(np.ndarray):
    """What the processor sees of a buffer, which is not what a DMA sees until it is flushed."""

    device_address: int
    board: ModelledBoard

    def flush(self) -> None:
        self.board.arena[self.place()] = self

    def invalidate(self) -> None:
        self[:] = self.board.arena[self.place()]

    def place(self) -> slice:
        assert self.device_address in self.board.live, "the buffer was freed"
        begin = self.device_address - BASE
        return slice(begin, begin + self.size)

    def freebuffer(self) -> None:
        self.board.free(self.device_address)


class Registers:
    """Of the IP, or of a DMA; each access takes the time that a processor would need."""

    def __init__(self, board: ModelledBoard, dma: int | None) -> None:
        self._board, self._dma = board, dma

    def read(self, offset: int) -> int:
        library, handle = self._board.library, self._board.handle
        if self._dma is None:
            value = library.board_read(handle, offset)
            assert value >= 0, f"reading {offset:#x} gave {value}"
        else:
            value = library.board_dma_read(handle, self._dma, offset)
        self._board.pass_time()
        return int(value)

    def write(self, offset: int, value: int) -> None:
        library, handle = self._board.library, self._board.handle
        if self._dma is None:
            done = library.board_write(handle, offset, value)
            assert done == 0, f"writing {offset:#x} gave {done}"
        else:
            library.board_dma_write(handle, self._dma, offset, value)
        self._board.pass_time()


class ModelledBoard:
    """What the driver takes in pynq's place.

    Args:
        library: The compiled model.
        dmas: How many there are.

    Attributes:
        access: Clock cycles that pass with each access to a register.
        accesses: How many there were.
        live: Buffers that are not freed.
    """

    def __init__(self, library: str, dmas: int) -> None:
        self.library = ctypes.CDLL(library)
        for name in ("board_new", "board_read", "board_dma_read", "board_cycles", "board_trouble"):
            getattr(self.library, name).restype = {
                "board_new": ctypes.c_void_p,
                "board_read": ctypes.c_longlong,
                "board_dma_read": ctypes.c_uint32,
                "board_cycles": ctypes.c_uint64,
                "board_trouble": ctypes.c_char_p,
            }[name]
        self.arena = np.full(ARENA, 0xA5, dtype=np.uint8)
        here = os.getcwd()
        os.chdir(os.path.dirname(library))  # where $readmemh finds its files
        try:
            pointer = ctypes.c_void_p(self.arena.ctypes.data)
            made = self.library.board_new(pointer, ctypes.c_uint64(BASE))
        finally:
            os.chdir(here)
        self.handle = ctypes.c_void_p(made)
        self.access, self.accesses = 20, 0
        self._events: dict[int, Callable[[], None]] = {}
        self.live: dict[int, int] = {}
        self.ip = Registers(self, None)
        self.dmas = [Registers(self, i) for i in range(dmas)]
        self.reset()

    def allocate(self, size: int) -> Buffer:
        """The lowest room that there is; what it holds is not zero."""
        address = BASE
        for other, length in sorted(self.live.items()):
            if address + size <= other:
                break
            address = -(-(other + length) // LINE) * LINE + LINE
        if address + size > BASE + ARENA:
            raise MemoryError("no room")
        self.live[address] = size
        bounds = (ctypes.c_uint64(address), ctypes.c_uint64(address + size))
        self.library.board_memory(self.handle, *bounds, 1)
        buffer = np.full(size, 0xC3, dtype=np.uint8).view(Buffer)
        buffer.device_address, buffer.board = address, self
        return buffer

    def free(self, address: int) -> None:
        bounds = (ctypes.c_uint64(address), ctypes.c_uint64(address + self.live.pop(address)))
        assert not self.library.board_at_work(self.handle, *bounds), "a DMA is at work in it"
        self.library.board_memory(self.handle, ctypes.c_uint64(address), ctypes.c_uint64(0), 0)

    def run(self, cycles: int) -> None:
        """Let time pass."""
        self.library.board_run(self.handle, cycles)

    def later(self, accesses: int, event: Callable[[], None]) -> None:
        """Let something happen behind so many accesses from now on."""
        self._events[self.accesses + accesses] = event

    def pass_time(self) -> None:
        """What an access takes, and what happens meanwhile."""
        self.run(self.access)
        self.accesses += 1
        event = self._events.pop(self.accesses, None)
        if event is not None:
            event()

    def clear(self) -> None:
        """As another program would: CLEAR is written, behind the back of the driver."""
        self.library.board_write(self.handle, 0x10, 1)

    def reset(self) -> None:
        """That of the programmable logic: of the IP and the DMAs."""
        self.library.board_reset(self.handle)

    def stall(self, often: int, seed: int) -> None:
        """Let nothing move, each way by itself, in ``often`` of 256 cycles."""
        self.library.board_stall(self.handle, often, ctypes.c_uint64(seed))

    def hold(self, dma: int, receives: bool, on: bool) -> None:
        """Let one way of a DMA stand still."""
        self.library.board_hold(self.handle, dma, int(receives), int(on))

    def ahead(self, beats: int) -> None:
        """How many beats a DMA takes of a stream before a transfer asks for them."""
        self.library.board_ahead(self.handle, beats)

    @property
    def cycles(self) -> int:
        """Clock cycles since it was made."""
        return int(self.library.board_cycles(self.handle))

    @property
    def trouble(self) -> str:
        """What was done that AXI or the guide of the DMA does not allow."""
        return bytes(self.library.board_trouble(self.handle)).decode()

    def close(self) -> None:
        self.library.board_delete(self.handle)
