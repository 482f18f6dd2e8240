"""Sequences that take turns: no integer of one in another, and the cycles that are predicted."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from commit_choice import drawn
from level_tools import needs
from rtl_check import check_rtl
from torch import Tensor, nn

import gatewright
from gatewright.builds.fold import folded
from gatewright.builds.folder import RTL
from gatewright.builds.manifest import read_manifest
from gatewright.cli.commands import main
from gatewright.errors import GatewrightError
from gatewright.hls_templates.cosim import Drive, open_core
from gatewright.hls_templates.kernels.recurrent.folding import Folding
from gatewright.hls_templates.kernels.recurrent.kernel import RecurrentRecord
from gatewright.hls_templates.kernels.recurrent.schedule import (
    TileShape,
    interleaved_schedule,
    step_distance,
)
from gatewright.hls_templates.kernels.recurrent.tiling import choose_tile
from gatewright.hls_templates.mapping.ports import Ports

I, H, T, DEPTH = 3, 5, 7, 16  # noqa: E741 - the field's names
Answer = Callable[[Any], Any]


class Layer(nn.Module):
    """A layer, and what is returned of it."""

    def __init__(self, layer: nn.Module, answer: Answer) -> None:
        super().__init__()
        self.layer = layer
        self._answer = answer

    def forward(self, x: Tensor) -> Any:
        return self._answer(self.layer(x))


def every_step(returned: Any) -> Any:
    return returned[0]


def last_step(returned: Any) -> Any:
    return returned[0][:, -1]


def with_states(returned: Any) -> Any:
    out, (h, c) = returned
    return out, h, c


def lstm(**options: Any) -> nn.Module:
    return qnn.QuantLSTM(I, H, batch_first=True, **options)


MODELS: dict[str, tuple[Callable[[], nn.Module], Answer, int]] = {
    "every step": (lstm, every_step, 2),
    "last step": (lstm, last_step, 3),
    "states": (lstm, with_states, 2),
    "relu": (lambda: qnn.QuantRNN(I, H, nonlinearity="relu", batch_first=True), every_step, 4),
    "stack": (lambda: lstm(num_layers=2), every_step, 3),
    "both ways": (lambda: lstm(bidirectional=True), every_step, 2),
}
"""A layer, what is returned, and how many take turns."""


def compiled(name: str, folder: Path, **options: Any) -> gatewright.Build:
    make, answer, sequences = MODELS[name]
    torch.manual_seed(0)
    model, x = Layer(make(), answer), torch.randn(4, T, I)
    model(x)
    chosen = {"multipliers": 40, "max_steps": DEPTH, "sequences": sequences, **options}
    return gatewright.compile(model.eval(), x[:1], folder, **chosen)


def engine(build: gatewright.Build) -> RecurrentRecord:
    return next(k for k in build.kernels.kernels if isinstance(k, RecurrentRecord))


def floats(count: int, steps: int = T) -> np.ndarray:
    return np.random.default_rng(count).normal(0, 1, (count, steps, I)).astype(np.float32)


@needs("rtl")
@pytest.mark.parametrize("name", drawn(MODELS, 3, "rotating"))
def test_rtl_equals_the_integers_in_the_cycles_that_are_predicted(
    name: str, tmp_path: Path
) -> None:
    """Lengths that differ, stalls, resets, clears, states that are kept; then back to back."""
    build = compiled(name, tmp_path / "build")
    done = check_rtl(build, seed=3)
    assert done.kept and done.abandoned
    core = open_core(build.path / RTL, Ports.of(build.kernels), "any")
    design = folded(build, 40)
    for count in (1, 2, 5, 9):
        encoded = build.integer.encode((floats(count),))
        watched = core.run({key: list(n) for key, n in encoded.items()}, Drive())
        span = watched.last_out.max() - watched.first_in.min() + 1
        assert span == design.cycles(T, count), count
    core.close()


@needs("rtl")
def test_longer_than_what_waits(tmp_path: Path) -> None:
    """A sequence that its memories do not hold makes the next one wait, and nothing else."""
    build = compiled("every step", tmp_path / "build", max_steps=2, sequences=3)
    report = build.verify(floats(8, 40), levels=("integer", "rtl"))
    assert report.mismatches == 0, report.divergence


@needs("rtl")
def test_a_stream_goes_on_from_its_own_state(tmp_path: Path) -> None:
    build = compiled("every step", tmp_path / "build")
    x = floats(1, 12)
    with build.stream(level="rtl") as stream:
        pieces = [stream(x[:, at : at + 5]) for at in (0, 5, 10)]
    assert np.array_equal(np.concatenate(pieces, 1), build.simulate(x, level="integer"))


def test_turns_fill_the_wait_for_h(tmp_path: Path) -> None:
    """As many products in a third of the cycles."""
    alone, turns = (compiled("every step", tmp_path / f"{n}", sequences=n) for n in (1, 4))
    assert engine(turns).cycles_per_step <= engine(alone).cycles_per_step / 3
    cycles = [folded(build, 40).cycles(16, 40) for build in (alone, turns)]
    assert cycles[1] < cycles[0] / 3
    assert read_manifest(turns.path)["sequences"] == 4
    gatewright.check(turns.path)  # it emits the same bytes again, or raises


def test_hls_takes_one_after_the_other(tmp_path: Path) -> None:
    texts = []
    for sequences in (1, 3):
        build = compiled("every step", tmp_path / f"{sequences}", sequences=sequences)
        files = sorted((build.path / "hls").rglob("*"))
        texts.append({f.name: f.read_bytes() for f in files if f.is_file()})
    assert texts[0] == texts[1]


@pytest.mark.parametrize("sequences", [2, 3, 4])
def test_no_step_reads_an_h_that_is_not_there(sequences: int) -> None:
    rng = random.Random(sequences)
    for _ in range(60):
        shape = TileShape(
            *(rng.randint(1, 30), rng.randint(1, 30)), 4, rng.randint(1, 8), rng.randint(1, 8)
        )
        depth = rng.randint(8, 40)
        slots = interleaved_schedule(shape, depth, sequences)
        fold = Folding(shape, depth, slots, sequences)
        assert fold.distance == depth, "not a cycle is wasted"
        assert fold.step_distance <= sequences * len(slots)
        assert len(fold.tiles) == shape.tiles


def test_a_tile_is_chosen_for_turns() -> None:
    alone, turns = (
        choose_tile(6, 20, 4, 200, lambda shape: 30, sequences=sequences) for sequences in (1, 3)
    )
    assert step_distance(alone, 30) > alone.tiles
    assert turns.tiles == 12 and turns.multipliers == 196
    assert len(interleaved_schedule(turns, 30, 3)) == 13


@pytest.mark.parametrize("sequences", [0, -1, 17, 2.5, True, "3"])
def test_how_many_there_may_be(sequences: Any, tmp_path: Path) -> None:
    with pytest.raises(GatewrightError, match="GW-405 bad option: sequences"):
        compiled("every step", tmp_path / "build", sequences=sequences)


def test_states_that_are_given_take_no_turns(tmp_path: Path) -> None:
    class Given(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = lstm()

        def forward(self, x: Tensor, h: Tensor, c: Tensor) -> Any:
            return self.layer(x, h, c)[0]

    model, example = Given(), (torch.randn(1, T, I), *torch.zeros(2, 1, 1, H))
    model(*example)
    with pytest.raises(GatewrightError, match="sequences=1") as raised:
        gatewright.compile(model.eval(), example, tmp_path / "build", sequences=2)
    assert raised.value.code == "GW-405" and "layer" in raised.value.where


def test_from_the_command_line(tmp_path: Path) -> None:
    arguments = ["compile", "examples/digits", "-o", f"{tmp_path}/build", "--sequences", "2"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert read_manifest(tmp_path / "build")["sequences"] == 2
