"""Builds to report on: a verified one, and one of every kind of stream."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gatewright import compile
from gatewright.build import Build

CLOCK_MHZ = 50.0
USAGE = {"bram": (3, 56), "dsp": (20, 12), "ff": (1000, 24288), "lut": (2500, 24288)}


def synth_json(board: str, placed: bool, speed: float, fmax: float = 61.25) -> dict:
    timing = {
        "fmax_mhz": fmax,
        "path": [{"name": "u_core.u_k0.acc_q", "ns": 10.5}, {"name": "u_core.<b>.q", "ns": 4.5}],
        "routing_ns": 6.0,
        "hold_violations": 0,
    }
    usage = {k: {"used": used, "available": total} for k, (used, total) in USAGE.items()}
    made = placed and fmax >= CLOCK_MHZ
    return {
        "board": board,
        "title": f"Board {board}",
        "device": "LFE5U-25F",
        "multipliers": 16,
        "usage": usage,
        "attempts": [{"multipliers": m, "fits": m == 16, "usage": usage} for m in (64, 32, 16)],
        "clock_mhz": CLOCK_MHZ,
        "timing": timing if placed else None,
        "seed": 1 if placed else None,
        "steps": 6,
        "cycles": 500,
        "bitstream": "board.bit" if made else "",
        "load": "openFPGALoader -b b board.bit" if placed else "",
        "plan": "0",
        "note": "" if placed else "Synthesis only.",
        "microseconds": 10.0,
        "inferences_per_second": speed,
    }


@pytest.fixture(scope="session")
def plain(shared, tmp_path_factory) -> Build:
    """A build on which nothing has run."""
    folder = tmp_path_factory.mktemp("report") / "plain"
    return compile(shared.model, shared.example, folder)


@pytest.fixture(scope="session")
def full(shared, plain, tmp_path_factory) -> Build:
    """The same, verified from torch on and on two boards."""
    folder = tmp_path_factory.mktemp("report") / "full"
    shutil.copytree(plain.path, folder)
    build = Build(folder)
    build.verify(shared.x, model=shared.model, levels=("traced", "integer", "standard"))
    boards = {
        "alpha": synth_json("alpha", True, 1234.4),
        "beta": synth_json("beta", False, 99999.0),
        ".beta.previous": synth_json("beta", True, 77777.0),
        "alpha.tried": synth_json("alpha", True, 88888.0, fmax=49.5),
    }
    for name, said in boards.items():
        path = folder / "synth" / name / "synth.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(said))
    return build


@pytest.fixture(scope="session")
def branched(tmp_path_factory) -> Build:
    """Two layers in both directions that take and give states."""
    qnn = pytest.importorskip("brevitas.nn", reason="needs brevitas")
    torch = pytest.importorskip("torch", reason="needs torch")
    torch.manual_seed(0)

    class Encoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = qnn.QuantLSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)

        def forward(self, x, h0, c0):
            out, (h, c) = self.lstm(x, h0, c0)
            return out, h, c

    example = torch.randn(8, 5, 3), torch.randn(4, 8, 4), torch.randn(4, 8, 4)
    encoder = Encoder().train()
    with torch.no_grad():
        encoder(*example)
    return compile(encoder.eval(), example, Path(tmp_path_factory.mktemp("report")) / "branched")
