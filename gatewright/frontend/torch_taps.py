"""Forward hooks that read centered integers off Brevitas' quantizer proxies."""

from __future__ import annotations

from typing import Any

import brevitas.nn as qnn
import numpy as np
import numpy.typing as npt
import torch
from brevitas.nn.quant_rnn import _QuantLSTMLayer
from brevitas.quant_tensor import IntQuantTensor

IntArray = npt.NDArray[np.int64]

_STEP = (
    # The calls of _QuantLSTMCell.forward_iter, in its order. A quantizer shared between gates is
    # called once a gate, cell_state_quant three times, so the order alone tells the calls apart.
    ("input_acc", "input_acc_quant"),
    ("input_gate", "input_sigmoid_quant"),
    ("forget_acc", "forget_acc_quant"),
    ("forget_gate", "forget_sigmoid_quant"),
    ("cell_acc", "cell_acc_quant"),
    ("cell_gate", "cell_tanh_quant"),
    ("output_acc", "output_acc_quant"),
    ("output_gate", "output_sigmoid_quant"),
    ("forget_cell", "cell_state_quant"),
    ("input_cell", "cell_state_quant"),
    ("c", "cell_state_quant"),
    ("hidden_tanh", "hidden_state_tanh_quant"),
    ("h", "output_quant"),
)


def centered(value: torch.Tensor, scale: torch.Tensor) -> IntArray:
    """The integers ``n`` of ``value = n * scale``.

    float32 products are off by up to half an ulp, so wide integers are allowed as much.

    Raises:
        RuntimeError: If the values do not lie on the grid.
    """
    steps = value.detach().cpu().numpy().astype(np.float64)
    steps = steps / scale.detach().cpu().numpy().astype(np.float64)
    n = np.rint(steps)
    if n.size and np.any(np.abs(steps - n) > 1e-3 + np.abs(n) * 2.0**-23):
        raise RuntimeError("a quantizer gave values off its own grid")
    result: IntArray = n.astype(np.int64)
    return result


class _LayerTaps:
    """Follows one LSTM layer call by call."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self._script = [(tap, getattr(layer.cell, quantizer)) for tap, quantizer in _STEP]
        self.calls: list[dict[str, list[IntArray]]] = []
        self._next = 0

    def begin(self, *_: Any) -> None:
        """A forward of the layer starts."""
        self.calls.append({})
        self._next = 0

    def quantized(self, proxy: Any, _: Any, output: Any) -> None:
        """A quantizer of the layer gave ``output``."""
        if not self.calls:
            return
        call = self.calls[-1]
        if not call and not self._layer.quantize_output_only:
            call["x"] = [centered(output.value, output.scale)]
            return
        tap, expected = self._script[self._next]
        if proxy is not expected:
            raise RuntimeError(f"the LSTM cell did not call {tap} where it was expected")
        call.setdefault(tap, []).append(centered(output.value, output.scale))
        self._next = (self._next + 1) % len(self._script)

    def taps(self, call: int) -> dict[str, IntArray]:
        """Integers of one forward, batch first."""
        taps = dict(self.calls[call])
        result = {}
        if "x" in taps:
            x = taps.pop("x")[0]
            result["x"] = x if self._layer.cell.batch_first else np.swapaxes(x, 0, 1)
        for tap, steps in taps.items():
            ordered = steps[::-1] if self._layer.reverse_input else steps
            result[tap] = np.stack(ordered, axis=1)
        return result


class Recorder:
    """Hooks a model while it is entered, and removes every hook on leaving.

    Args:
        model: In eval mode, its recurrent layers with ``fast_mode=False``.
        names: Node name of each module path.
    """

    def __init__(self, model: torch.nn.Module, names: dict[str, str]) -> None:
        self._model = model
        self._names = names
        self._handles: list[Any] = []
        self._layers: dict[str, _LayerTaps] = {}
        self._outputs: dict[str, list[IntArray]] = {}

    def __enter__(self) -> Recorder:
        for path, module in self._model.named_modules():
            if path in self._names:
                self._hook(self._names[path], module)
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()

    def _hook(self, name: str, module: Any) -> None:
        if isinstance(module, _QuantLSTMLayer):
            taps = self._layers[name] = _LayerTaps(module)
            self._handles.append(module.register_forward_pre_hook(taps.begin))
            # Each proxy once, however many gates share it; io_quant is cell.output_quant.
            proxies = {id(p): p for p in (getattr(module.cell, q) for _, q in _STEP)}
            self._handles += [p.register_forward_hook(taps.quantized) for p in proxies.values()]
        elif isinstance(module, (qnn.QuantReLU, qnn.QuantIdentity)):
            self._tap_output(name, module.act_quant)
        elif isinstance(module, qnn.QuantLinear) and module.output_quant.is_quant_enabled:
            self._tap_output(name, module.output_quant)

    def _tap_output(self, name: str, proxy: Any) -> None:
        calls = self._outputs.setdefault(name, [])

        def hook(_: Any, __: Any, output: Any) -> None:
            if isinstance(output, IntQuantTensor):
                calls.append(centered(output.value, output.scale))

        self._handles.append(proxy.register_forward_hook(hook))

    def taps(self) -> dict[str, IntArray]:
        """All integers, named ``<module>/<tap>``; second calls of a module end in ``_1``."""
        result = {}
        for name, layer in self._layers.items():
            for call in range(len(layer.calls)):
                for tap, n in layer.taps(call).items():
                    result[f"{_numbered(name, call)}/{tap}"] = n
        for name, calls in self._outputs.items():
            for call, n in enumerate(calls):
                result[f"{_numbered(name, call)}/out"] = n
        return result


def _numbered(name: str, call: int) -> str:
    return f"{name}_{call}" if call else name
