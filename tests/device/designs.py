"""The design of ``sv/gatewright_top.sv`` as Python has it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gatewright.boards.shell import shell_files
from gatewright.hls_templates.library import versioned_modules
from gatewright.hls_templates.project.names import library_module
from gatewright.hls_templates.records import PortRecord
from gatewright.ir.types import IntArray

MAX_STEPS = 300
DIGEST = bytes(range(1, 9))
TOP = Path(__file__).parent / "sv/gatewright_top.sv"


def _port(name: str, sequence: bool, values: int, lanes: int, bits: int) -> PortRecord:
    return PortRecord(
        name=name,
        tensor=name,
        sequence=sequence,
        values_per_step=values,
        low=-(1 << (bits - 1)),
        high=(1 << (bits - 1)) - 1,
        lane_bits=bits,
        lanes=lanes,
        words_per_step=-(-values // lanes),
        stream="",
    )


INPUTS = (_port("s_axis", True, 3, 2, 8), _port("s_axis_1_start", False, 2, 2, 16))
OUTPUTS = (
    _port("m_axis", False, 2, 2, 16),
    _port("m_axis_1_totals", True, 1, 1, 16),
    _port("m_axis_2_echo", False, 2, 2, 16),
)


def expected(x: IntArray, start: IntArray, total: int | None = None) -> list[IntArray]:
    """The outputs for steps [T, 3] and a start [2], going on from a total if there is one."""
    begin = int(start[0]) if total is None else total
    totals = (begin + x.sum(axis=1).cumsum() + (1 << 15)) % (1 << 16) - (1 << 15)
    return [np.array([[totals[-1], len(x)]]), totals[:, None], start[None, ::-1]]


def write_sources(folder: Path, digest: bytes = DIGEST) -> list[str]:
    """The shell around this design."""
    modules = versioned_modules()
    names = [f"{library_module(name)}.sv" for name in ("gw_held", "gw_ram", "gw_skid", "gw_fifo")]
    files = {name: modules[name] for name in names}
    files[TOP.name] = TOP.read_text()
    files |= shell_files(INPUTS, OUTPUTS, digest)
    for name, text in files.items():
        (folder / name).write_text(text)
    return list(files)
