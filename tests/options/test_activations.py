"""Activations of 2 to 16 bits, all alike and each of its own size."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import torch
from brevitas import quant
from brevitas.inject.enum import FloatToIntImplType
from commit_choice import drawn
from option_models import ACTIVATIONS, Network, calibrated, each, prove, variants

pytestmark = pytest.mark.compiles

CHANNEL = {"weight_quant": quant.Int8WeightPerChannelFloat}
SHIFTED = each(quant=quant.ShiftedUint8ActPerTensorFloat)
FIXED_POINT = {
    "weight_quant": quant.Int8WeightPerTensorFixedPoint,
    **each(quant=quant.Int8ActPerTensorFixedPoint),
    "sigmoid_quant": quant.Uint8ActPerTensorFixedPoint,
}
WIDE = each(bit_width=16)


def rounding(mode: str) -> dict[str, Any]:
    return each(float_to_int_impl_type=FloatToIntImplType[mode])


def widths(*bits: int) -> dict[str, int]:
    return {f"{name}_bit_width": b for name, b in zip(ACTIVATIONS, bits, strict=True)}


SIXTEEN = {
    "float": WIDE,
    "fixed_point": WIDE | FIXED_POINT,
    "zero_points": WIDE | SHIFTED,
    "floor": WIDE | rounding("FLOOR"),
    "ceil": WIDE | rounding("CEIL"),
    "round_to_zero": WIDE | rounding("ROUND_TO_ZERO"),
    "binary_weights": WIDE | {"weight_quant": quant.SignedBinaryWeightPerTensorConst},
    "shifted_weights": WIDE | {"weight_quant": quant.ShiftedUint8WeightPerChannelFloat},
}
MIXED = {
    "wide_cell_narrow_io": widths(4, 8, 8, 8, 16),
    "wide_io": widths(16, 4, 4, 4, 4),
    "wide_accumulators": widths(8, 16, 4, 4, 8),
    "wide_gates": widths(2, 8, 16, 16, 3),
    "narrow_cell": widths(12, 10, 6, 5, 2),
    "all_different": widths(16, 13, 2, 9, 11),
}


def model(hidden: int, options: dict[str, Any]) -> torch.nn.Module:
    torch.manual_seed(1)
    return calibrated(Network(hidden=hidden, **options))


@pytest.mark.parametrize("bits", drawn(range(2, 16), 5, "rotating"))
def test_one_size(bits: int, tmp_path: Path) -> None:
    prove(model(4, each(bit_width=bits) | CHANNEL), tmp_path)


@pytest.mark.parametrize("name", drawn(ACTIVATIONS, 2, "rotating"))
def test_one_of_16_bits(name: str, tmp_path: Path) -> None:
    prove(model(5, {f"{name}_bit_width": 16}), tmp_path)


@pytest.mark.parametrize("name", drawn(SIXTEEN, 3, "rotating"))
def test_all_of_16_bits(name: str, tmp_path: Path) -> None:
    prove(model(2, SIXTEEN[name]), tmp_path)


@pytest.mark.parametrize("name", drawn(MIXED, 2, "rotating"))
def test_sizes_that_differ(name: str, tmp_path: Path) -> None:
    prove(model(5, MIXED[name] | CHANNEL), tmp_path)


def test_16_units_of_16_bits_per_channel_compile_in_seconds(tmp_path: Path) -> None:
    """Such a model once took minutes and gigabytes, most of it for a list of the certificate."""
    start = time.process_time()
    build = prove(model(16, WIDE | CHANNEL), tmp_path)
    assert time.process_time() - start < 60
    assert (build.path / "certificate.json").stat().st_size < 4_000_000


def test_a_large_table_becomes_thresholds(tmp_path: Path) -> None:
    """65,536 words of 4 bits, against 15 thresholds; the tanh of 3 bits keeps its table."""
    build = prove(model(5, widths(8, 16, 4, 4, 3)), tmp_path)
    chosen = variants(build)
    assert {name: v for name, v in chosen.items() if name.endswith("_gate")} == dict.fromkeys(
        ["input_gate", "forget_gate", "cell_gate", "output_gate"], "thresholds"
    )
    assert "hidden_tanh" not in chosen
