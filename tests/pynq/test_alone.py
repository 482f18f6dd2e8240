"""1,000 sequences of different lengths through the whole IP and its DMAs, with numpy alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gatewright

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

HERE = Path(__file__).parent
SEQUENCES, MOST = 1000, 24
INPUTS, HIDDEN = 3, 4


@pytest.fixture(scope="module")
def both_ways(tmp_path_factory: pytest.TempPathFactory) -> gatewright.Build:
    """Both directions, [T, B, I], five streams in, three out: states go in, and h comes out."""
    qnn = pytest.importorskip("brevitas.nn", reason="needs brevitas")
    import torch
    from torch import nn

    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = qnn.QuantLSTM(INPUTS, HIDDEN, bidirectional=True)

        def forward(self, x: torch.Tensor, h: torch.Tensor, c: torch.Tensor) -> Any:
            y, (h, _) = self.lstm(x, h, c)
            return y, h

    torch.manual_seed(3)
    model = Both().train()
    for _ in range(3):
        model(torch.randn(5, 6, INPUTS), torch.randn(2, 6, HIDDEN), torch.randn(2, 6, HIDDEN))
    example = (torch.zeros(5, 1, INPUTS), torch.zeros(2, 1, HIDDEN), torch.zeros(2, 1, HIDDEN))
    folder = tmp_path_factory.mktemp("both") / "build"
    return gatewright.compile(model.eval(), example, folder, max_steps=MOST)


def test_a_thousand_sequences_where_there_is_numpy_alone(
    both_ways: gatewright.Build, tmp_path: Path
) -> None:
    from modelled import compile_board

    facts = json.loads((both_ways.path / "ip/gatewright.json").read_text())
    assert (len(facts["inputs"]), len(facts["outputs"])) == (5, 3)
    board = tmp_path / "board"
    compile_board(both_ways.path, facts, board, "gatewright")
    for source in (
        both_ways.path / "ip/gatewright_pynq.py",
        both_ways.path / "ip/gatewright.json",
        HERE / "modelled_board.py",
    ):
        shutil.copy(source, board)
    np.savez(board / "sequences.npz", **sequences(both_ways))
    command = [sys.executable, "-I", str(HERE / "alone.py"), str(board), "gatewright"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout == f"{SEQUENCES} sequences\n"


def sequences(build: gatewright.Build) -> dict[str, Any]:
    """Sequences of drawn lengths, and what the integer graph gives for each."""
    rng = np.random.default_rng(20)
    lengths = np.concatenate([[1, 2, MOST], rng.integers(1, MOST + 1, SEQUENCES - 3)])
    arguments = [
        rng.normal(0, 1, shape).astype(np.float32)
        for shape in ((lengths.sum(), 1, INPUTS), *2 * [(2, SEQUENCES, HIDDEN)])
    ]
    arguments[0][::97] *= np.float32(1e30)  # beyond every code
    ends = np.cumsum(lengths)
    found: dict[str, list[Any]] = {}
    for steps in range(1, MOST + 1):
        here = np.flatnonzero(lengths == steps)
        x = np.concatenate([arguments[0][ends[i] - steps : ends[i]] for i in here], axis=1)
        states = [np.ascontiguousarray(a[:, here]) for a in arguments[1:]]
        for key, raw in (("result", True), ("float", False)):
            whole = build.simulate((x, *states), "integer", raw=raw)
            for place, y in enumerate(whole):
                parts = found.setdefault(f"{key}_{place}", [None] * SEQUENCES)
                for column, i in enumerate(here):
                    parts[i] = y[:, column : column + 1]
    joined = {k: np.concatenate(v, axis=0 if k.endswith("_0") else 1) for k, v in found.items()}
    return {"lengths": lengths, **{f"argument_{i}": a for i, a in enumerate(arguments)}, **joined}
