"""A float model as users have it in a file of their own, and its data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM({I}, {H}, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0]

def net():
    torch.manual_seed(0)
    return Net().eval(), torch.zeros(1, 6, {I})
"""


@pytest.fixture
def float_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working folder holds ``float_net:net`` and ``x.npy``."""
    from partial_models import H, I, sequences  # where there is no Brevitas, none asks for this

    (tmp_path / "float_net.py").write_text(MODEL.format(I=I, H=H))
    np.save(tmp_path / "x.npy", sequences().numpy())
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
