"""Builds that several tests share."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from choices import add_options, choice, read_options
from commit_choice import commit
from guard import Guard
from hasty import headers_folder, make_haste
from level_tools import new_cache
from old_brevitas import bridge
from shared_model import Shared

from gatewright.build import Build
from gatewright.hls_templates.cosim import simulators
from gatewright.hls_templates.cosim.cxxrtl import cxxrtl_model
from gatewright.hls_templates.cosim.verilator import verilator_model
from gatewright.tools.home import VARIABLE as CACHE

EXAMPLES = Path(__file__).parents[1] / "examples"


def pytest_addoption(parser: pytest.Parser) -> None:
    """How much runs of what is drawn; and the one option that writes into the sources."""
    add_options(parser)
    parser.getgroup("gatewright").addoption(
        "--update-snapshot", action="store_true", help="what tests/snapshot holds is written anew"
    )


def pytest_configure(config: pytest.Config) -> None:
    """One cache for this run and its workers, not the user's."""
    read_options(config)
    bridge()
    gc.set_threshold(10_000, 20, 10)
    # Workers share the cores: threads of each, and of what it starts, would wait for each other's.
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    # Registered, since hooks of this file are not called for fixtures of a session.
    config.pluginmanager.register(Guard())
    if CACHE not in os.environ:
        os.environ[CACHE] = tempfile.mkdtemp(prefix="gatewright-cache-")
        config.add_cleanup(_remove_cache)
    make_haste()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep one in ``--part`` of the files, whole: what a file shares is made once."""
    parts = choice("part")
    files = sorted({item.path for item in items})
    turn = int(commit()[:8] or "0", 16)
    kept = {path for i, path in enumerate(files) if (i + turn) % parts == 0}
    config.hook.pytest_deselected(items=[item for item in items if item.path not in kept])
    items[:] = [item for item in items if item.path in kept]


def pytest_collection_finish() -> None:
    """What is imported by now stays: the garbage collector, else a third of all, passes it over."""
    gc.collect()
    gc.freeze()


def _remove_cache() -> None:
    shutil.rmtree(headers_folder(), ignore_errors=True)
    shutil.rmtree(os.environ.pop(CACHE), ignore_errors=True)


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


@pytest.fixture(autouse=True)
def own_imports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Each test finds the ``model.py`` that it wrote, and none that another has imported."""
    places, before = list(sys.path), set(sys.modules)
    written = (tmp_path_factory.getbasetemp(), EXAMPLES)
    yield
    sys.path[:] = places
    for name in set(sys.modules) - before:
        file = Path(getattr(sys.modules[name], "__file__", None) or "")
        if any(file.is_relative_to(folder) for folder in written):
            del sys.modules[name]


@pytest.fixture
def as_users_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """RTL is compiled with the optimization that users have; otherwise in haste."""
    monkeypatch.setattr(simulators, "verilator_model", verilator_model)
    monkeypatch.setattr(simulators, "cxxrtl_model", cxxrtl_model)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    cache = new_cache(tmp_path)
    monkeypatch.setenv(CACHE, str(cache))
    return cache


@pytest.fixture
def own_rtl_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, in which Verilator finds what is the same for all."""
    cache = new_cache(tmp_path, rtl=True)
    monkeypatch.setenv(CACHE, str(cache))
    return cache


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    pytest.importorskip("brevitas", reason="needs brevitas")
    return Shared(tmp_path_factory.mktemp("shared"))


@pytest.fixture
def own_build(shared: Shared, tmp_path: Path) -> Build:
    """A copy of the shared build, for a test that writes into it."""
    return Build(shutil.copytree(shared.build.path, tmp_path / "own"))


@pytest.fixture(scope="session")
def shared_thresholds(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """The same model with every threshold kept."""
    pytest.importorskip("brevitas", reason="needs brevitas")
    return Shared(tmp_path_factory.mktemp("thresholds"), requantizer="thresholds")
