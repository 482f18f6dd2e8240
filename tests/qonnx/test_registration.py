"""Who finds the op, and who does not load it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from node_models import Spec, arguments, make
from qonnx.core.modelwrapper import ModelWrapper

from gatewright.frontend import trace
from gatewright.qonnx import ExtractRecurrent

SPEC = Spec("rnn", 1, False, "last", (4, 5, 6, 7), False, True, (3, 2, 4), 3)


def run(code: str, folder: Path) -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, cwd=folder)


def test_qonnx_finds_it_by_its_domain(tmp_path: Path) -> None:
    """A program that has never heard of Gatewright runs a file with such a node."""
    model, (x,) = make(SPEC), arguments(SPEC, 3, 1)
    graph = ModelWrapper(trace(model, x)).transform(ExtractRecurrent())
    graph.save(str(tmp_path / "model.onnx"))
    np.save(tmp_path / "x.npy", x.numpy())
    run(
        "import numpy as np\n"
        "from qonnx.core.modelwrapper import ModelWrapper\n"
        "from qonnx.core.onnx_exec import execute_onnx\n"
        "x = {'x': np.load('x.npy')}\n"
        "np.save('y.npy', execute_onnx(ModelWrapper('model.onnx'), x)['y'])\n",
        tmp_path,
    )
    assert np.array_equal(np.load(tmp_path / "y.npy"), model(x).detach().numpy())


@pytest.mark.parametrize("module", ["gatewright", "gatewright.cli.commands"])
def test_nobody_loads_ways_into_other_flows_unasked(module: str, tmp_path: Path) -> None:
    run(
        f"import sys, {module}\n"
        "ways = ('gatewright.qonnx', 'gatewright.finn', 'gatewright.hls4ml')\n"
        "assert not [name for name in sys.modules if name.startswith(ways)]\n",
        tmp_path,
    )
