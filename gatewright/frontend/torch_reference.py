"""The torch side of verification: integers of every quantizer, from the user's own module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from brevitas.nn.mixin.base import QuantRecurrentLayerMixin
from brevitas.quant_tensor import QuantTensor

from gatewright.frontend.naming import ROOT
from gatewright.frontend.torch_checks import check_model, example_array
from gatewright.frontend.torch_taps import Recorder
from gatewright.frontend.torch_trace import tap_names

CHUNK = 256
"""Sequences per forward; Brevitas' cost is per step, so batches are cheap but memory is not."""


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
        self._batch_first = not layers or bool(layers[0].cell.batch_first)

    def run(self, x: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[Any]]:
        """Run the module and return what its quantizers gave.

        Args:
            x: float32, in the user's layout.

        Returns:
            ``y``: the float32 output. ``<module path>/<tap>``: int64 centered integers
            ``n = code - zero_point``; those of recurrent layers [B, T, H] (``x``: [B, T, I]), those
            named ``out`` in their own shape. Taps of an LSTM: x, input_acc, input_gate, forget_acc,
            forget_gate, cell_acc, cell_gate, output_acc, output_gate, forget_cell, input_cell, c,
            hidden_tanh, h.

        Raises:
            GatewrightError: GW-106 where x is no float array.
            RuntimeError: If torch's own two implementations of the cell differ, or a quantizer
                gives values off its grid.
        """
        array = example_array(x)
        axis = 0 if self._batch_first or array.ndim < 3 else 1
        pieces = [
            self._run_chunk(np.take(array, range(i, min(i + CHUNK, array.shape[axis])), axis))
            for i in range(0, array.shape[axis], CHUNK)
        ]
        return {key: self._join(key, [piece[key] for piece in pieces]) for key in pieces[0]}

    def _join(self, key: str, parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        batch_major = self._batch_first or not (key == "y" or key.endswith("/out"))
        axis = 0 if batch_major or parts[0].ndim < 3 else 1
        return np.concatenate(parts, axis=axis)

    def _run_chunk(self, chunk: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[Any]]:
        tensor = torch.from_numpy(np.ascontiguousarray(chunk))
        with torch.no_grad(), _restored(self._layers):
            _set_fast_mode(self._layers, True)
            fast = _float_output(self._model(tensor))
            _set_fast_mode(self._layers, False)
            with Recorder(self._model, self._names) as recorder:
                y = _float_output(self._model(tensor))
        if not np.array_equal(fast, y):
            raise RuntimeError("torch's fast_mode cell and its plain cell give different outputs")
        return {"y": y, **recorder.taps()}


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


def _float_output(result: Any) -> npt.NDArray[np.float32]:
    """The first tensor of what a model returns, as float32 numpy."""
    while isinstance(result, (tuple, list)) and not isinstance(result, QuantTensor):
        result = result[0]
    value = result.value if isinstance(result, QuantTensor) else result
    return np.array(value.detach().cpu().numpy(), dtype=np.float32)
