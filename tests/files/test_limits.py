"""What a model may hold at most: the page says what the code does."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import pytest
import torch
from brevitas.quant import Int8ActPerTensorFloat
from torch import nn

import gatewright
from gatewright.errors import CODES, GatewrightError
from gatewright.files.limits import LIMITS

PAGE = Path(__file__).parents[2] / "docs" / "limits.md"


@pytest.mark.compiles
def test_the_page_states_every_limit() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (.*?) \| (GW-\d+) \|$", PAGE.read_text(), re.M)
    stated = [(name, int(most), what, code) for name, most, what, code in rows]
    assert stated == [(n, limit.most, limit.what, limit.code) for n, limit in LIMITS.items()]


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_the_largest_that_is_allowed(name: str) -> None:
    limit = LIMITS[name]
    limit.check("here", limit.most)
    with pytest.raises(GatewrightError) as caught:
        limit.check("here", limit.most + 1)
    assert caught.value.code == limit.code in CODES
    assert caught.value.code in ("GW-106", "GW-107", "GW-208", "GW-405")
    assert str(limit.most) in caught.value.cause and caught.value.remedy


def test_an_error_is_fit_for_a_terminal() -> None:
    error = GatewrightError("GW-207", where="a\x1b[31m\0\udc80", cause="b\nc" * 9000, remedy="é")
    assert error.where == r"a\x1b[31m\x00\udc80" and error.remedy == "é"
    assert len(error.cause) < 9000 and r"b\nc" in error.cause and "\n" not in error.cause
    str(error).encode()


class Wide(nn.Module):
    """An LSTM behind a quantizer, one of which has so many bits."""

    def __init__(self, place: str, bits: int) -> None:
        super().__init__()
        wide: Any = type("Wide", (Int8ActPerTensorFloat,), {"bit_width": bits})
        options = {} if place == "input" else {f"{place}_quant": wide}
        self.input = qnn.QuantIdentity(bit_width=bits if place == "input" else 8)
        self.lstm = qnn.QuantLSTM(2, 2, batch_first=True, **options)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.lstm(self.input(x))[0]


@pytest.mark.parametrize(
    ("place", "bits"), [("input", 17), ("io", 20), ("gate_acc", 24), ("cell_state", 17)]
)
def test_activations_beyond_16_bits_are_refused_at_once(
    place: str, bits: int, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    model = Wide(place, bits).train()
    model(torch.randn(2, 3, 2))
    began = time.process_time()
    with pytest.raises(GatewrightError) as caught:
        gatewright.compile(model.eval(), torch.randn(2, 3, 2), tmp_path / "b")
    assert time.process_time() - began < 5
    assert caught.value.code == "GW-107" and f"{bits} bits" in caught.value.cause
    assert caught.value.where.startswith("input" if place == "input" else "lstm")
    assert "bit_width of 16" in caught.value.remedy


@pytest.mark.parametrize("bits", [17, 32])
def test_weights_of_more_bits_compile(bits: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = qnn.QuantLSTM(2, 2, batch_first=True, weight_bit_width=bits).train()
    x = torch.randn(4, 3, 2)
    model(x)
    build = gatewright.compile(model.eval(), x, tmp_path / "b")
    assert build.verify(x.numpy(), levels=("traced", "integer", "standard")).mismatches == 0
