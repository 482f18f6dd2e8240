"""Streams of models with windows over time: pieces are the whole, at every level.

CI runs a third of the models, another one with each commit; ``--windows all`` runs them all.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
from choices import choice
from click.testing import CliRunner
from commit_choice import drawn
from conv_models import CASES, Case, Net, conv, lstm, make
from level_tools import needs
from torch import nn

import gatewright
from gatewright.cli.commands import main
from gatewright.errors import GatewrightError
from gatewright.ir.streamable import Pieces, check_streamable
from gatewright.levels.stream import Stream


def chain() -> Net:
    """A causal convolution with gaps, one padded on both sides with a stride, and a pool."""
    return Net(
        lambda m, x: m.lstm(m.pool(m.b(m.conv2(m.a(m.conv(nn.functional.pad(x.mT, (4, 0))))))).mT),
        conv=conv(dilation=2),
        a=qnn.QuantReLU(bit_width=5),
        conv2=conv(5, 4, kernel=3, stride=2, padding=1, input_quant=None),
        b=qnn.QuantReLU(bit_width=5),
        pool=nn.MaxPool1d(2, stride=1),
        lstm=lstm(4),
    )


MODELS: dict[str, Case] = {
    "chain": Case(chain),
    **{
        name: CASES[name]
        for name in (
            *("plain", "causal", "stride", "pointwise", "time_major", "two_in_a_row"),
            *("channels_first_time_major", "behind_channels_first", "pools_behind"),
        )
    },
}
CHOSEN = drawn(MODELS, 3, "windows")
PIECES = {
    "chain": (4, 2),
    "plain": (3, 1),
    "causal": (1, 1),
    "stride": (3, 2),
    "pointwise": (1, 1),
    "time_major": (2, 2),
    "two_in_a_row": (4, 4),
    "channels_first_time_major": (3, 1),
    "behind_channels_first": (3, 2),
    "pools_behind": (4, 4),
}
"""The shortest first piece, and what later ones are a multiple of."""


def built(name: str, folder: Path) -> gatewright.Build:
    case = MODELS[name]
    return gatewright.compile(make(case), torch.from_numpy(case.inputs(2)), folder / "build")


def several(y: Any) -> tuple[np.ndarray, ...]:
    return y if isinstance(y, tuple) else (y,)


def cuts(pieces: Pieces, seed: int) -> list[int]:
    """Where a sequence is cut: the first piece and the others as short as may be, and longer."""
    rng = np.random.default_rng(seed)
    ends = [0, pieces.first(int(rng.integers(1, 6)))]
    for more in (1, 1, *rng.integers(1, 4, 3)):
        ends.append(ends[-1] + pieces.every * int(more))
    return ends


class Whole:
    """A sequence, and what it gives at the integer level."""

    def __init__(self, case: Case, build: gatewright.Build, steps: int, seed: int) -> None:
        self.x, self.time = case.inputs(1, steps, seed), case.axes.index("T")
        self.outputs = build.integer.outputs
        self.every = [len(build.integer.graph[o.tensors[0]].shape) == 3 for o in self.outputs]
        self.answers = several(build.simulate(self.x, "integer", raw=True))

    def check(self, stream: Stream, ends: list[int]) -> None:
        """All of it through a stream."""
        parts = [several(stream(self.frame(*piece), raw=True)) for piece in pairwise(ends)]
        for answer, output, every, given in zip(
            self.answers, self.outputs, self.every, zip(*parts, strict=True), strict=True
        ):
            axis = 2 if output.channels_first else 1 - output.batch_axis
            got = np.concatenate(given, axis) if every else given[-1]
            assert np.array_equal(got, answer), output.name

    def frame(self, begin: int, end: int) -> np.ndarray:
        return np.ascontiguousarray(np.take(self.x, range(begin, end), self.time))


@pytest.mark.compiles
@pytest.mark.parametrize("name", CHOSEN)
def test_pieces_are_the_whole(name: str, tmp_path: Path) -> None:
    build = built(name, tmp_path)
    found = check_streamable(build.integer.graph)
    assert (found.first(), found.every) == PIECES[name]
    for level in ("traced", "integer", "standard", "csim"):
        with build.stream(level) as stream, build.stream(level) as other:
            for seed in (1, 2):  # a second sequence has nothing of the first
                ends = cuts(stream.pieces, seed)
                Whole(MODELS[name], build, ends[-1], seed).check(stream, ends)
                stream.reset()
            assert other.pieces == found


@needs("rtl")
@pytest.mark.parametrize("name", CHOSEN if choice("windows") == "all" else CHOSEN[-1:])
def test_pieces_in_hardware(name: str, tmp_path: Path) -> None:
    build = built(name, tmp_path)
    with build.stream("rtl") as stream:
        for seed in (1, 2):
            ends = cuts(stream.pieces, seed)
            Whole(MODELS[name], build, ends[-1], seed).check(stream, ends)
            stream.reset()


def test_pieces_that_windows_leave_are_told(tmp_path: Path) -> None:
    build = built("chain", tmp_path)
    whole = Whole(MODELS["chain"], build, 12, 1)
    with build.stream("integer") as stream:
        for wrong, first in ((1, 4), (3, 4), (5, 6)):
            with pytest.raises(GatewrightError, match="GW-601") as caught:
                stream(whole.frame(0, wrong))
            assert f"Pass {first} time steps first." == caught.value.remedy
        stream(whole.frame(0, 4))
        with pytest.raises(GatewrightError, match="GW-601") as caught:
            stream(whole.frame(4, 5))
        assert "Pass 2 time steps a call" in caught.value.remedy
        # None of them has moved anything.
        y = several(stream(whole.frame(4, 12), raw=True))
    assert np.array_equal(y[0], whole.answers[0][:, -y[0].shape[1] :])


def test_on_the_command_line(tmp_path: Path) -> None:
    """Of steps that a first call is too short of it takes more."""
    build = built("plain", tmp_path)
    x = MODELS["plain"].inputs(1, 9)
    np.save(tmp_path / "x.npy", x)
    out = tmp_path / "y.npy"
    options = ["--stream", 1, "--raw", "--level", "integer", "-o", out]
    command = ["simulate", build.path, tmp_path / "x.npy", *options]
    done = CliRunner().invoke(main, [str(word) for word in command])
    assert done.exit_code == 0, done.output
    assert np.array_equal(np.load(out), build.simulate(x, "integer", raw=True))


def refused(**options: Any) -> Net:
    return Net(
        lambda m, x: m.lstm(m.act(m.conv(x.mT)).mT)[0],
        conv=conv(**options),
        act=qnn.QuantIdentity(),
        lstm=lstm(),
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"padding": 1}, "F.pad(x, (2, 0))"),
        ({"kernel": 4, "padding": "same", "dilation": 2}, "F.pad(x, (6, 0))"),
        ({"kernel": 2, "stride": 3}, "a stride of their kernel at most"),
    ],
)
def test_what_reaches_beyond_a_piece_is_refused(
    options: dict[str, Any], words: str, tmp_path: Path
) -> None:
    case = Case(lambda: refused(**options))
    build = gatewright.compile(make(case), torch.from_numpy(case.inputs(2)), tmp_path / "build")
    with pytest.raises(GatewrightError, match="GW-607") as caught:
        build.stream("integer")
    assert caught.value.where == "conv.windows"
    assert words in caught.value.remedy
