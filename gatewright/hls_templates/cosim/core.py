"""A compiled core, driven through ctypes."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Mapping, Sequence
from ctypes import c_char_p, c_int64, c_uint64, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import UnsetType

from gatewright.errors import DEFECT, GatewrightError
from gatewright.hls_templates.cosim.drive import Drive, Waveform
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.hls_templates.records import StepsRecord, steps_of
from gatewright.ir.types import IntArray

DEADLOCK, BAD_LAST, EXTRA_WORD, TOO_LONG, STOPPED, BAD_TAP, BAD_TRACE = range(1, 8)
FRAMING, READY_IN_RESET = 8, 9

Int32Array = npt.NDArray[np.int32]

_IN_FOLDER = threading.Lock()
"""The working folder is the process's: two threads that open cores would read each other's ROMs."""


class _Event(ctypes.Structure):
    _fields_ = [("cycle", c_int64), ("length", c_int64), ("is_clear", c_int64)]


class _Task(ctypes.Structure):
    _fields_ = [
        ("sequences", c_int64),
        ("steps", c_void_p),
        ("keep", c_void_p),
        ("inputs", c_void_p),
        ("outputs", c_void_p),
        ("h", c_void_p),
        ("c", c_void_p),
        ("events", c_int64),
        ("event_list", c_void_p),
        ("seed", c_uint64),
        ("input_stall", c_int64),
        ("output_stall", c_int64),
        ("idle_limit", c_int64),
        ("gap", c_int64),
        ("drain", c_int64),
        ("reset_first", c_int64),
        ("trace", c_char_p),
        ("trace_sequence", c_int64),
        ("trace_step", c_int64),
    ]


class _Result(ctypes.Structure):
    _fields_ = [
        ("status", c_int64),
        ("cycles", c_int64),
        ("too_long_cycle", c_int64),
        ("framing_cycle", c_int64),
        ("port", c_int64),
        ("sequence", c_int64),
        ("word", c_int64),
        ("first_in", c_void_p),
        ("last_out", c_void_p),
    ]


@dataclass(frozen=True)
class Watched:
    """What a run showed.

    Attributes:
        outputs: Of each output's tensor, an array [steps or 1, width] for each sequence.
        taps: Likewise ``<layer>/h`` and ``<layer>/c``.
        first_in: Cycle of each sequence's first word in; -1 where none was taken.
        last_out: Cycle of each sequence's last word out; -1 where a reset or clear abandoned it,
            and then its arrays mean nothing.
        cycles: Of the whole run.
        too_long_cycle: When the core's ``too_long`` rose, or None.
        framing_cycle: When its ``framing`` rose, or None.
    """

    outputs: dict[str, list[IntArray]]
    taps: dict[str, list[IntArray]]
    first_in: npt.NDArray[np.int64]
    last_out: npt.NDArray[np.int64]
    cycles: int
    too_long_cycle: int | None
    framing_cycle: int | None

    @property
    def done(self) -> npt.NDArray[np.bool_]:
        """Which sequences came out whole."""
        return self.last_out >= 0

    @property
    def latencies(self) -> npt.NDArray[np.int64]:
        """Cycles from each sequence's first word in to its last word out, both included."""
        return np.where(self.done, self.last_out - self.first_in + 1, -1)


