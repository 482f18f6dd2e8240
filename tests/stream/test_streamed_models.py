"""Random models in random pieces: at every level the integers of the whole sequence.

CI runs a fifth of them, another one with each commit; ``--streams all`` runs them all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise, zip_longest
from typing import Any

import numpy as np
import pytest
import torch
from choices import choice
from commit_choice import commit
from level_tools import every_level, needs
from streamed_models import Spec, cuts, make

import gatewright
from gatewright.levels.stream import Stream

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

MODELS, TENTHS = 40, 10
FIRST = int(commit()[:8] or "0", 16) % TENTHS
CHOSEN = range(MODELS) if choice("streams") == "all" else range(FIRST, MODELS, TENTHS)


class Whole:
    """A sequence through the integer level, and what every piece of it has to give.

    Attributes:
        arguments: The sequence, and initial states.
        ends: Where it is cut.
    """

    def __init__(self, build: gatewright.Build, spec: Spec, seed: int) -> None:
        self._build, self.ends = build, cuts(spec)
        self._axis = 1 if spec.batch_first else 0
        self.arguments = spec.inputs(1, seed)
        _, self._states = self._simulate(self.ends[-1], states=True)

    def _simulate(self, end: int, **options: Any) -> Any:
        x = np.take(self.arguments[0], range(end), self._axis)
        return self._build.simulate((x, *self.arguments[1:]), "integer", raw=True, **options)

    def frame(self, begin: int, end: int) -> Any:
        """What a call takes: initial states with the first one only."""
        x = np.take(self.arguments[0], range(begin, end), self._axis)
        return (x, *self.arguments[1:]) if begin == 0 else x

    def check(self, stream: Stream, begin: int, end: int) -> None:
        """One call, and the states after it."""
        got, whole = stream(self.frame(begin, end), raw=True), self._simulate(end)
        outputs = zip(*((y if isinstance(y, tuple) else (y,)) for y in (got, whole)), strict=True)
        for boundary, (piece, expected) in zip(self._build.integer.outputs, outputs, strict=True):
            if len(self._build.integer.graph[boundary.tensors[0]].shape) == 3:
                expected = np.take(expected, range(begin, end), self._axis)
            assert np.array_equal(piece, expected), (boundary.name, begin, end)
        states = stream.states
        assert states.keys() == self._states.keys()
        for name, value in states.items():
            assert np.array_equal(value, self._states[name][:, end - 1]), (name, begin, end)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], gatewright.Build]:
    @cache
    def build(seed: int) -> gatewright.Build:
        spec = Spec.draw(seed)
        example = tuple(map(torch.from_numpy, spec.inputs(2)))
        argument = example if len(example) > 1 else example[0]
        folder = tmp_path_factory.mktemp("streamed") / "build"
        return gatewright.compile(make(spec), argument, folder, multipliers=spec.multipliers)

    return build


@pytest.mark.parametrize("level", every_level("traced", "integer", "standard", "csim", "rtl"))
@pytest.mark.parametrize("seed", CHOSEN)
def test_pieces_are_the_whole(
    seed: int, level: str, built: Callable[[int], gatewright.Build]
) -> None:
    """Two sequences, interleaved: then one of them again, after a reset."""
    build, spec = built(seed), Spec.draw(seed)
    one, other = (Whole(build, spec, i) for i in (1, 2))
    with build.stream(level) as first, build.stream(level) as second:
        for piece in pairwise(one.ends):
            one.check(first, *piece)
            if level != "traced":  # where a call takes a twentieth of a second
                other.check(second, *piece)
        first.reset()
        assert first.states == {}
        other.check(first, *other.ends[:2])


@needs("rtl")
def test_two_builds_of_one_process(built: Callable[[int], gatewright.Build]) -> None:
    seeds = CHOSEN[:2]
    wholes = [Whole(built(seed), Spec.draw(seed), 3) for seed in seeds]
    with built(seeds[0]).stream("rtl") as one, built(seeds[1]).stream("rtl") as other:
        pieces = [pairwise(whole.ends) for whole in wholes]
        for both in zip_longest(*pieces):
            for whole, stream, piece in zip(wholes, (one, other), both, strict=True):
                if piece is not None:
                    whole.check(stream, *piece)
