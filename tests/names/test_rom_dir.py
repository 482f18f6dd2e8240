"""Memory images are found from any folder; one that is missing or short is told of, in any."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from benches import RIGHT, around, bench
from level_tools import every_level
from pair import MODEL, NAMES, other_model
from simulators import Done, answers, iverilog, simulate, verilated

import gatewright

pytestmark = pytest.mark.compiles

STEPS = 4


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bench of builds that find their images by a define, and by what compile was told."""
    folder = tmp_path_factory.mktemp("far")
    options = {"multipliers": 4, "requantizer": "thresholds"}
    gatewright.compile(MODEL, None, folder / "kws", name="kws")
    gatewright.compile(
        other_model(), None, folder / "vad", name="vad", rom_dir="absolute", **options
    )
    (folder / "both.sv").write_text(around(rom_dir=""))
    (folder / "tb.sv").write_text(bench(golden=f"{folder}/"))
    return folder


@pytest.fixture(scope="module")
def compiled(far: Path) -> Path:
    """The same, made by Verilator."""
    lists = [word for name in NAMES for word in ("-F", f"{name}/rtl/sources.f")]
    define = f'+define+KWS_ROM_DIR="{far}/kws/rtl/"'
    verilated([define, *lists, "both.sv", "tb.sv"], far)
    return far


def by_iverilog(far: Path, elsewhere: Path) -> Done:
    define = f'-DKWS_ROM_DIR="{far}/kws/rtl/"'
    lists = {name: (far / f"{name}/rtl/sources.f").read_text().split() for name in NAMES}
    sources = [f"{name}/rtl/{line}" for name, lines in lists.items() for line in lines]
    return iverilog([define, *sources, "both.sv", "tb.sv"], far, elsewhere)


def test_in_another_folder(compiled: Path, tmp_path: Path) -> None:
    assert answers(simulate(compiled, tmp_path)) == RIGHT


def test_in_another_folder_by_iverilog(far: Path, tmp_path: Path) -> None:
    assert answers(by_iverilog(far, tmp_path)) == RIGHT
    (rom, *_) = (far / "vad/rtl/rom").glob("*_weight_file.hex")
    whole = rom.read_text()
    rom.write_text(whole[: whole.rindex("\n", 0, -1) + 1])
    try:
        done = by_iverilog(far, tmp_path)
    finally:
        rom.write_text(whole)
    assert done.returncode != 0
    assert f"{rom} is not there, or not" in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["kws", "vad"])
@pytest.mark.parametrize("words", [None, ""])
def test_one_that_is_missing_or_short(
    name: str, words: str | None, compiled: Path, tmp_path: Path
) -> None:
    """It says which, and no answer comes."""
    rom = next(iter(sorted((compiled / name / "rtl/rom").glob("*_bias_file.hex"))))
    whole = rom.read_text()
    rom.unlink()
    try:
        if words is not None:
            rom.write_text(words.join(whole.splitlines(keepends=True)[:-1]))
        done = simulate(compiled, tmp_path)
    finally:
        rom.write_text(whole)
    assert done.returncode != 0
    assert f"{rom} is not there, or not" in done.stdout + done.stderr
    assert "answers" not in done.stdout


@pytest.mark.parametrize("level", every_level("rtl", "cxxrtl"))
def test_a_build_that_was_moved_reads_its_own(level: str, tmp_path: Path) -> None:
    """Not what lies by now where it was compiled to."""
    old = gatewright.compile(MODEL, None, tmp_path / "old", rom_dir="absolute")
    new = gatewright.Build(shutil.copytree(old.path, tmp_path / "new"))
    for rom in (old.path / "rtl/rom").glob("*.hex"):
        rom.write_text("0\n" * len(rom.read_text().split()))
    x = np.linspace(-1, 1, 3 * STEPS * 2, dtype=np.float32).reshape(3, STEPS, 2)
    assert (new.simulate(x, level=level) == new.simulate(x, level="integer")).all()
