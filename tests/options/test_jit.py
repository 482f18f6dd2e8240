"""Models whose quantizers are TorchScript: ``BREVITAS_JIT=1``, which Brevitas reads at import."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commit_choice import drawn
from hasty import hasty_environment

pytestmark = pytest.mark.compiles

PROGRAM = """
import json
import sys
import traceback
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


def compare(name, folder):
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


for line in sys.stdin:
    name, folder = json.loads(line)
    try:
        compare(name, folder)
        answer = "equal"
    except Exception:  # whatever it is, the test on the other side fails with it
        answer = traceback.format_exc()
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture(scope="module")
def scripted() -> Iterator[subprocess.Popen[str]]:
    """One process for all of them: to import Brevitas so takes as long as a model."""
    environment = hasty_environment(Path(__file__).parent, BREVITAS_JIT="1")
    command = [sys.executable, "-c", PROGRAM]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as process:
        yield process


NAMES = ("default", "per_channel", "binary", "shifted", "floor")


@pytest.mark.parametrize("name", drawn(NAMES, 2, "rotating"))
def test_a_scripted_model_is_bit_exact(
    name: str, scripted: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert scripted.stdin is not None and scripted.stdout is not None
    print(json.dumps([name, str(tmp_path)]), file=scripted.stdin, flush=True)
    answer = scripted.stdout.readline()
    assert answer, f"the process ended with {scripted.wait()}"
    assert json.loads(answer) == "equal"
