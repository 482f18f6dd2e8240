"""The tiny core as an ``rtl/`` folder, with its ports and what it computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gatewright.hls_templates.mapping.ports import Ports
from gatewright.hls_templates.records import PortRecord, StateTap

INIT = (1, -2, 3, 0)
CYCLES_PER_STEP = 6
MAX_STEPS = 20


def port(tensor: str, width: int, folds: int = 2) -> PortRecord:
    """A port of the tiny core's kind: two lanes of 8 bits."""
    return PortRecord(tensor.lower(), tensor, True, width, -128, 127, 2, 8, folds, "")


PORTS = Ports(
    inputs=(port("X", 3),),
    outputs=(port("Y", 3),),
    taps=(),
    max_steps=MAX_STEPS,
    rtl_taps=(StateTap("layer", 3, 8, True, 12, True, False, "k0_tap", 2, 2),),
)
SOURCE = Path(__file__).with_name("tiny_core.sv").read_text()


def write(folder: Path, *changes: str) -> Path:
    """The folder; a change is ``old => new`` in the core's text."""
    source = SOURCE
    for change in changes:
        old, new = change.split(" => ")
        assert source.count(old) == 1, f"{old!r} is there {source.count(old)} times"
        source = source.replace(old, new)
    (folder / "rom").mkdir(parents=True)
    (folder / "gatewright_core.sv").write_text(source)
    (folder / "sources.f").write_text("gatewright_core.sv\n")
    (folder / "rom" / "init.hex").write_text("".join(f"{n & 0xFFF:03x}\n" for n in INIT))
    return folder


def sequences(lengths: list[int], seed: int = 0) -> list[np.ndarray]:
    """Random inputs of these lengths."""
    rng = np.random.default_rng(seed)
    return [rng.integers(-128, 128, (length, 3)) for length in lengths]


def wrap(n: np.ndarray, bits: int) -> np.ndarray:
    """Two's complement of so many bits."""
    half = 1 << (bits - 1)
    return (n + half) % (1 << bits) - half


def expected(xs: list[np.ndarray], keep: list[bool]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """h (the output too) and c of every step."""
    hs, cs, state = [], [], np.array(INIT[:3])
    for x, kept in zip(xs, keep, strict=True):
        c = wrap((state if kept else np.array(INIT[:3])) + np.cumsum(x, axis=0), 12)
        state = c[-1]
        cs.append(c)
        hs.append(wrap(c, 8))
    return hs, cs