class Core:
    """A core in a shared library.

    Args:
        library: With the C interface of ``session.hpp``, loaded; it may serve several cores.
        folder: Holds the ROM files, which a core reads as it is made.
        ports: Of the core.
        trace: Whether it was compiled to write waveforms.
    """

    def __init__(
        self, library: ctypes.CDLL, folder: Path, ports: Ports, *, trace: bool = False
    ) -> None:
        self.ports = ports
        self._traces = trace
        self._library = library
        self._library.gw_open.restype = c_void_p
        self._library.gw_message.restype = c_char_p
        with _IN_FOLDER, contextlib.chdir(folder):
            self._core = c_void_p(self._library.gw_open())

    def close(self) -> None:
        """Free the core."""
        core, self._core = self._core, c_void_p()
        if core:
            self._library.gw_close(core)

    def __del__(self) -> None:
        if hasattr(self, "_core"):
            self.close()

    def run(
        self,
        feeds: Mapping[str, Sequence[IntArray]],
        drive: Drive | None = None,
        *,
        keep: Sequence[bool] | None = None,
        reset: bool = True,
    ) -> Watched:
        """Run sequences of any lengths.

        Args:
            feeds: Of each input's tensor, an array of centered integers for each sequence: [T, I],
                or [1, H] where the port carries one beat a sequence.
            drive: How the ports are driven; by default without stalls, back to back.
            keep: Which sequences go on from the state that the one before left; by default none.
                Of windows over time such a one has as many steps more, and needs one before it.
            reset: Whether the core is reset first.

        Raises:
            GatewrightError: GW-703 for words, ``tlast`` or taps out of place, a failed assertion, a
                sequence too long or a port that is ready in reset; GW-704 if nothing moves any
                more; GW-601 for arrays that do not fit the ports, GW-606 for a waveform that
                cannot be written.
        """
        drive = drive or Drive()
        if drive.trace is not None:
            self._check_trace(drive.trace)
        lengths = _lengths(self.ports, feeds, keep)
        kept = np.zeros(len(lengths), np.uint8) if keep is None else np.array(keep, np.uint8)
        arrays = _Arrays(self.ports, feeds, lengths, kept)
        events = (_Event * max(1, len(drive.events)))(
            *(_Event(e.cycle, e.length, e.kind == "clear") for e in drive.events)
        )
        first_in, last_out = np.full((2, len(lengths)), -1, np.int64)
        tables = [_pointers(a) for a in (arrays.inputs, arrays.outputs, arrays.h, arrays.c)]
        task = _Task(
            len(lengths),
            lengths.ctypes.data,
            kept.ctypes.data,
            *(ctypes.addressof(table) for table in tables),
            len(drive.events),
            ctypes.addressof(events),
            reset_first=reset,
            trace=str(drive.trace.path.resolve()).encode() if drive.trace else None,
            **drive.words(self.ports.busy),
        )
        result = _Result(first_in=first_in.ctypes.data, last_out=last_out.ctypes.data)
        self._run(task, result)
        if result.status == BAD_TRACE:
            raise _unwritable(drive.trace, self._said())
        if result.status:
            raise self._failure(result, task.idle_limit)
        outputs, taps = arrays.split()
        flags = (
            None if since < 0 else since for since in (result.too_long_cycle, result.framing_cycle)
        )
        return Watched(outputs, taps, first_in, last_out, result.cycles, *flags)

    def _run(self, task: _Task, result: _Result) -> None:
        """Slice by slice: Python sees to signals, as Ctrl-C, between calls only."""
        try:
            self._library.gw_start(self._core, ctypes.byref(task), ctypes.byref(result))
            while self._library.gw_go_on(self._core):
                pass
        finally:
            # What is interrupted would go on with memory that is no longer there.
            self._library.gw_give_up(self._core)

    def _check_trace(self, trace: Waveform) -> None:
        if not self._traces:
            raise ValueError("this core was compiled without waveforms")
        try:
            trace.path.write_bytes(b"")
        except OSError as error:
            raise _unwritable(trace, str(error.strerror)) from error

    def _failure(self, result: _Result, idle_limit: int) -> GatewrightError:
        where = f"cycle {result.cycles - 1}" if result.cycles else "before the first cycle"
        if result.status == DEADLOCK:
            return GatewrightError(
                "GW-704",
                where=where,
                cause=f"nothing moved for {idle_limit} cycles, and sequence "
                f"{result.sequence} is not complete.",
                remedy=DEFECT,
            )
        remedy = DEFECT
        if result.status == TOO_LONG:
            remedy = "Pass shorter sequences, or compile with a larger max_steps."
        cause = self._cause(result)
        return GatewrightError("GW-703", where=where, cause=cause, remedy=remedy)

    def _said(self) -> str:
        said: bytes = self._library.gw_message(self._core)
        return said.decode(errors="replace").strip()

    def _cause(self, result: _Result) -> str:
        if result.status == TOO_LONG:
            return f"a sequence is too long for a buffer ({self.ports.max_steps} steps)."
        if result.status == FRAMING:
            return (
                "a sequence ends inside the words of a step, or behind another number of steps "
                "than the model or another input takes."
            )
        if result.status == STOPPED:
            return self._said() or "the core stopped without a word."
        place = f"sequence {result.sequence}, word {result.word}"
        if result.status == BAD_TAP:
            name = self.ports.rtl_taps[result.port].name
            return f"layer {name} showed row {result.word} too often, too early or not at all."
        if result.status == READY_IN_RESET:
            return f"{self.ports.inputs[result.port].name}_tready is high in reset or clear."
        name = self.ports.outputs[result.port].name
        if result.status == BAD_LAST:
            return f"{name}_tlast is not on the last word ({place})."
        return f"{name} gives a word that no sequence accounts for ({place})."


