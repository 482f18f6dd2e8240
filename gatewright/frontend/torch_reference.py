"""The torch side of verification: integers of every quantizer, from the user's own module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from brevitas.nn.mixin.base import QuantRecurrentLayerMixin
from brevitas.quant_tensor import QuantTensor

from gatewright.frontend.naming import ROOT
from gatewright.frontend.torch_checks import check_model, example_arrays
from gatewright.frontend.torch_taps import Recorder
from gatewright.frontend.torch_trace import tap_names


@dataclass(frozen=True)
class Result:
    """One run of a module.

    Attributes:
        outputs: What it returns, flattened.
        taps: What its quantizers gave, by ``<module path>/<tap>``.
    """

    outputs: tuple[npt.NDArray[Any], ...]
    taps: dict[str, npt.NDArray[Any]]


class TorchReference:
    """Runs a module and reads the integers off its quantizers.

    Args:
        model: In eval mode.

    Raises:
        GatewrightError: GW-102, GW-104, GW-109, GW-603, as ``trace``.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        self._model = check_model(model)
        self._names = {"": ROOT} | tap_names(self._model)
        layers = [m for m in self._model.modules() if isinstance(m, QuantRecurrentLayerMixin)]
        self._layers: list[Any] = layers

    def run(self, *arguments: npt.NDArray[np.float32]) -> Result:
        """Run the module and return what its quantizers gave.

        Args:
            arguments: float32, as the module takes them; B is theirs to choose.

        Returns:
            The module's outputs, flattened, in float32 (int64 where torch gives that); and
            ``<module path>/<tap>``: int64 centered integers ``n = code - zero_point``; those of
            recurrent layers [B, T, H] (``x``: [B, T, I]), those named ``out`` in their own shape.
            Taps of an LSTM: x, input_acc, input_gate, forget_acc, forget_gate, cell_acc,
            cell_gate, output_acc, output_gate, forget_cell, input_cell, c, hidden_tanh, h; of an
            RNN: x, gate_acc, h. Run many sequences in several calls: taps take memory.

        Raises:
            GatewrightError: GW-106 where an argument is no float array.
            RuntimeError: If torch's own two implementations of the cell differ, or a quantizer
                gives values off its grid.
        """
        tensors = [torch.from_numpy(np.ascontiguousarray(a)) for a in example_arrays(arguments)]
        with torch.no_grad(), _restored(self._layers):
            _set_fast_mode(self._layers, True)
            fast = _flat_outputs(self._model(*tensors))
            _set_fast_mode(self._layers, False)
            with _coupled_gates(self._layers), Recorder(self._model, self._names) as recorder:
                outputs = _flat_outputs(self._model(*tensors))
        if not all(np.array_equal(a, b) for a, b in zip(fast, outputs, strict=True)):
            raise RuntimeError("torch's fast_mode cell and its plain cell give different outputs")
        return Result(outputs, recorder.taps())


@contextmanager
def _restored(layers: list[Any]) -> Iterator[None]:
    """Put ``fast_mode`` and the lazily built fast cells back as they were."""
    before = [(layer, layer.fast_mode, layer._fast_cell) for layer in layers]
    try:
        yield
    finally:
        for layer, fast_mode, fast_cell in before:
            layer.fast_mode = fast_mode
            if layer._fast_cell is not fast_cell:
                del layer._fast_cell
                layer._fast_cell = fast_cell


def _set_fast_mode(layers: list[Any], on: bool) -> None:
    for layer in layers:
        layer.fast_mode = on


@contextmanager
def _coupled_gates(layers: list[Any]) -> Iterator[None]:
    """Let the plain cell of a coupled forget gate run.

    It asks the input gate's proxy for its ``tensor_quant``, which only the fused proxy inside it
    has; the fast cell is given that one.
    """
    proxies = [layer.cell.input_sigmoid_quant for layer in layers if getattr(layer, "cifg", False)]
    before = [proxy.tensor_quant for proxy in proxies]
    for proxy in proxies:
        proxy.tensor_quant = proxy.fused_activation_quant_proxy.tensor_quant
    try:
        yield
    finally:
        for proxy, value in zip(proxies, before, strict=True):
            proxy.tensor_quant = value


def _flat_outputs(result: Any) -> tuple[npt.NDArray[Any], ...]:
    """What a model returns, flattened, as numpy."""
    if isinstance(result, (tuple, list)) and not isinstance(result, QuantTensor):
        return tuple(array for part in result for array in _flat_outputs(part))
    value = result.value if isinstance(result, QuantTensor) else result
    return (value.detach().cpu().numpy().copy(),)
