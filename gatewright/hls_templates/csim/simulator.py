"""C-simulation of a project, through ctypes."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gatewright.errors import DEFECT, GatewrightError
from gatewright.hls_templates.csim.library import CSIM_LIBRARY, csim_library
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.hls_templates.records import Tap
from gatewright.ir.types import IntArray
from gatewright.tools.compiler import load_library


class Simulator:
    """A compiled C-simulation, opened: with a state of its own.

    Args:
        files: Those of ``hls/``, as ``csim_sources`` reads them.
        ports: The design's ports.
        native: On machine integers instead of ap_int.
        taps: Whether the design's taps are shown.
    """

    def __init__(
        self, files: Mapping[str, bytes], ports: Ports, *, native: bool, taps: bool = False
    ) -> None:
        self._ports = ports
        self._taps = ports.taps if taps else ()
        library = csim_library(files, native=native, taps=taps, ports=ports)
        self._library = load_library(library.folder() / CSIM_LIBRARY)
        self._function("simulate").restype = ctypes.c_int
        self._function("open").restype = ctypes.c_void_p
        self._opened = ctypes.c_void_p(self._function("open")())
        if not self._opened:
            raise MemoryError("no room for the state of a C-simulation")

    def _function(self, name: str) -> Any:
        """A function of the C interface."""
        return getattr(self._library, self._ports.names.module(name))

    def close(self) -> None:
        """Free the state."""
        opened, self._opened = self._opened, ctypes.c_void_p()
        self._function("close")(opened)  # which may be null

    def __del__(self) -> None:
        if hasattr(self, "_opened"):
            self.close()

    def run(
        self, feeds: Mapping[str, IntArray], *, keep: bool = False
    ) -> tuple[dict[str, IntArray], dict[str, IntArray]]:
        """Run sequences of equal length.

        Args:
            feeds: Centered integers of each input, [B, T, I] or [B, H].
            keep: Whether each goes on from the state that the one before left, in this call or the
                last; the very first has none to go on from, which windows over time do not take.

        Returns:
            Centered integers of each output, [B, T, F] or [B, F], and the taps by name, likewise.

        Raises:
            GatewrightError: GW-601 if a sequence is longer than the design's buffers, GW-503 if
                the design answers with another number of beats.
        """
        # A state may come first; the number of steps is that of a sequence.
        sequence = next(end.tensor for end in self._ports.inputs if end.sequence)
        batch, steps = feeds[sequence].shape[:2]
        self._ports.check_length(steps)
        sources = [
            np.ascontiguousarray(feeds[end.tensor], dtype=np.int32) for end in self._ports.inputs
        ]
        targets = [
            np.zeros(end.shape(batch, steps, keep), dtype=np.int32) for end in self._ports.outputs
        ]
        shown = [
            np.zeros((batch, tap.rows(steps, keep), tap.width), dtype=np.int64)
            for tap in self._taps
        ]
        for number, array in enumerate(shown):
            self._function("tap")(number, _pointer(array), ctypes.c_int64(array.shape[2]))
        status = self._function("simulate")(
            self._opened,
            _pointers(sources),
            ctypes.c_int64(batch),
            ctypes.c_int64(steps),
            ctypes.c_bool(keep),
            _pointers(targets),
            (ctypes.c_int64 * len(targets))(*(target.shape[1] for target in targets)),
        )
        if status != 0:
            raise GatewrightError(
                "GW-503",
                where="csim",
                cause=f"the design answered with status {status}: {STATUS[status]}.",
                remedy=DEFECT,
            )
        outputs = {
            end.tensor: (target if end.sequence else target[:, 0]).astype(np.int64)
            for end, target in zip(self._ports.outputs, targets, strict=True)
        }
        return outputs, {
            tap.name: _in_time(tap, array) for tap, array in zip(self._taps, shown, strict=True)
        }

    def states(self) -> dict[str, IntArray]:
        """What the last sequence left: ``<layer>/h`` and ``<layer>/c``, centered integers [H]."""
        layers = self._ports.rtl_taps
        h, c = ({tap.name: np.zeros(tap.hidden, np.int32) for tap in layers} for _ in "hc")
        both = (state[tap.name] for tap in layers for state in (h, c))
        self._function("states")(self._opened, _pointers(list(both)))
        left = {f"{tap.name}/h": h[tap.name] for tap in layers}
        left |= {f"{tap.name}/c": c[tap.name] for tap in layers if tap.c_bits}
        return {name: state.astype(np.int64) for name, state in left.items()}


STATUS = {
    1: "an output has another number of beats",
    2: "a sequence is too long for a buffer",
    3: "a sequence ends inside the words of a step",
}


def _in_time(tap: Tap, array: IntArray) -> IntArray:
    if not tap.sequence:
        return array[:, 0]
    return array[:, ::-1] if tap.reverse else array


def _pointers(arrays: Sequence[npt.NDArray[np.int32]]) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))


def _pointer(array: npt.NDArray[np.signedinteger[Any]]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
