"""Two versions of the library in one project: each build uses its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from benches import RIGHT
from pair import NAMES, Pair, other_model
from simulators import answers, verilator

import gatewright
from gatewright.hls_templates.project.names import LIBRARY_VERSION

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

NEXT = LIBRARY_VERSION + 1
COMPILE = """
import sys, gatewright
model, folder = sys.argv[1:]
gatewright.compile(model, None, folder, name="vad", multipliers=4, requantizer="thresholds")
"""


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, path
    path.write_text(text.replace(old, new))


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Gatewright as it might be a version later."""
    package = shutil.copytree(Path(gatewright.__file__).parent, tmp_path / "later/gatewright")
    names = package / "hls_templates/project/names.py"
    edit(names, f"LIBRARY_VERSION = {LIBRARY_VERSION}\n", f"LIBRARY_VERSION = {NEXT}\n")
    return package


def both(sources: Path, pair: Pair, place: Path) -> list[str]:
    """The pair, one of it made by the later version; arguments of a simulator."""
    shutil.rmtree(place / "vad")
    (place / "vad.onnx").write_bytes(other_model().SerializeToString())
    command = [sys.executable, "-c", COMPILE, "vad.onnx", "vad"]
    path = os.pathsep.join([str(sources.parent), os.environ.get("PYTHONPATH", "")])
    subprocess.run(command, cwd=place, env={**os.environ, "PYTHONPATH": path}, check=True)
    assert (place / f"vad/rtl/gw_fifo_v{NEXT}.sv").is_file()
    assert (place / f"vad/hls/gatewright_v{NEXT}/gw_types.hpp").is_file()
    lists = [word for name in NAMES for word in ("-F", f"{name}/rtl/sources.f")]
    return [*lists, "both.sv", "tb.sv"]


def test_both_give_their_integers(sources: Path, pair: Pair, place: Path) -> None:
    assert answers(verilator(both(sources, pair, place), place)) == RIGHT


def test_none_uses_the_other_s(sources: Path, pair: Pair, place: Path) -> None:
    """A later version that gives other values: the build of the earlier one knows nothing of it."""
    module = sources / "hls_templates/kernels/select_last/gw_select_last.sv"
    edit(module, "= in_data_i;", "= ~in_data_i;")
    first, second = answers(verilator(both(sources, pair, place), place))
    assert first == RIGHT[0]
    assert second != RIGHT[1]
