"""How ``model.onnx`` was made. Nothing runs this: the file stays, whatever torch and Brevitas do.

python tests/snapshot/snapshot_model.py FILE
"""

from __future__ import annotations

import sys

import brevitas.nn as qnn
import torch
from brevitas.export import export_qonnx
from torch import Tensor, nn

STEPS, INPUTS, HIDDEN = 4, 2, 3
BITS = dict.fromkeys(("io", "gate_acc", "sigmoid", "tanh", "cell_state", "weight"), 4)


class Small(nn.Module):
    """LSTM, last step, linear, ReLU, linear: in 4 bits, so that its tables can be read."""

    def __init__(self) -> None:
        super().__init__()
        bits = {f"{name}_bit_width": count for name, count in BITS.items()}
        self.lstm = qnn.QuantLSTM(INPUTS, HIDDEN, batch_first=True, **bits)
        self.hidden = qnn.QuantLinear(HIDDEN, 3, bias=True, weight_bit_width=4)
        self.relu = qnn.QuantReLU(bit_width=4)
        self.classes = qnn.QuantLinear(3, 2, bias=True, weight_bit_width=4)

    def forward(self, x: Tensor) -> Tensor:
        """Scores [B, classes] of x [B, T, inputs]."""
        out, _ = self.lstm(x)
        return self.classes(self.relu(self.hidden(out[:, -1])))


if __name__ == "__main__":
    torch.manual_seed(0)
    model = Small().train()
    with torch.no_grad():
        for _ in range(5):
            model(torch.randn(32, STEPS, INPUTS))
    export_qonnx(model.eval(), torch.randn(1, STEPS, INPUTS), sys.argv[1], dynamo=False)
