"""Builds that several tests share."""

from __future__ import annotations

from typing import Any

import pytest
from shared_model import Shared


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What tests of random models recorded: a line each, also from parallel workers."""
    lines = [
        ", ".join(f"{key}: {value}" for key, value in report.user_properties)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call" and report.user_properties
    ]
    if lines:
        terminalreporter.section("models")
    for line in sorted(lines):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    pytest.importorskip("brevitas", reason="needs brevitas")
    return Shared(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="session")
def shared_thresholds(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """The same model with every threshold kept."""
    pytest.importorskip("brevitas", reason="needs brevitas")
    return Shared(tmp_path_factory.mktemp("thresholds"), requantizer="thresholds")
