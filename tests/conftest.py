"""Builds that several tests share."""

from __future__ import annotations

import pytest
from shared_model import Shared


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    pytest.importorskip("brevitas", reason="needs brevitas")
    return Shared(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="session")
def shared_thresholds(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """The same model with every threshold kept."""
    pytest.importorskip("brevitas", reason="needs brevitas")
    return Shared(tmp_path_factory.mktemp("thresholds"), requantizer="thresholds")
