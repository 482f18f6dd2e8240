"""The torch side of verification: integers of every quantizer, from the user's own module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from brevitas.nn.mixin.base import QuantRecurrentLayerMixin
from brevitas.quant_tensor import QuantTensor

from gatewright.frontend.naming import ROOT
from gatewright.frontend.torch.checks import check_model, example_arrays, returns_no_tensors
from gatewright.frontend.torch.on_host import BeforeHost
from gatewright.frontend.torch.preserve import preserved
from gatewright.frontend.torch.scopes import modules
from gatewright.frontend.torch.symbolic import leaf_paths
from gatewright.frontend.torch.taps import Recorder
from gatewright.frontend.torch.trace import tap_names
from gatewright.frontend.torch.watch import LayerCall, LayerWatch


@dataclass(frozen=True)
class Result:
    """One run of a module.

    Attributes:
        outputs: What it returns, flattened.
        taps: What its quantizers gave, by ``<module path>/<tap>``.
        calls: What each layer was given and gave, in the order of the calls.
    """

    outputs: tuple[npt.NDArray[Any], ...]
    taps: dict[str, npt.NDArray[Any]]
    calls: tuple[LayerCall, ...] = ()


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
        layers = [m for m in modules(self._model) if isinstance(m, QuantRecurrentLayerMixin)]
        self._layers: list[Any] = layers

    def run(self, *arguments: npt.NDArray[Any]) -> Result:
        """Run the module and return what its quantizers gave.

        Args:
            arguments: float32, or int64 of the first, as the module takes them; B is theirs to
                choose.

        Returns:
            The module's outputs, flattened, in float32 (int64 where torch gives that); and
            ``<module path>/<tap>``: int64 centered integers ``n = code - zero_point``; those of
            recurrent layers [B, T, H] (``x``: [B, T, I]), those named ``out`` in their own shape.
            Taps of an LSTM: x, input_acc, input_gate, forget_acc, forget_gate, cell_acc,
            cell_gate, output_acc, output_gate, forget_cell, input_cell, c, hidden_tanh, h; of an
            RNN: x, gate_acc, h. Run many sequences in several calls: taps take memory.

        Raises:
            GatewrightError: GW-106 where an argument is no array of numbers.
            RuntimeError: If torch's own two implementations of the cell differ, or a quantizer
                gives values off its grid.
        """
        with self._running(fast_mode=True):
            fast = _outputs(self._model, self._tensors(arguments))
        result = self.observe(*arguments)
        if not all(np.array_equal(a, b) for a, b in zip(fast, result.outputs, strict=True)):
            raise RuntimeError("torch's fast_mode cell and its plain cell give different outputs")
        return result

    def observe(self, *arguments: npt.NDArray[Any]) -> Result:
        """What ``run`` gives, of a single forward pass, in which every hook of the user's runs."""
        with (
            self._running(fast_mode=False),
            Recorder(self._model, self._names) as recorder,
            LayerWatch(self._model, leaf_paths(self._model)) as watch,
        ):
            outputs = _outputs(self._model, self._tensors(arguments))
            return Result(outputs, recorder.taps(), tuple(watch.calls))

    def _tensors(self, arguments: Sequence[Any]) -> list[torch.Tensor]:
        parameter = next(self._model.parameters(), torch.empty(0))
        arrays = map(np.ascontiguousarray, example_arrays(arguments))
        return [torch.from_numpy(array).to(parameter.device) for array in arrays]

    @contextmanager
    def _running(self, *, fast_mode: bool) -> Iterator[None]:
        """The model in one of Brevitas' two implementations, and as it was afterwards."""
        with preserved(self._model), torch.no_grad():
            for layer in self._layers:
                layer.fast_mode = fast_mode
            if not fast_mode:
                _couple_gates(self._layers)
            for module in modules(self._model):
                if module._compiled_call_impl is not None:
                    module._compiled_call_impl = None  # as module.compile() left it
            yield


def _couple_gates(layers: list[Any]) -> None:
    """Let the plain cell of a coupled forget gate run.

    It asks the input gate's proxy for its ``tensor_quant``, which only the fused proxy inside it
    has; the fast cell is given that one.
    """
    for layer in layers:
        if getattr(layer, "cifg", False):
            proxy = layer.cell.input_sigmoid_quant
            proxy.tensor_quant = proxy.fused_activation_quant_proxy.tensor_quant


def _outputs(model: torch.nn.Module, arguments: list[torch.Tensor]) -> tuple[Any, ...]:
    """What a model returns, flattened; before a function that the host applies."""
    with BeforeHost() as functions:
        return _flat_outputs(model(*arguments), functions)


def _flat_outputs(result: Any, functions: BeforeHost) -> tuple[npt.NDArray[Any], ...]:
    """The same, as numpy."""
    if isinstance(result, Mapping):
        result = tuple(result.values())
    if isinstance(result, (tuple, list)) and not isinstance(result, QuantTensor):
        return tuple(array for part in result for array in _flat_outputs(part, functions))
    value = result.value if isinstance(result, QuantTensor) else functions.before(result)
    value = value.value if isinstance(value, QuantTensor) else value
    if not isinstance(value, torch.Tensor):
        raise returns_no_tensors(value)
    return (value.detach().cpu().numpy().copy(),)
