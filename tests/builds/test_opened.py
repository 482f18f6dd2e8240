"""A build that is open is read again only where its files have changed."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import onnx
import pytest
from level_tools import every_level
from shared_model import Shared

import gatewright
from gatewright.builds import opened
from gatewright.hls_templates.project.names import LIBRARY

pytestmark = pytest.mark.compiles


@pytest.fixture
def build(shared: Shared, tmp_path: Path) -> gatewright.Build:
    """A copy that may be changed, with the libraries that are there."""
    shared.build.simulate(shared.x)
    return gatewright.Build(Path(shutil.copytree(shared.build.path, tmp_path / "copy")))


def _refuse(*args: Any, **options: Any) -> NoReturn:
    raise AssertionError("it was read or opened again")


@pytest.mark.parametrize("level", every_level("standard", "csim", "rtl"))
def test_the_second_call_reads_nothing(
    level: str, shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shared.build.simulate(shared.x, level, raw=True)
    for name in ("digest_of", "read_manifest"):
        monkeypatch.setattr(opened, name, _refuse)
    for name in ("standard.standard_engine", "csim.csim_engine", "cores.level_core"):
        monkeypatch.setattr(f"gatewright.levels.{name}", _refuse)
    monkeypatch.setattr("gatewright.builds.documents.from_onnx", _refuse)
    np.testing.assert_array_equal(shared.build.simulate(shared.x, level, raw=True), first)


def _zeroed(build: gatewright.Build) -> None:
    """The same number of bytes, and other integers: weights of the graph become zero."""
    path = build.path / "2_standard.onnx"
    model, size = onnx.load(path), path.stat().st_size
    for tensor in model.graph.initializer:
        tensor.raw_data = bytes(len(tensor.raw_data))
    path.write_bytes(model.SerializeToString(deterministic=True))
    assert path.stat().st_size == size


def test_a_change_of_equal_size_and_time_is_seen(build: gatewright.Build, shared: Shared) -> None:
    path = build.path / "2_standard.onnx"
    before, times = build.simulate(shared.x, "standard"), path.stat()
    _zeroed(build)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.warns(gatewright.ChangedBuildWarning, match="2_standard"):
        after = build.simulate(shared.x, "standard")
    assert not np.array_equal(before, after)
    with pytest.warns(gatewright.ChangedBuildWarning, match="2_standard"):  # each time
        np.testing.assert_array_equal(build.simulate(shared.x, "standard"), after)


def test_an_edited_kernel_runs_as_it_is_from_then_on(
    build: gatewright.Build, shared: Shared
) -> None:
    before = build.simulate(shared.x, raw=True)
    header = build.path / "hls" / LIBRARY / "requantize.hpp"
    text = header.read_text()
    header.write_text(text.replace("< low ? T(low)", "< low ? T(high)"))
    assert header.read_text() != text
    with pytest.warns(gatewright.ChangedBuildWarning, match=r"requantize\.hpp"):
        assert not np.array_equal(build.simulate(shared.x, raw=True), before)
    header.write_text(text)
    np.testing.assert_array_equal(build.simulate(shared.x, raw=True), before)


def test_a_file_that_vanishes_is_named(build: gatewright.Build, shared: Shared) -> None:
    build.simulate(shared.x)
    (build.path / "hls" / "top.cpp").unlink()
    with pytest.raises(gatewright.GatewrightError, match=r"GW-402.*top\.cpp is missing"):
        build.simulate(shared.x)


def test_a_build_that_was_compiled_anew_is_the_new_one(shared: Shared, tmp_path: Path) -> None:
    first = gatewright.compile(shared.model, shared.example, tmp_path / "build")
    before = first.simulate(shared.x)
    other = copy.deepcopy(shared.model)
    other.classes.weight.data.neg_()
    gatewright.compile(other, shared.example, tmp_path / "build")
    assert not np.array_equal(first.simulate(shared.x), before)
    assert first.verify(shared.x, model=other).mismatches == 0


def test_an_open_build_can_be_sent_and_copied(build: gatewright.Build, shared: Shared) -> None:
    before = build.simulate(shared.x)
    for other in (pickle.loads(pickle.dumps(build)), copy.deepcopy(build)):
        assert other == build
        np.testing.assert_array_equal(other.simulate(shared.x), before)


@pytest.mark.parametrize("level", every_level("csim", "rtl"))
def test_threads_share_a_build(level: str, shared: Shared) -> None:
    whole = shared.build.simulate(shared.x, level, raw=True)
    parts = np.array_split(shared.x, 8)
    with ThreadPoolExecutor(4) as pool:
        runs = pool.map(lambda x: shared.build.simulate(x, level, raw=True), parts * 5)
    for each in np.split(np.concatenate(list(runs)), 5):
        np.testing.assert_array_equal(each, whole)


def test_threads_have_taps_of_their_own(shared: Shared, tmp_path: Path) -> None:
    """Of one build, and of two, whose libraries lie in one process."""
    other = copy.deepcopy(shared.model)
    other.classes.weight.data.neg_()
    builds = (shared.build, gatewright.compile(other, shared.example, tmp_path / "other"))
    x = np.concatenate([shared.x] * 20)  # long enough that threads meet

    def run(n: int) -> dict[str, Any]:
        output, states = builds[n // 2 % 2].simulate(x[n % 2 :], raw=True, states=True)
        return {"output": output, **states}

    alone = [run(n) for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for n, each in enumerate(pool.map(run, [0, 1, 2, 3] * 8)):
            np.testing.assert_equal(each, alone[n % 4])


def test_an_open_build_stays_the_one_that_was_opened(
    shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path meant the folder that was there then."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(shared.build.path, "build")
    build, before = gatewright.Build("build"), shared.build.simulate(shared.x)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    np.testing.assert_array_equal(build.simulate(shared.x), before)