class _Arrays:
    """The memory of one run: rows of all sequences, one after the other."""

    def __init__(
        self,
        ports: Ports,
        feeds: Mapping[str, Sequence[IntArray]],
        lengths: IntArray,
        kept: npt.NDArray[np.uint8],
    ) -> None:
        self._ports, self._lengths, self._kept = ports, lengths, kept
        count = len(lengths)
        self.inputs = [
            np.ascontiguousarray(np.concatenate(feeds[end.tensor]), np.int32)
            for end in ports.inputs
        ]
        self.outputs = [
            _rows(int(self._steps(e.windows).sum()) if e.sequence else count, e.values_per_step)
            for e in ports.outputs
        ]
        totals = [int(self._steps(tap.windows).sum()) for tap in ports.rtl_taps]
        taps = list(zip(ports.rtl_taps, totals, strict=True))
        self.h = [_rows(total, tap.hidden) for tap, total in taps]
        self.c = [_rows(total if tap.c_bits else 0, tap.hidden) for tap, total in taps]

    def split(self) -> tuple[dict[str, list[IntArray]], dict[str, list[IntArray]]]:
        """Outputs and taps by name, an array for each sequence."""
        each = np.arange(1, len(self._lengths))
        outputs = {
            end.tensor: np.split(
                array.astype(np.int64), self._ends(end.windows) if end.sequence else each
            )
            for end, array in zip(self._ports.outputs, self.outputs, strict=True)
        }
        taps = {}
        for tap, h, c in zip(self._ports.rtl_taps, self.h, self.c, strict=True):
            ends = self._ends(tap.windows)
            taps[f"{tap.name}/h"] = np.split(h.astype(np.int64), ends)
            if tap.c_bits:
                taps[f"{tap.name}/c"] = np.split(c.astype(np.int64), ends)
        return outputs, taps

    def _ends(self, windows: StepsRecord | UnsetType) -> IntArray:
        """Behind which row each sequence but the last ends."""
        ends: IntArray = np.cumsum(self._steps(windows))[:-1]
        return ends

    def _steps(self, windows: StepsRecord | UnsetType) -> IntArray:
        """Those that each sequence has there."""
        each = zip(self._lengths, self._kept, strict=True)
        return np.array([steps_of(windows, int(n), bool(kept)) for n, kept in each], np.int64)


def _lengths(
    ports: Ports, feeds: Mapping[str, Sequence[IntArray]], keep: Sequence[bool] | None
) -> npt.NDArray[np.int64]:
    """Steps of each sequence; every port has to agree."""
    lengths = next(
        np.array([len(array) for array in feeds[end.tensor]], np.int64)
        for end in ports.inputs
        if end.sequence
    )
    for end in ports.inputs:
        shapes = [array.shape for array in feeds[end.tensor]]
        wanted = [(end.beats(int(steps)), end.values_per_step) for steps in lengths]
        begun = lengths if keep is None else lengths[~np.array(keep, np.bool_)]
        if shapes != wanted or (begun < ports.least_steps).any():
            raise GatewrightError(
                "GW-601",
                where=end.tensor,
                cause=f"its sequences have shapes {shapes[:4]}, expected {wanted[:4]}.",
                remedy="Pass an array [T, I] for each sequence, the same T on every port.",
            )
    return lengths


def _unwritable(trace: Waveform | None, reason: str) -> GatewrightError:
    return GatewrightError(
        "GW-606",
        where=str(trace.path) if trace else "waveform",
        cause=f"the waveform cannot be written: {reason}.",
        remedy="Name a file in a folder that you may write, on a disk with room.",
    )


def _rows(count: int, width: int) -> Int32Array:
    return np.zeros((count, width), np.int32)


def _pointers(arrays: Sequence[Int32Array]) -> ctypes.Array[Any]:
    return (c_void_p * max(1, len(arrays)))(*(array.ctypes.data for array in arrays))
