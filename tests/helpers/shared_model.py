"""A small model that several tests compile once and share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


class Shared:
    """A small trained-like model, its input, and a build of it."""

    SHARED = True
    STEPS, INPUTS, HIDDEN = 6, 5, 7

    def __init__(self, folder: Path, **options: Any) -> None:
        import torch

        import gatewright

        self.model = self.network()
        rng = np.random.default_rng(3)
        self.x = rng.normal(0, 1, (24, self.STEPS, self.INPUTS)).astype(np.float32)
        self.example = torch.from_numpy(self.x[:2])
        self.build = gatewright.compile(self.model, self.example, folder / "build", **options)

    @classmethod
    def network(cls) -> Any:
        """LSTM, last step, linear, ReLU, linear; calibrated, in eval mode."""
        import brevitas.nn as qnn
        import torch
        from torch import Tensor, nn

        class Network(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.lstm = qnn.QuantLSTM(cls.INPUTS, cls.HIDDEN, batch_first=True)
                self.hidden = qnn.QuantLinear(cls.HIDDEN, 6, bias=True)
                self.relu = qnn.QuantReLU(bit_width=4)
                self.classes = qnn.QuantLinear(6, 3, bias=True)

            def forward(self, x: Tensor) -> Tensor:
                out, _ = self.lstm(x)
                return self.classes(self.relu(self.hidden(out[:, -1])))

        torch.manual_seed(7)
        model = Network().train()
        with torch.no_grad():
            for _ in range(3):
                model(torch.randn(16, cls.STEPS, cls.INPUTS))
        return model.eval()
