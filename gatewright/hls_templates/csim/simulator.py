"""C-simulation of a project folder, through ctypes."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gatewright.errors import GatewrightError
from gatewright.hls_templates.csim.compiler import compile_library, find_compiler
from gatewright.hls_templates.kernel import Tap
from gatewright.ir.types import IntArray


class Simulator:
    """A compiled C-simulation.

    Args:
        project: The ``hls/`` folder.
        cache: Where libraries are kept; their names carry a digest of the sources.
        native: On machine integers instead of ap_int.
        taps: The design's taps, or none to run without.
    """

    def __init__(
        self, project: Path, cache: Path, *, native: bool, taps: Sequence[Tap] = ()
    ) -> None:
        self._taps = tuple(taps)
        library = cache / _library_name(project, native, bool(taps))
        if not library.exists():
            cache.mkdir(parents=True, exist_ok=True)
            compile_library(find_compiler(), project, library, native=native, taps=bool(taps))
        self._library = ctypes.CDLL(str(library))
        self._library.gw_simulate.restype = ctypes.c_int64

    def run(
        self, x: IntArray, out_steps: int, out_width: int
    ) -> tuple[IntArray, dict[str, IntArray]]:
        """Run sequences of equal length.

        Args:
            x: Centered integers [B, T, I].
            out_steps: Beats of the output for each sequence.
            out_width: Values of an output beat.

        Returns:
            Centered integers [B, out_steps, out_width], and the taps by name, [B, T, width] or
            [B, 1, width].

        Raises:
            GatewrightError: GW-503 if the design answers with another number of beats.
        """
        batch, steps = x.shape[:2]
        source = np.ascontiguousarray(x, dtype=np.int32)
        target = np.zeros((batch, out_steps, out_width), dtype=np.int32)
        shown = {
            tap.name: np.zeros((batch, steps if tap.sequence else 1, tap.width), dtype=np.int64)
            for tap in self._taps
        }
        for number, array in enumerate(shown.values()):
            self._library.gw_tap(number, _pointer(array), ctypes.c_int64(array.shape[2]))
        written = self._library.gw_simulate(
            _pointer(source),
            ctypes.c_int64(batch),
            ctypes.c_int64(steps),
            _pointer(target),
            ctypes.c_int64(out_steps),
        )
        if written != target.size:
            raise GatewrightError(
                "GW-503",
                where="csim",
                cause=f"the design wrote {written} values instead of {target.size}.",
                remedy="This is a defect of the kernels: please report it with the model.",
            )
        return target.astype(np.int64), shown


def _pointer(array: npt.NDArray[np.signedinteger[Any]]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _library_name(project: Path, native: bool, taps: bool) -> str:
    digest = hashlib.sha256()
    for path in sorted(p for p in project.rglob("*") if p.suffix in (".cpp", ".hpp")):
        digest.update(path.relative_to(project).as_posix().encode())
        digest.update(path.read_bytes())
    kind = ("native" if native else "ap") + ("-taps" if taps else "")
    return f"csim-{kind}-{digest.hexdigest()[:16]}.so"
