"""Simulated boards that several tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from designs import write_sources
from simulated import CLOCKS_PER_BIT, SimulatedBoard, build_board


@pytest.fixture(scope="session")
def small_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    return build_board(folder, write_sources(folder), CLOCKS_PER_BIT)


@pytest.fixture
def small_board(small_library: Path) -> Iterator[SimulatedBoard]:
    with SimulatedBoard(small_library, small_library.parent) as board:
        yield board
