"""Follows quantization through a model: which layers are given values off any grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from brevitas.nn import QuantEmbedding
from brevitas.nn.quant_layer import QuantNonLinearActLayer, QuantWeightBiasInputOutputLayer
from brevitas.nn.quant_rnn import QuantRecurrentStackBase
from torch import fx, nn

from gatewright.frontend.calibration.operands import ARITHMETIC
from gatewright.frontend.torch.brevitas_quant import is_enabled
from gatewright.frontend.torch.symbolic import symbolic_graph


@dataclass(frozen=True)
class _Flow:
    """What is known of a value: whether it lies on a grid, and whether torch knows which."""

    on_grid: bool = False
    quant_tensor: bool = False


_OFF_GRID = (torch.mean, "mean", torch.sum, "sum", *ARITHMETIC)
_TRANSPARENT = (nn.Dropout, nn.Identity, nn.Flatten, nn.MaxPool1d)


def float_inputs(model: nn.Module, examples: Sequence[torch.Tensor]) -> list[str]:
    """Paths of linear layers that need an input quantizer.

    Their input is float, or their bias quantizer takes its scale from an input that does not carry
    it. Recurrent layers and activations count as quantized: those that are not will be.

    Args:
        model: Brevitas layers.
        examples: One for each argument of its forward().

    Raises:
        GatewrightError: GW-108 where forward() cannot be traced.
    """
    flows: dict[fx.Node, _Flow] = {}
    found: list[str] = []
    for node in symbolic_graph(model, examples).nodes:
        sources = [flows[n] for n in node.all_input_nodes]
        flow = _together(sources)
        if node.op == "call_module":
            path = str(node.target)
            module = model.get_submodule(path)
            if _is_linear(module) and _needs_quantizer(module, flow) and path not in found:
                found.append(path)
            flow = _after(module, flow)
        elif node.target is F.one_hot:
            flow = _Flow(True)
        elif node.target in _OFF_GRID:
            flow = _Flow()
        elif node.op == "call_function" and node.target is getattr:  # .value of a QuantTensor
            flow = _Flow(flow.on_grid)
        flows[node] = flow
    return found


def _together(sources: list[_Flow]) -> _Flow:
    """What is known of a value that several others go into."""
    if not sources:
        return _Flow()
    return _Flow(all(s.on_grid for s in sources), all(s.quant_tensor for s in sources))


def _is_linear(module: nn.Module) -> bool:
    return isinstance(module, QuantWeightBiasInputOutputLayer)


def _needs_quantizer(module: Any, flow: _Flow) -> bool:
    if is_enabled(module.input_quant):
        return False
    bias = module.bias_quant
    needs_scale = module.bias is not None and is_enabled(bias) and bias.requires_input_scale
    return not flow.on_grid or (needs_scale and not flow.quant_tensor)


def _after(module: Any, flow: _Flow) -> _Flow:
    if isinstance(module, QuantRecurrentStackBase):
        return _Flow(True, bool(module.layers[-1][0].return_quant_tensor))
    if isinstance(module, QuantNonLinearActLayer):
        return _Flow(True, bool(module.return_quant_tensor))
    if isinstance(module, QuantEmbedding):
        return _Flow(True, bool(module.return_quant_tensor))
    if _is_linear(module):
        return _Flow(is_enabled(module.output_quant), bool(module.return_quant_tensor))
    return flow if isinstance(module, _TRANSPARENT) else _Flow()
