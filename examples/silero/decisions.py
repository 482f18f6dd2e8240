"""How many decisions of the detector differ from float, calibrated in several ways."""

from __future__ import annotations

from typing import Any

import torch
from model import SPLITS, dataset, model, sequences

import gatewright

AUTO: dict[str, Any] = {"bits": "auto", "max_loss": 0.02}
_LSTM = "lstm.layers.0"
FOUND: dict[str, Any] = {
    "bits": {
        f"{_LSTM}.io": 12,
        f"{_LSTM}.cell_state": 12,
        f"{_LSTM}.gate_acc": 8,
        f"{_LSTM}.sigmoid": 10,
        f"{_LSTM}.tanh": 10,
        "relu.act": 8,
    },
    "weight_bits": {f"{_LSTM}.weight": 7, "fc.weight": 10},
    "weight_scale": {f"{_LSTM}.weight": "per_channel", "fc.weight": "per_tensor"},
    "percentile": {
        f"{_LSTM}.io": 100,
        f"{_LSTM}.cell_state": 97,
        f"{_LSTM}.gate_acc": 97,
        f"{_LSTM}.sigmoid": 99.5,
        f"{_LSTM}.tanh": 97,
        "relu.act": 99.9,
    },
}
"""What AUTO finds."""
WAYS: tuple[dict[str, Any], ...] = (
    {"bits": 8},
    {},
    {"bits": 12, "weight_bits": 16, "percentile": 100},
    AUTO,
    {**AUTO, "weight_bits": 8},
)


def main() -> None:
    """Print a line for each way."""
    net, (x, _) = model(), dataset("train")
    frames = torch.cat([sequences(name) for name in SPLITS["test"]])
    with torch.no_grad():
        scores = net(frames)
        likely = scores.sigmoid()
        unclear = ((likely > 0.2) & (likely < 0.8)).double().mean()
        print(
            f"{scores.numel()} frames, speech in {(scores >= 0).double().mean():.1%}, "
            f"between 0.2 and 0.8 in {unclear:.1%}"
        )
        for way in WAYS:
            result = gatewright.calibrate(net, x, **way)
            differ = ((result.model(frames) >= 0) != (scores >= 0)).double().mean()
            print(f"{way}: {differ:.2%} differ, output error {result.output_error.relative:.1%}")
            if way == AUTO:
                print(result)
                print("as FOUND:", result.found == FOUND)


if __name__ == "__main__":
    main()
