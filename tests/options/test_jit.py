"""Models whose quantizers are TorchScript: ``BREVITAS_JIT=1``, which Brevitas reads at import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.compiles

PROGRAM = """
import sys
from pathlib import Path

import brevitas.nn as qnn
import torch
from brevitas import quant
from brevitas.inject.enum import FloatToIntImplType
from option_models import Network, calibrated, each, prove

from gatewright.errors import GatewrightError
from gatewright.frontend import trace

OPTIONS = {
    "default": {},
    "per_channel": {"weight_quant": quant.Int8WeightPerChannelFloat},
    "binary": {"weight_quant": quant.SignedBinaryWeightPerTensorConst},
    "shifted": each(quant=quant.ShiftedUint8ActPerTensorFloat)
    | {"weight_quant": quant.ShiftedUint8WeightPerChannelFloat},
    "floor": each(float_to_int_impl_type=FloatToIntImplType.FLOOR),
}
name, folder = sys.argv[1:]
torch.manual_seed(1)
head = [
    qnn.QuantLinear(5, 3, bias=True, bias_quant=quant.Int32Bias),
    qnn.QuantReLU(),
    qnn.QuantIdentity(),
]
model = Network(*head, return_quant_tensor=True, **OPTIONS[name])
layer = model.lstm.layers[0][0]
assert isinstance(layer.fast_cell, torch.jit.ScriptModule)
x = torch.zeros(1, 3, 4)
for prepare, expected in ((model.train, "GW-102"), (model.eval, "GW-103")):
    try:
        trace(prepare(), x)
    except GatewrightError as error:
        assert error.code == expected, error
    else:
        raise AssertionError(f"{expected} was not raised")
prove(calibrated(model), Path(folder))
print("equal")
"""


@pytest.mark.parametrize("name", ["default", "per_channel", "binary", "shifted", "floor"])
def test_a_scripted_model_is_bit_exact(name: str, tmp_path: Path) -> None:
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, name, str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"BREVITAS_JIT": "1", "PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )
    assert done.stdout.strip() == "equal", done.stderr
