"""Quantizers that are there, but whose scale still waits for its first data."""

from __future__ import annotations

from typing import Any

from brevitas.proxy.runtime_quant import ActQuantProxyFromInjector
from torch import nn

from gatewright.frontend.calibration.batches import Batch
from gatewright.frontend.calibration.observe import run
from gatewright.frontend.calibration.result import Placed
from gatewright.frontend.torch.brevitas_quant import is_enabled
from gatewright.frontend.torch.checks import waits_for_data


def waiting_quantizers(model: nn.Module) -> dict[str, Any]:
    """Enabled activation quantizers that never saw data, by module path."""
    return {
        path: module
        for path, module in model.named_modules()
        if isinstance(module, ActQuantProxyFromInjector)
        and is_enabled(module)
        and waits_for_data(module)
    }


def collect(model: nn.Module, waiting: dict[str, Any], batches: list[Batch]) -> None:
    """Let Brevitas collect the statistics of these quantizers only, as it does in training."""
    for quantizer in waiting.values():
        quantizer.fused_activation_quant_proxy.train()
    run(model, batches)
    for quantizer in waiting.values():
        quantizer.fused_activation_quant_proxy.eval()


def described(model: nn.Module, waiting: dict[str, Any]) -> list[Placed]:
    """What collecting gave."""
    holders = [child for module in model.modules() for child in module._modules.values()]
    return [
        Placed(
            name=path.replace(".cell.", "."),
            places=sum(child is quantizer for child in holders),
            kind=None,
            bits=int(quantizer.bit_width()),
            signed=bool(quantizer.is_signed),
            scale=float(quantizer.scale().detach()) if quantizer.scale().numel() == 1 else 0.0,
            clipped=None,
            waiting=True,
        )
        for path, quantizer in waiting.items()
    ]
