"""Every model of the Brevitas tutorial "Quantized RNNs and LSTMs", by the tutorial's own names.

Sizes and options are the tutorial's (``input_size=10, hidden_size=20``). Its models see no data;
here each runs on some in training mode first, as any model has to, for its scales to be of use.
Where the tutorial leaves quantizers out, ``gatewright.calibrate`` places them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from brevitas import config
from brevitas.export import export_onnx_qcdq, export_qonnx
from brevitas.nn import QuantIdentity, QuantLSTM, QuantRNN
from brevitas.quant.binary import SignedBinaryWeightPerTensorConst
from commit_choice import drawn
from torch import Tensor, nn

import gatewright

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

I, H = 10, 20  # noqa: E741 - the field's names
SEQUENCES, STEPS = 32, 5
FLOAT_RNN = {"weight_quant": None, "io_quant": None, "gate_acc_quant": None, "bias_quant": None}
WEIGHT_ONLY = {
    "weight_bit_width": 4,
    "io_quant": None,
    "bias_quant": None,
    "gate_acc_quant": None,
    "sigmoid_quant": None,
    "tanh_quant": None,
    "cell_state_quant": None,
}


class IdentityAndRnn(nn.Module):
    """A QuantTensor goes into the layer, as ``quant_rnn(quant_identity(x))``."""

    def __init__(self) -> None:
        super().__init__()
        self.quant_identity = QuantIdentity(return_quant_tensor=True)
        self.quant_rnn = QuantRNN(I, H, batch_first=True, return_quant_tensor=True)

    def forward(self, x: Tensor) -> Any:
        return self.quant_rnn(self.quant_identity(x))


def from_float(layer: nn.Module, quantized: nn.Module) -> nn.Module:
    """Load a float layer's state dict, as the tutorial does."""
    before = config.IGNORE_MISSING_KEYS
    config.IGNORE_MISSING_KEYS = True
    try:
        quantized.load_state_dict(layer.state_dict())
    finally:
        config.IGNORE_MISSING_KEYS = before
    return quantized


# The models whose quantizers are all there.
QUANTIZED: dict[str, Callable[[], nn.Module]] = {
    "quant_rnn": lambda: QuantRNN(I, H, batch_first=True),
    "quant_rnn_2_layers_bidirectional": lambda: QuantRNN(I, H, num_layers=2, bidirectional=True),
    "quant_rnn_single_direction": lambda: QuantRNN(
        I, H, bidirectional=False, shared_input_hidden_weights=False
    ),
    "quant_rnn_bidirectional": lambda: QuantRNN(
        I, H, bidirectional=True, shared_input_hidden_weights=False
    ),
    "quant_rnn_bidirectional_shared_input_hidden": lambda: QuantRNN(
        I, H, bidirectional=True, shared_input_hidden_weights=True
    ),
    "quant_rnn_4b": lambda: QuantRNN(
        I, H, weight_bit_width=4, weight_scaling_per_output_channel=True, io_bit_width=6
    ),
    "quant_rnn_return_quant_tensor": lambda: QuantRNN(
        I, H, batch_first=True, return_quant_tensor=True
    ),
    "quant_identity_and_quant_rnn": IdentityAndRnn,
    "quant_rnn_custom_hidden_state": lambda: QuantRNN(I, H, batch_first=True),
    "quant_rnn_from_float_rnn": lambda: from_float(nn.RNN(I, H), QuantRNN(I, H)),
    "binary_rnn": lambda: QuantRNN(I, H, weight_quant=SignedBinaryWeightPerTensorConst),
    "quant_lstm": lambda: QuantLSTM(I, H),
}

# The models with float activations, which are calibrated.
PARTIAL: dict[str, Callable[[], nn.Module]] = {
    "quant_rnn_all_quantizers_none": lambda: from_float(nn.RNN(I, H), QuantRNN(I, H, **FLOAT_RNN)),
    "quant_lstm_weight_only": lambda: QuantLSTM(I, H, **WEIGHT_ONLY),
    "quant_lstm_weight_only_cifg": lambda: QuantLSTM(
        I, H, coupled_input_forget_gates=True, **WEIGHT_ONLY
    ),
    "quant_lstm_weight_only_bidirectional_2_layers": lambda: QuantLSTM(
        I, H, bidirectional=True, num_layers=2, **WEIGHT_ONLY
    ),
    "quant_lstm_weight_only_bidirectional_2_layers_shared_ih": lambda: QuantLSTM(
        I, H, bidirectional=True, shared_input_hidden_weights=True, **WEIGHT_ONLY
    ),
    "quant_lstm_weight_only_bidirectional_2_layers_shared_q": lambda: QuantLSTM(
        *(I, H),
        bidirectional=True,
        num_layers=2,
        shared_intra_layer_weight_quant=True,
        **WEIGHT_ONLY,
    ),
    "quant_lstm_weight_only_bidirectional_2_layers_shared_q_ih": lambda: QuantLSTM(
        *(I, H),
        bidirectional=True,
        num_layers=2,
        shared_input_hidden_weights=True,
        shared_intra_layer_weight_quant=True,
        **WEIGHT_ONLY,
    ),
}


