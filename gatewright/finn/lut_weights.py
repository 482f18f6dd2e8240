"""LUTs for each of a kind; benchmarks/finn_luts.py prints this."""

from __future__ import annotations

from gatewright.finn.features import CountedKind

WEIGHTS: dict[CountedKind, float] = {
    "accumulator": 1.5,
    "adder": 0.0,
    "cell": 1.0,
    "clamp": 1.0,
    "clip": 0.669,
    "column": 1.0,
    "compare": 1.0,
    "gathered": 1.0,
    "given": 1.0,
    "half": 1.0,
    "halves": 0.245,
    "halves_offset": 0.413,
    "level": 0.0,
    "lut_ram": 1.0,
    "mux": 1.0,
    "offset": 0.56,
    "operand": 2.0,
    "product": 1.677,
    "queue": 4.0,
    "recurrent": 0.0,
    "rom": 1.286,
    "row": 9.009,
    "row_offset": 1.394,
    "shift": 1.0,
    "skid": 1.0,
    "small": 2.5,
    "sum": 0.806,
    "ties": 0.0,
    "turn": 2.5,
}
