"""Running the traced graph gives the integers that torch gives."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from frontend_models import LSTMS, I, Net, T, calibrate, example, lstm

from gatewright.frontend import TorchReference, trace


def compare(model: Any, shape: tuple[int, ...]) -> None:
    pytest.importorskip("qonnx", reason="needs qonnx")
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx

    from gatewright.ir.traced import register
    from gatewright.ir.traced.cell_op import recorded_taps

    register()
    x = example(shape).numpy()
    expected = TorchReference(model).run(x)
    with recorded_taps() as taps:
        traced = trace(model, x)
        outputs = execute_onnx(ModelWrapper(traced), {"x": x})
    names = [output.name for output in traced.graph.output]
    assert names == ["y", "h_n", "c_n"][: len(expected.outputs)]
    for name, y in zip(names, expected.outputs, strict=True):
        np.testing.assert_array_equal(outputs[name], y, err_msg=name)
    assert taps
    for key, n in taps.items():
        np.testing.assert_array_equal(n, expected.taps[key], err_msg=key)


@pytest.mark.parametrize("name", LSTMS)
def test_bare_lstm(name: str) -> None:
    shape = (20, T, I) if LSTMS[name].get("batch_first") else (T, 20, I)
    compare(lstm(shape, **LSTMS[name]), shape)


def test_network() -> None:
    compare(calibrate(Net(), (20, T, I)), (20, T, I))


JIT = """
import brevitas.config
from frontend_models import Net, calibrate, example
from gatewright.errors import GatewrightError
from gatewright.frontend import TorchReference, trace
assert brevitas.config.JIT_ENABLED
try:
    trace(Net().eval(), example())
except GatewrightError as error:
    print(error.code)
trained = calibrate(Net())
state = trained.state_dict()
loaded = Net()
loaded.load_state_dict(state)
print(trace(loaded.eval(), example()) == trace(trained, example()))
x = example().numpy()
runs = [TorchReference(m).run(x) for m in (trained, loaded)]
print(all((a == b).all() for a, b in zip(runs[0].outputs, runs[1].outputs, strict=True)))
print(all((runs[0].taps[k] == n).all() for k, n in runs[1].taps.items()))
"""


@pytest.mark.slow
def test_scripted_quantizers() -> None:
    """BREVITAS_JIT=1 replaces the quantizers' insides with scripted modules."""
    environment = os.environ | {"BREVITAS_JIT": "1", "PYTHONPATH": os.path.dirname(__file__)}
    done = subprocess.run(
        [sys.executable, "-c", JIT], env=environment, capture_output=True, text=True
    )
    assert done.stdout.split() == ["GW-103", "True", "True", "True"], done.stderr