def arguments(name: str, model: nn.Module, seed: int) -> tuple[Tensor, ...]:
    """Sequences in the layout of the model, and the hidden state of the model that takes one."""
    rng = np.random.default_rng(seed)
    layer = next(m for m in model.modules() if isinstance(m, (QuantRNN, QuantLSTM)))
    x = rng.normal(0, 1, (SEQUENCES, STEPS, I)).astype(np.float32)
    if not layer.layers[0][0].cell.batch_first:
        x = np.ascontiguousarray(np.swapaxes(x, 0, 1))
    given = [torch.from_numpy(x)]
    if name == "quant_rnn_custom_hidden_state":
        state = rng.normal(0, 0.5, (1, SEQUENCES, H)).astype(np.float32)
        given.append(torch.from_numpy(state))
    return tuple(given)


def quantized(name: str) -> nn.Module:
    """One of the fully quantized models, its scales collected, in eval mode."""
    torch.manual_seed(123456)
    model = QUANTIZED[name]().train()
    with torch.no_grad():
        for seed in range(3):
            model(*arguments(name, model, seed))
    return model.eval()


def partial(name: str) -> nn.Module:
    """One of the models with float activations, as the tutorial leaves it."""
    torch.manual_seed(123456)
    return PARTIAL[name]().eval()


def check(build: Any, model: nn.Module, x: tuple[Tensor, ...]) -> None:
    """torch = traced = integer = standard = C-sim."""
    arrays = tuple(tensor.numpy() for tensor in x)
    report = build.verify(arrays if len(x) > 1 else arrays[0], model=model)
    assert report.mismatches == 0, report.divergence
    assert [c.level for c in report.comparisons] == list(gatewright.FAST_LEVELS)
    layer = next(m for m in model.modules() if isinstance(m, (QuantRNN, QuantLSTM)))
    size = SEQUENCES * STEPS * H * sum(len(directions) for directions in layer.layers)
    assert all(c.compared["h"] == size for c in report.comparisons)


@pytest.mark.parametrize("name", drawn(QUANTIZED, 4, "rotating"))
def test_quantized(name: str, tmp_path: Path) -> None:
    model = quantized(name)
    x = arguments(name, model, 10)
    example = x if len(x) > 1 else x[0]
    build = gatewright.compile(model, example, tmp_path / "build")
    check(build, model, x)


@pytest.mark.parametrize("name", drawn(PARTIAL, 4, "rotating"))
def test_calibrated(name: str, tmp_path: Path) -> None:
    model = partial(name)
    result = gatewright.calibrate(model, arguments(name, model, 0)[0])
    build = gatewright.compile(result.model, result.example_input, tmp_path / "build")
    check(build, result.model, arguments(name, model, 10))


@pytest.mark.parametrize("name", drawn([name for name in PARTIAL if "lstm" in name], 2, "rotating"))
def test_weight_only_export(name: str, tmp_path: Path) -> None:
    """``export_onnx_qcdq``, then calibration of the file."""
    model, path = partial(name), str(tmp_path / f"{name}.onnx")
    export_onnx_qcdq(model, torch.randn(5, 1, I), path, opset_version=14, dynamo=False)
    data = arguments(name, model, 0)[0]
    result = gatewright.calibrate(path, data)
    expected = gatewright.calibrate(model, data)
    x = arguments(name, model, 10)
    theirs, ours = expected.model(*x), result.model(*x)
    assert torch.equal(theirs[0], ours[0] if isinstance(ours, tuple) else ours)


def test_full_quantization_export(tmp_path: Path) -> None:
    """``export_qonnx`` of the default QuantLSTM, which leaves the same build as the module."""
    model, path = quantized("quant_lstm"), str(tmp_path / "quant_lstm.onnx")
    export_qonnx(model, torch.randn(5, 1, I), path, dynamo=False)
    build = gatewright.compile(path, None, tmp_path / "build")
    check(build, model, arguments("quant_lstm", model, 10))
