"""Traps in models and files that trace or load, or would, and still surprise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gatewright.errors import GatewrightError
from gatewright.frontend.onnx.float_files import CALIBRATE, FLOAT_CELLS, is_plain
from gatewright.frontend.onnx.ops import DEFAULT
from gatewright.frontend.onnx.read import read_model

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Trap:
    """Something that is not what it seems.

    Attributes:
        name: Of the kind of trap.
        where: The module, node or file.
        what: What is the case there.
        remedy: What to do about it.
        fatal: Whether the model does not compile as it is.
    """

    name: str
    where: str
    what: str
    remedy: str
    fatal: bool = False


def refused(error: GatewrightError) -> Trap:
    """What keeps a model from compiling."""
    return Trap(error.code, error.where, error.cause, error.remedy, fatal=True)


def file_traps(path: Path) -> list[Trap]:
    """Traps in an ONNX file.

    Raises:
        GatewrightError: GW-201 to GW-203 where it cannot be read.
    """
    model = read_model(path)
    if not model.graph.node:
        return [
            Trap(
                "empty export",
                str(path),
                "The graph holds no nodes: export_qonnx with its default, dynamo=True, drops "
                "recurrent layers without a word.",
                "Export again with export_qonnx(model, x, path, dynamo=False), or compile the "
                "torch module itself.",
                fatal=True,
            )
        ]
    if is_plain(model.graph.node):
        return [
            Trap(
                "float model",
                str(path),
                "Nothing in it is quantized, so there are no integers to compute with yet.",
                CALIBRATE,
                fatal=True,
            )
        ]
    return [
        Trap(
            "float activations",
            node.name or node.op_type,
            f"A standard {node.op_type} with quantized weights: its activations are float, so "
            "there are no integers to compute with yet.",
            CALIBRATE,
            fatal=True,
        )
        for node in model.graph.node
        if node.op_type in FLOAT_CELLS and node.domain in DEFAULT
    ]


def module_traps(model: nn.Module, example_input: Any) -> list[Trap]:
    """Traps in what a torch module calls.

    Args:
        model: In eval mode or not.
        example_input: As for ``compile``.

    Raises:
        GatewrightError: GW-102 to GW-104, GW-106, GW-603; GW-108 where it cannot be traced.
    """
    import torch

    from gatewright.frontend.torch.checks import check_model, example_arrays
    from gatewright.frontend.torch.uncalled import called_alone

    module = check_model(model)
    examples = [torch.from_numpy(example) for example in example_arrays(example_input)]
    with called_alone(module, examples):
        return _module_traps(module)


def _module_traps(model: nn.Module) -> list[Trap]:
    from brevitas.nn import QuantRNN
    from brevitas.nn.mixin.base import QuantRecurrentLayerMixin

    traps = []
    for path, module in model.named_modules():
        where = path or type(module).__name__
        if isinstance(module, QuantRNN):
            traps.append(
                Trap(
                    "no export",
                    where,
                    "Brevitas cannot export a QuantRNN: export_qonnx raises TypeError.",
                    "Compile the torch module itself, which needs no export.",
                )
            )
        if isinstance(module, QuantRecurrentLayerMixin):
            traps += _layer_traps(where, module)
    return traps


def _layer_traps(where: str, layer: Any) -> list[Trap]:
    traps = [*_partial(where, layer), *_coupled_one(where, layer)]
    if layer.shared_input_hidden_weights and layer.reverse_input and hasattr(layer, "cifg"):
        traps.append(
            Trap(
                "swapped shared weights",
                where,
                "With shared_input_hidden_weights Brevitas gives the reverse direction the input "
                "gate's weights for its forget gate, and the other way round.",
                "Nothing, if the model was trained like this: the kernels compute what torch does. "
                "Weights from elsewhere have to be swapped, or the sharing left out.",
            )
        )
    return traps


def _partial(where: str, layer: Any) -> list[Trap]:
    proxies = {
        name: proxy for name, proxy in layer.cell.named_children() if name.endswith("_quant")
    }
    missing = sorted(name for name, proxy in proxies.items() if not proxy.is_quant_enabled)
    if not missing:
        return []
    kind = "every activation" if len(missing) == len(proxies) else ", ".join(missing)
    return [
        Trap(
            "partial quantization",
            where,
            f"{kind} is float, so the cell has no integer form, and Brevitas does not export it.",
            "Calibrate: gatewright.calibrate(model, data), or compile --calibrate data.npy.",
            fatal=True,
        )
    ]


def _coupled_one(where: str, layer: Any) -> list[Trap]:
    """A coupled forget gate is taken from the 1 that the input gate's quantizer knows."""
    if not getattr(layer, "cifg", False) or not layer.cell.input_sigmoid_quant.is_quant_enabled:
        return []
    proxy = layer.cell.input_sigmoid_quant
    scale, zero_point = (float(v()) for v in (proxy.scale, proxy.zero_point))
    bits, signed = int(proxy.bit_width()), bool(proxy.is_signed)
    top = 2 ** (bits - signed) - 1 - int(bool(proxy.is_narrow_range) and not signed)
    one = (min(float(np.rint(1.0 / scale + zero_point)), top) - zero_point) * scale
    if one >= 1.0 - scale / 2:
        return []
    return [
        Trap(
            "saturating one",
            where,
            f"The forget gate is 1 - input gate, and the sigmoid quantizer's largest value is "
            f"{one:.4f}: the forget gate never exceeds it, and the cell always forgets.",
            "Nothing, if the model was trained like this: the kernels compute what torch does. "
            "Otherwise calibrate the sigmoid quantizer to reach 1.0.",
        )
    ]
