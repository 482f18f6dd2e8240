"""Files from anywhere: a coded error or a right build, in 5 s of CPU and 1 GiB."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("brevitas", reason="needs brevitas")
pytest.importorskip("onnxoptimizer", reason="needs onnxoptimizer")

from file_models import calibration, export
from file_runner import Job, outcomes
from hostile_files import QCDQ, QONNX, write

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("base", "table"), [("classifier", QONNX), ("qcdq", QCDQ)], ids=["qonnx", "qcdq"]
)
def test_a_file_ends_in_time(base: str, table: dict, tmp_path: Path) -> None:
    files = write(tmp_path / "files", export(base, tmp_path), table)
    data = calibration(base, tmp_path)
    found = outcomes(Job(str(path), data) for path, _ in files.values())
    wrong = [
        (name, outcome)
        for (name, (_, end)), outcome in zip(files.items(), found, strict=True)
        if outcome.fault or outcome.end != end
    ]
    assert not wrong


def test_a_model_that_is_a_fifo_or_a_device(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.onnx")
    (tmp_path / "zeros.onnx").symlink_to("/dev/zero")
    with (tmp_path / "sparse.onnx").open("wb") as file:
        file.truncate(1 << 40)
    names = ("fifo", "zeros", "sparse")
    found = outcomes(Job(str(tmp_path / f"{name}.onnx")) for name in names)
    assert [outcome.fault for outcome in found] == [None] * 3
    assert [outcome.end for outcome in found] == ["GW-201", "GW-201", "GW-202"]


@pytest.mark.parametrize("field", [b"\x0a\x00", b"\x2a\x00", b"\x12\x00"])
def test_a_file_of_millions_of_fields(field: bytes, tmp_path: Path) -> None:
    """Empty nodes, initializers and names, two bytes each, of a hundred in memory."""
    graph = field * (1 << 23)
    size = bytes([len(graph) & 0x7F | 0x80, len(graph) >> 7 & 0x7F | 0x80])
    size += bytes([len(graph) >> 14 & 0x7F | 0x80, len(graph) >> 21])
    (tmp_path / "many.onnx").write_bytes(b"\x08\x09\x3a" + size + graph)
    (found,) = outcomes([Job(str(tmp_path / "many.onnx"))])
    assert found.fault is None and found.end == "GW-208", found


def test_what_goes_wild_is_seen(tmp_path: Path) -> None:
    """A child that does not end is killed, and is a fault; so is one that is not a file at all."""
    jobs = [Job(fault, fault=fault) for fault in ("hang", "memory", "crash")]
    endless, large, crash = outcomes(jobs)
    assert endless.end == "killed" and endless.fault and endless.cpu > 5
    assert large.fault and "MiB" in large.fault
    assert crash.end == "crash" and "ZeroDivisionError" in crash.says
