"""Two small models and their builds, whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from forked import LIVING
from made import Made, make


@pytest.fixture(autouse=True)
def no_child_stays() -> Iterator[None]:
    """Where a test fails, its children end with it."""
    yield
    for child in tuple(LIVING):
        child.kill()
        child.outcome()


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, Made]:
    """Two models with different builds."""
    first, second = (make(seed, tmp_path_factory.mktemp("made")) for seed in (1, 2))
    assert first.files.keys() == second.files.keys() and first.files != second.files
    return first, second
