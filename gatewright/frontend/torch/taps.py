"""Forward hooks that read centered integers off Brevitas' quantizer proxies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from brevitas.nn.quant_rnn import _QuantLSTMLayer, _QuantRNNLayer
from brevitas.quant_tensor import IntQuantTensor

from gatewright.frontend.naming import call_name
from gatewright.frontend.torch.scopes import named_modules
from gatewright.ir.types import IntArray

_ACTIVATIONS = (
    qnn.QuantHardTanh,
    qnn.QuantIdentity,
    qnn.QuantReLU,
    qnn.QuantSigmoid,
    qnn.QuantTanh,
)

Script = tuple[tuple[str, str], ...]

_GATES: dict[str, Script] = {
    "input": (("input_acc", "input_acc_quant"), ("input_gate", "input_sigmoid_quant")),
    "forget": (("forget_acc", "forget_acc_quant"), ("forget_gate", "forget_sigmoid_quant")),
    "cell": (("cell_acc", "cell_acc_quant"), ("cell_gate", "cell_tanh_quant")),
    "output": (("output_acc", "output_acc_quant"), ("output_gate", "output_sigmoid_quant")),
}
_STATES: Script = (
    ("forget_cell", "cell_state_quant"),
    ("input_cell", "cell_state_quant"),
    ("c", "cell_state_quant"),
    ("hidden_tanh", "hidden_state_tanh_quant"),
    ("h", "output_quant"),
)


def _lstm_step(layer: Any) -> Script:
    gates = [gate for gate in _GATES if not (layer.cifg and gate == "forget")]
    return (*(call for gate in gates for call in _GATES[gate]), *_STATES)


def _rnn_step(layer: Any) -> Script:
    return (("gate_acc", "gate_acc_quant"), ("h", "output_quant"))


# The calls of each cell's forward_iter, in its order. A quantizer shared between gates is called
# once a gate, cell_state_quant three times, so the order alone tells the calls apart.
_STEPS: dict[type, Callable[[Any], Script]] = {
    _QuantLSTMLayer: _lstm_step,
    _QuantRNNLayer: _rnn_step,
}
_INITIAL = ("output_quant", "cell_state_quant")


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
    """Follows one recurrent layer call by call."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self._step = [(tap, self._proxy(name)) for tap, name in _STEPS[type(layer)](layer)]
        self._pending: list[tuple[str, Any]] = []
        self.calls: list[dict[str, list[IntArray]]] = []

    def _proxy(self, name: str) -> Any:
        return getattr(self._layer.cell, name)

    def proxies(self) -> list[Any]:
        """The quantizers it calls."""
        return [proxy for _, proxy in self._step]

    def begin(self, states: Sequence[Any]) -> None:
        """A forward of the layer starts: first its input and given states are quantized."""
        self.calls.append({})
        self._pending = []
        if not self._layer.quantize_output_only:
            self._pending.append(("x", self._proxy("output_quant")))
        self._pending += [
            (f"initial_{name}", self._proxy(name))
            for name, state in zip(_INITIAL, states, strict=False)
            if state is not None
        ]

    def quantized(self, proxy: Any, output: Any) -> None:
        """A quantizer of the layer gave ``output``."""
        if not self._pending:
            self._pending = list(self._step)
        tap, expected = self._pending.pop(0)
        if proxy is not expected:
            raise RuntimeError(f"the cell did not call {tap} where it was expected")
        self.calls[-1].setdefault(tap, []).append(centered(output.value, output.scale))

    def end(self) -> None:
        """The forward is over."""

    def taps(self, call: int) -> dict[str, IntArray]:
        """Integers of one forward, batch first."""
        taps = {k: v for k, v in self.calls[call].items() if not k.startswith("initial_")}
        result = {}
        if "x" in taps:
            x = taps.pop("x")[0]
            result["x"] = x if self._layer.cell.batch_first else np.swapaxes(x, 0, 1)
        for tap, steps in taps.items():
            ordered = steps[::-1] if self._layer.reverse_input else steps
            result[tap] = np.stack(ordered, axis=1)
        return result


class _OutputTaps:
    """Follows the output quantizer of one module call by call."""

    def __init__(self, proxy: Any) -> None:
        self._proxy = proxy
        self.calls: list[IntArray] = []
        self._last: IntArray | None = None

    def proxies(self) -> list[Any]:
        """The quantizer."""
        return [self._proxy]

    def begin(self, _: Sequence[Any]) -> None:
        """A forward of the module starts."""
        self._last = None

    def quantized(self, _: Any, output: Any) -> None:
        """The quantizer gave ``output``; of several times in one forward, the last one counts."""
        if isinstance(output, IntQuantTensor):
            self._last = centered(output.value, output.scale)

    def end(self) -> None:
        """The forward is over."""
        if self._last is not None:
            self.calls.append(self._last)

    def taps(self, call: int) -> dict[str, IntArray]:
        """Integers of one forward, in their own shape."""
        return {"out": self.calls[call]}


class Recorder:
    """Hooks a model while it is entered, and removes every hook on leaving.

    Quantizers may be shared between modules; a call belongs to the module that is running.

    Args:
        model: In eval mode, its recurrent layers with ``fast_mode=False``.
        names: Node name of each module path.
    """

    def __init__(self, model: torch.nn.Module, names: dict[str, str]) -> None:
        self._model = model
        self._names = names
        self._handles: list[Any] = []
        self._hooked: set[int] = set()
        self._running: _LayerTaps | _OutputTaps | None = None
        self._modules: dict[str, _LayerTaps | _OutputTaps] = {}

    def __enter__(self) -> Recorder:
        for path, module in named_modules(self._model):
            taps = _taps_of(module) if path in self._names else None
            if taps is not None:
                self._hook(module, taps)
                self._modules[self._names[path]] = taps
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()

    def _hook(self, module: Any, taps: _LayerTaps | _OutputTaps) -> None:
        def begin(_: Any, args: tuple[Any, ...]) -> None:
            taps.begin(args[1:])
            self._running = taps

        def end(*_: Any) -> None:
            taps.end()
            self._running = None

        self._handles.append(module.register_forward_pre_hook(begin))
        self._handles.append(module.register_forward_hook(end))
        for proxy in taps.proxies():
            if id(proxy) not in self._hooked:
                self._hooked.add(id(proxy))
                self._handles.append(proxy.register_forward_hook(self._quantized))

    def _quantized(self, proxy: Any, _: Any, output: Any) -> None:
        running = self._running
        if running is not None and any(proxy is own for own in running.proxies()):
            running.quantized(proxy, output)

    def taps(self) -> dict[str, IntArray]:
        """All integers, named ``<module>/<tap>``, each call of a module under a name of its own."""
        taken = self._names.values()
        return {
            f"{call_name(name, call, taken)}/{tap}": n
            for name, taps in self._modules.items()
            for call in range(len(taps.calls))
            for tap, n in taps.taps(call).items()
        }


def _taps_of(module: Any) -> _LayerTaps | _OutputTaps | None:
    if type(module) in _STEPS:
        return _LayerTaps(module)
    if isinstance(module, _ACTIVATIONS):
        return _OutputTaps(module.act_quant)
    if isinstance(module, qnn.QuantLinear) and module.output_quant.is_quant_enabled:
        return _OutputTaps(module.output_quant)
    return None
