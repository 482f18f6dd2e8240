"""Streams with windows over time, over the whole IP: pieces are the whole."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
from brevitas.quant import Int8ActPerTensorFloat
from modelled import compile_board
from modelled_board import ModelledBoard
from torch import Tensor, nn

import gatewright
from gatewright.pynq import Overlay, OverlayError

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

PATIENT = 60.0
FEATURES, STEPS = 3, 12


class Model(nn.Module):
    """A convolution that halves the steps, with padding on both sides, and a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = qnn.QuantConv1d(FEATURES, 4, 3, 2, 1, input_quant=Int8ActPerTensorFloat)
        self.act = qnn.QuantReLU(bit_width=5)
        self.rnn = qnn.QuantRNN(4, 3, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.rnn(self.act(self.conv(x)).mT)[0]


def test_pieces_are_the_whole(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Model().train()
    for _ in range(3):
        model(torch.randn(8, FEATURES, STEPS))
    build = gatewright.compile(model.eval(), torch.randn(1, FEATURES, STEPS), tmp_path / "build")
    facts = json.loads((build.path / "ip/gatewright.json").read_text())
    assert facts["pieces"] == {"every": 2, "alike": [[[1, 2], [0, 2]]]}
    library = compile_board(build.path, facts, tmp_path / "board", "gatewright")
    x = np.random.default_rng(0).normal(0, 1, (1, FEATURES, STEPS)).astype(np.float32)
    board = ModelledBoard(str(library), 1)
    overlay = Overlay(build.path / "ip/gatewright.bit", PATIENT, board=board)
    whole = build.simulate(x, "integer", raw=True)
    with overlay.stream() as stream:
        for wrong in (1, 3):
            with pytest.raises(OverlayError, match="reach beyond the end"):
                stream(x[..., :wrong])
        for _ in range(2):
            parts = [stream(x[..., a:b], raw=True) for a, b in pairwise((0, 4, 6, 12))]
            assert np.array_equal(np.concatenate(parts, axis=1), whole)
            with pytest.raises(OverlayError, match="a multiple of 2"):
                stream(x[..., :3])
            stream.reset()
    assert np.array_equal(overlay(x, raw=True), whole)
    assert not board.trouble
    board.close()
