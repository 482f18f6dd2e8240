"""The driver over an IP in which a double of Vitis HLS' kernel computes: the same integers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hls_double import behind_hls
from modelled import compile_board
from modelled_board import ModelledBoard
from shared_model import Shared

from gatewright.builds.fold import folded, folded_ip
from gatewright.builds.manifest import read_manifest
from gatewright.hls_templates.project.rtl import rtl_files
from gatewright.hls_templates.pynq import driver_files
from gatewright.pynq import Overlay, OverlayError

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

PART = "xc7z020clg400-1"


@pytest.fixture(scope="module")
def place(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``rtl/``, ``ip/`` and ``kernel/``, as a project for Vivado has them."""
    design = folded(shared.build, read_manifest(shared.build.path)["multipliers"])
    ip = folded_ip(shared.build, design, PART)
    rtl = rtl_files(design, ip.names)
    files = {f"rtl/{name}": text for name, text in rtl.items()} | behind_hls(ip, rtl)
    driver = driver_files(ip, shared.build.integer, ip.cycles)
    files |= {f"ip/{name}": text for name, text in driver.items()}
    folder = tmp_path_factory.mktemp("hls")
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture(scope="module")
def library(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    facts = json.loads((place / "ip/gatewright.json").read_text())
    return compile_board(place, facts, tmp_path_factory.mktemp("board") / "board", "gatewright")


@pytest.fixture
def board(library: Path) -> Iterator[ModelledBoard]:
    board = ModelledBoard(str(library), 1)
    yield board
    assert not board.trouble
    board.close()


@pytest.fixture
def overlay(place: Path, board: ModelledBoard) -> Overlay:
    return Overlay(place / "ip/gatewright.bit", 60.0, board=board)


def test_not_one_integer_differs(overlay: Overlay, shared: Shared, board: ModelledBoard) -> None:
    board.stall(100, seed=5)
    for raw in (True, False):
        got, wanted = overlay(shared.x, raw), shared.build.simulate(shared.x, "integer", raw=raw)
        assert got.dtype == wanted.dtype
        np.testing.assert_array_equal(got, wanted)


def test_a_sequence_in_pieces(overlay: Overlay, shared: Shared) -> None:
    """A kernel that forgot its state, or KEEP that never came, would answer otherwise."""
    with overlay.stream() as stream:
        for x in shared.x[:3, None]:
            for begin, end in pairwise((0, 2, 3, 6)):
                got = stream(x[:, begin:end], raw=True)
                whole = shared.build.simulate(x[:, :end], "integer", raw=True)
                np.testing.assert_array_equal(got, whole)
            stream.reset()


@pytest.mark.parametrize("disturb", ["reset", "clear"])
def test_a_state_that_is_lost(
    disturb: str, overlay: Overlay, shared: Shared, board: ModelledBoard
) -> None:
    x = shared.x[:1]
    with overlay.stream() as stream:
        stream(x[:, :3])
        getattr(board, disturb)()
        with pytest.raises(OverlayError) as caught:
            stream(x[:, 3:])
        assert caught.value.code == "GW-909"
        stream.reset()
        got = stream(x)
    np.testing.assert_array_equal(got, shared.build.simulate(x, "integer"))
