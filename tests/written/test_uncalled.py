"""Modules that forward() never calls decide nothing, refuse nothing, and stay where they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
from torch import Tensor, nn

import gatewright
from gatewright.cli.diagnosis import diagnose
from gatewright.errors import GatewrightError

B, T, I, H = 12, 6, 3, 4  # noqa: E741 - the field's names


class Idle(nn.Module):
    """Layers of the other order of axes and layers that nothing compiles, none of them called."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.LSTM(I, H, batch_first=True)
        self.gru = nn.GRU(I, H)
        self.small = nn.LSTM(I, H, proj_size=2)
        self.table = nn.Embedding(4, I, max_norm=1.0)
        self.clamp = nn.Hardtanh(-1, 2)
        self.leaky = nn.LeakyReLU(0.1)
        self.attention = nn.TransformerEncoderLayer(H, 2)
        self.quant = qnn.QuantLSTM(I, H, io_quant=None)
        self.listed = nn.ModuleList([nn.GRU(2, 2), nn.Linear(H, 2)])
        self.cell = nn.LSTMCell(I, H)


class Major(Idle):
    """A layer without ``batch_first``, on sequences in either order."""

    def __init__(self, turned: bool) -> None:
        super().__init__()
        self.lstm = nn.LSTM(I, H)
        self.turned = turned

    def forward(self, x: Tensor) -> Tensor:
        out = self.lstm(x.permute(1, 0, 2) if self.turned else x)[0]
        return self.listed[1](out[-1]) * float(self.gru.hidden_size)


@pytest.mark.parametrize("turned", [False, True])
def test_only_what_is_called_counts(turned: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Major(turned).eval()
    x = torch.randn((B, T, I) if turned else (T, B, I))
    result = gatewright.calibrate(model, x, sensitivity=True)
    assert result.sequences == B
    assert result.output_error.relative < 0.1
    assert {placed.name.partition(".")[0] for placed in result.placed} == {"listed", "lstm"}
    assert isinstance(result.model.gru, nn.GRU) and isinstance(result.model.listed[0], nn.GRU)
    assert result.model.gru is not model.gru, "a copy"
    assert result.model.state_dict().keys() >= model.gru.state_dict(prefix="gru.").keys()
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    report = build.verify(x.numpy(), model=result.model, levels=("traced", "integer"))
    assert report.mismatches == 0, report.divergence
    assert not [trap for trap in diagnose(result.model, result.example_input) if trap.fatal]


def test_what_is_called_with_other_data_alone_still_runs() -> None:
    """Data of two lengths, the first of which never reaches a layer."""

    class Long(Idle):
        def forward(self, x: Tensor) -> Tensor:
            y = self.first(x)[0]
            return y + self.gru(x.transpose(0, 1))[0].transpose(0, 1) if x.size(1) > T else y

    torch.manual_seed(0)
    batches = [torch.randn(B, T, I), torch.randn(B, T + 1, I)]
    result = gatewright.calibrate(Long().eval(), batches)
    with torch.no_grad():
        assert np.isfinite(result.model(batches[1]).numpy()).all()


def test_of_a_list_all_that_is_called_stays(tmp_path: Path) -> None:
    """Also in the graph that calibration makes, whose list is a plain module."""

    class Listed(Idle):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList([nn.LSTM(I, I, batch_first=True) for _ in range(3)])

        def forward(self, x: Tensor) -> Tensor:
            for block in self.blocks[:2]:
                x = torch.relu(block(x)[0])
            return x

    torch.manual_seed(0)
    x = torch.randn(B, T, I)
    result = gatewright.calibrate(Listed().eval(), x)
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    report = build.verify(x.numpy(), model=result.model, levels=("traced", "integer"))
    assert report.mismatches == 0, report.divergence


def test_what_is_called_is_refused() -> None:
    class Called(Idle):
        def forward(self, x: Tensor) -> Any:
            return self.gru(x)[0]

    with pytest.raises(GatewrightError, match="GW-101"):
        gatewright.calibrate(Called().eval(), torch.randn(T, B, I))
