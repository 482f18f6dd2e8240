"""hls4ml's ReuseFactor becomes multipliers, its clock and part the schedule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hls4ml_models import LAST, H, I, Model, T, calibrated, layer
from hls4ml_runs import convert

PRODUCTS = 4 * H * (I + H)


def rnn() -> Model:
    return calibrated(Model(LAST["last"], rnn=layer("lstm")))


def multipliers(folder: Path) -> int:
    """Those of the one recurrent kernel of a project."""
    text = next((folder / "firmware").glob("*_params.hpp")).read_text()
    found = {name: int(value) for name, value in re.findall(r"int (\w+) = (\d+);", text)}
    return found["UNITS"] * found["GATES"] * found["COLUMNS"]


@pytest.mark.parametrize("reuse", [2, 3, 8, 40, 1000])
def test_each_multiplier_does_as_many_products_or_more(reuse: int, tmp_path: Path) -> None:
    convert(rnn(), tmp_path, (T, I), reuse=reuse).write()
    assert 4 <= multipliers(tmp_path) <= max(4, -(-PRODUCTS // reuse))


def test_fewer_with_each_larger_factor(tmp_path: Path) -> None:
    counts = []
    for reuse in (1, 4, 16, 64):
        folder = tmp_path / str(reuse)
        convert(rnn(), folder, (T, I), reuse=reuse).write()
        counts.append(multipliers(folder))
    assert counts == sorted(counts, reverse=True) and counts[0] > counts[-1] == 4


def test_the_clock_makes_the_schedule(tmp_path: Path) -> None:
    """A faster clock leaves more cycles from an h to the next; an UltraScale+ part fewer."""
    slots = {}
    for name, clock, part in (
        ("slow", 20, "xc7z020clg400-1"),
        ("fast", 2.5, "xc7z020clg400-1"),
        ("newer", 2.5, "xczu7ev-ffvc1156-2-e"),
    ):
        folder = tmp_path / name
        convert(rnn(), folder, (T, I), reuse=4, clock_period=clock, part=part).write()
        text = next((folder / "firmware").glob("*_params.hpp")).read_text()
        slots[name] = int(re.findall(r"int SLOTS = (\d+);", text)[0])
    assert slots["slow"] < slots["newer"] < slots["fast"]
