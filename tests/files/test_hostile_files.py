"""Files from anywhere: a coded error or a right build, in 5 s of CPU and 1 GiB."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("brevitas", reason="needs brevitas")
pytest.importorskip("onnxoptimizer", reason="needs onnxoptimizer")

from file_models import I, T, export_all
from file_runner import Job, Outcome, outcomes
from hostile_files import QCDQ, QONNX, write


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """What became of each file."""
    folder = tmp_path_factory.mktemp("hostile")
    exported = export_all(folder)
    data = folder / "x.npy"
    np.save(data, np.random.default_rng(0).standard_normal((T, 4, I)).astype(np.float32))
    jobs = {}
    for kind, base, table, given in (
        ("qonnx", "classifier", QONNX, None),
        ("qcdq", "qcdq", QCDQ, str(data)),
    ):
        for name, (path, _) in write(folder / kind, exported[base], table).items():
            jobs[f"{kind}_{name}"] = Job(str(path), given)
    return dict(zip(jobs, outcomes(jobs.values()), strict=True))


WANTED = {f"qonnx_{name}": end for name, (_, end) in QONNX.items()} | {
    f"qcdq_{name}": end for name, (_, end) in QCDQ.items()
}


@pytest.mark.parametrize("name", WANTED)
def test_a_file_ends_in_time(name: str, ends: dict[str, Outcome]) -> None:
    outcome = ends[name]
    assert outcome.fault is None, outcome
    assert outcome.end == WANTED[name], outcome


def test_a_model_that_is_a_fifo_or_a_device(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.onnx")
    (tmp_path / "zeros.onnx").symlink_to("/dev/zero")
    with (tmp_path / "sparse.onnx").open("wb") as file:
        file.truncate(1 << 40)
    names = ("fifo", "zeros", "sparse")
    found = outcomes(Job(str(tmp_path / f"{name}.onnx")) for name in names)
    assert [outcome.fault for outcome in found] == [None] * 3
    assert [outcome.end for outcome in found] == ["GW-201", "GW-201", "GW-202"]
