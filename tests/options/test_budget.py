"""``multipliers`` is kept, or refused with the least that the cells allow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import pytest
import torch
from option_models import INPUTS, STEPS, calibrated
from torch import nn

import gatewright
from gatewright.hls_templates.kernels.recurrent.kernel import RecurrentRecord

pytestmark = pytest.mark.slow

CELLS: dict[str, tuple[type[nn.Module], dict[str, Any], int]] = {
    "lstm": (qnn.QuantLSTM, {}, 4),
    "cifg": (qnn.QuantLSTM, {"coupled_input_forget_gates": True}, 3),
    "rnn": (qnn.QuantRNN, {}, 1),
}


def used(build: gatewright.Build) -> list[int]:
    """Multipliers of each recurrent layer."""
    return [k.multipliers for k in build.kernels.kernels if isinstance(k, RecurrentRecord)]


@pytest.mark.parametrize("cell", CELLS)
def test_a_budget_is_kept_or_refused(cell: str, tmp_path: Path) -> None:
    layer, options, least = CELLS[cell]
    model = calibrated(layer(INPUTS, 5, batch_first=True, **options))
    x = torch.randn(1, STEPS, INPUTS)
    for budget in range(1, 9):
        if budget < least:
            with pytest.raises(gatewright.GatewrightError, match=f"GW-405.*{least} or more"):
                gatewright.compile(model, x, tmp_path / "build", multipliers=budget)
        else:
            build = gatewright.compile(model, x, tmp_path / "build", multipliers=budget)
            assert max(used(build)) <= budget


def test_the_least_is_that_of_all_layers(tmp_path: Path) -> None:
    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = qnn.QuantRNN(INPUTS, 3, batch_first=True)
            self.lstm = qnn.QuantLSTM(3, 2, batch_first=True)

        def forward(self, x: torch.Tensor) -> Any:
            return self.lstm(self.rnn(x)[0])[0]

    model, x = calibrated(Both()), torch.randn(1, STEPS, INPUTS)
    with pytest.raises(gatewright.GatewrightError, match=r"GW-405.*4 or more"):
        gatewright.compile(model, x, tmp_path / "build", multipliers=1)
    assert max(used(gatewright.compile(model, x, tmp_path / "build", multipliers=4))) <= 4
