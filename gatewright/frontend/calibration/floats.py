"""Turns plain torch layers into Brevitas ones that compute the same, all quantizers missing."""

from __future__ import annotations

from typing import Any

import brevitas.nn as qnn
import torch
from brevitas.nn.mixin.base import QuantLayerMixin
from brevitas.nn.quant_rnn import QuantRecurrentStackBase
from torch import nn

from gatewright.errors import GatewrightError
from gatewright.frontend.torch.as_torch import TorchLSTM, TorchRNN
from gatewright.frontend.torch.embedding import refuse_max_norm

_NO_ACTIVATIONS = {"io_quant": None, "gate_acc_quant": None, "bias_quant": None}
_NO_LSTM_ACTIVATIONS = {
    **_NO_ACTIVATIONS,
    "sigmoid_quant": None,
    "tanh_quant": None,
    "cell_state_quant": None,
}


def with_brevitas_layers(model: nn.Module) -> nn.Module:
    """The model with each float layer replaced: recurrent ones, ``nn.Linear``, ``nn.Conv1d``, ...

    Args:
        model: Changed in place, unless it is itself such a layer.

    Returns:
        The model.

    Raises:
        GatewrightError: GW-109 for an LSTM with projections.
    """
    if type(model) in _MAKERS:
        return _MAKERS[type(model)](type(model).__name__, model).eval()
    _replace(model, "", {})
    return model


def float_layers(model: nn.Module) -> list[str]:
    """Paths of the layers that ``with_brevitas_layers`` replaces, each once."""
    found: list[str] = []
    within: list[str] = []
    for path, module in model.named_modules():
        if any(not outer or path.startswith(f"{outer}.") for outer in within):  # "" is the model
            continue
        if isinstance(module, QuantRecurrentStackBase | QuantLayerMixin):
            within.append(path)
        elif type(module) in _MAKERS:
            found.append(path)
    return found


def _replace(parent: nn.Module, path: str, made: dict[int, nn.Module]) -> None:
    """Replace below ``parent``; a layer in several places stays one."""
    if isinstance(parent, QuantRecurrentStackBase | QuantLayerMixin):
        return  # Brevitas' own layers hold an nn.ReLU and the like inside
    for name, child in list(parent._modules.items()):
        where = f"{path}.{name}".lstrip(".")
        if child is None:
            continue
        if type(child) not in _MAKERS:
            _replace(child, where, made)
            continue
        if id(child) not in made:
            made[id(child)] = _MAKERS[type(child)](where, child).eval()
        setattr(parent, name, made[id(child)])


_SIZES = ("input_size", "hidden_size", "num_layers", "batch_first", "bidirectional", "proj_size")


def _lstm(where: str, module: Any) -> nn.Module:
    if module.proj_size:
        raise GatewrightError(
            "GW-109",
            where=where,
            cause=f"it uses proj_size={module.proj_size}; Brevitas has no such LSTM.",
            remedy="Build the layer with proj_size=0.",
        )
    return _loaded(
        TorchLSTM(
            module.input_size,
            module.hidden_size,
            **_shape(module),
            weight_quant=None,
            **_NO_LSTM_ACTIVATIONS,
        ),
        module,
    )


def _rnn(where: str, module: Any) -> nn.Module:
    return _loaded(
        TorchRNN(
            module.input_size,
            module.hidden_size,
            nonlinearity=module.nonlinearity,
            **_shape(module),
            weight_quant=None,
            **_NO_ACTIVATIONS,
        ),
        module,
    )


def _shape(module: Any) -> dict[str, Any]:
    return {
        "num_layers": module.num_layers,
        "bias": module.bias,
        "batch_first": module.batch_first,
        "bidirectional": module.bidirectional,
    }


def _loaded(made: nn.Module, module: Any) -> nn.Module:
    """``made`` with the parameters of a torch layer; Brevitas knows torch's names for them.

    And with its sizes, which a forward() may read, and Brevitas does not keep.
    """
    names = [name for layer in module._all_weights for name in layer]
    # By attribute, which also a parameter that is computed from others has.
    made.load_state_dict({name: getattr(module, name).detach().clone() for name in names})
    for name in _SIZES:
        setattr(made, name, getattr(module, name))
    return made


def _linear(where: str, module: Any) -> nn.Module:
    made = qnn.QuantLinear(
        module.in_features,
        module.out_features,
        bias=module.bias is not None,
        weight_quant=None,
        bias_quant=None,
    )
    return _with_weights(made, module)


def _embedding(where: str, module: Any) -> nn.Module:
    refuse_max_norm(where, module)
    rows = module.weight.detach().clone()
    return qnn.QuantEmbedding(*rows.shape, module.padding_idx, _weight=rows, weight_quant=None)


def _conv(where: str, module: Any) -> nn.Module:
    made = qnn.QuantConv1d(
        module.in_channels,
        module.out_channels,
        module.kernel_size[0],
        stride=module.stride[0],
        padding=module.padding if isinstance(module.padding, str) else module.padding[0],
        dilation=module.dilation[0],
        groups=module.groups,
        padding_mode=module.padding_mode,
        bias=module.bias is not None,
        weight_quant=None,
        bias_quant=None,
    )
    return _with_weights(made, module)


def _with_weights(made: Any, module: Any) -> nn.Module:
    with torch.no_grad():
        made.weight.copy_(module.weight)
        if module.bias is not None:
            made.bias.copy_(module.bias)
    assert isinstance(made, nn.Module)
    return made


def _relu(where: str, module: nn.Module) -> nn.Module:
    return qnn.QuantReLU(act_quant=None)


def _sigmoid(where: str, module: nn.Module) -> nn.Module:
    return qnn.QuantSigmoid(act_quant=None)


def _tanh(where: str, module: nn.Module) -> nn.Module:
    return qnn.QuantTanh(act_quant=None)


def _hardtanh(where: str, module: Any) -> nn.Module:
    low, high = float(module.min_val), float(module.max_val)
    if low not in (0, -high) or high <= 0:
        raise GatewrightError(
            "GW-109",
            where=where,
            cause=f"it clamps to {low} to {high}, and quantizers of calibration are symmetric.",
            remedy="Clamp to -a to a, or to 0 to a.",
        )
    return qnn.QuantHardTanh(min_val=low, max_val=high, act_quant=None)


_MAKERS = {
    nn.Conv1d: _conv,
    nn.Embedding: _embedding,
    nn.LSTM: _lstm,
    nn.RNN: _rnn,
    nn.Linear: _linear,
    nn.ReLU: _relu,
    nn.ReLU6: _hardtanh,
    nn.Hardtanh: _hardtanh,
    nn.Sigmoid: _sigmoid,
    nn.Tanh: _tanh,
}
