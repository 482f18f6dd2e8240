"""Streams of a model with initial states, over the whole IP: [T, B, I], an answer a step."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from modelled import compile_board
from modelled_board import ModelledBoard

import gatewright
from gatewright.pynq import Overlay, OverlayError

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

INPUTS, HIDDEN, STEPS = 2, 3, 9


def test_pieces_behind_given_states(tmp_path: Path) -> None:
    """The states go to the design with each piece, and count with the first one alone."""
    qnn = pytest.importorskip("brevitas.nn", reason="needs brevitas")
    import torch

    torch.manual_seed(5)
    model = qnn.QuantLSTM(INPUTS, HIDDEN).train()
    for _ in range(3):
        model(torch.randn(5, 6, INPUTS), torch.randn(1, 6, HIDDEN), torch.randn(1, 6, HIDDEN))
    states = (torch.zeros(1, 1, HIDDEN), torch.zeros(1, 1, HIDDEN))
    build = gatewright.compile(
        model.eval(), (torch.zeros(STEPS, 1, INPUTS), *states), tmp_path / "b", name="given"
    )
    facts = json.loads((build.path / "ip/given.json").read_text())
    assert len(facts["inputs"]) == len(facts["outputs"]) == 3
    library = compile_board(build.path, facts, tmp_path / "board", "given")
    board = ModelledBoard(str(library), 3)
    overlay = Overlay(build.path / "ip/given.bit", timeout=60, board=board)
    rng = np.random.default_rng(5)
    with overlay.stream() as mine, build.stream("integer") as theirs:
        for ends in ((0, 1, 4, STEPS), (0, STEPS), tuple(range(STEPS + 1))):
            x = rng.normal(0, 1, (STEPS, 1, INPUTS)).astype(np.float32)
            h, c = rng.normal(0, 1, (2, 1, 1, HIDDEN)).astype(np.float32)
            for begin, end in pairwise(ends):
                frame = (x[begin:end], h, c) if begin == 0 else x[begin:end]
                for got, wanted in zip(mine(frame), theirs(frame), strict=True):
                    assert got.dtype == wanted.dtype
                    np.testing.assert_array_equal(got, wanted)
                h, c = h + 1, c - 1  # which is the caller's own matter
            for odd in ((x, h, c), x[:, :0], (x, h)):
                with pytest.raises(OverlayError) as caught:
                    mine(odd)
                assert caught.value.code == "GW-601"
            mine.reset()
            theirs.reset()
        with pytest.raises(OverlayError) as caught:
            mine(x)
        assert caught.value.code == "GW-601"
    assert not board.trouble
    board.close()
