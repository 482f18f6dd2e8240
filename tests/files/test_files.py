"""Files that are read and written, and the terminal: what is damaged, full or in the way."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result
from shared_model import Shared

import gatewright
from gatewright.builds import folder
from gatewright.builds.manifest import write_manifest
from gatewright.cli.calibration import Calibrating, calibrated
from gatewright.cli.commands import main
from gatewright.cli.models import ModelSource
from gatewright.errors import GatewrightError

FULL = Path("/dev/full")
full_disk = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def coded(code: str, *arguments: object) -> dict[str, str]:
    """The error of a command line, for machines."""
    done = call(*arguments, "--json")
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output
    error: dict[str, str] = json.loads(done.stdout)["error"]
    assert error["code"] == code
    return error


@pytest.fixture
def inputs(shared: Shared, tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", shared.x)
    return tmp_path / "x.npy"


@pytest.fixture
def copy(shared: Shared, tmp_path: Path) -> Path:
    return Path(shutil.copytree(shared.build.path, tmp_path / "copy"))


# What is written


def test_a_folder_where_the_output_goes(
    shared: Shared, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "y.npy").mkdir()
    monkeypatch.setattr(gatewright.Build, "run", None)  # refused before anything runs
    error = coded("GW-404", "simulate", shared.build.path, inputs, "-o", tmp_path / "y.npy")
    assert error["where"].endswith("y.npy")
    error = coded("GW-404", "run", shared.build.path, inputs, "-o", tmp_path / "y.npy")
    assert "directory" in error["cause"]


@pytest.mark.compiles
@full_disk
@pytest.mark.parametrize("name", ["y.npy", "p.html"])
def test_a_full_disk_behind_a_link(name: str, shared: Shared, inputs: Path, tmp_path: Path) -> None:
    (tmp_path / name).symlink_to(FULL)
    command = ("simulate", inputs) if name == "y.npy" else ("report",)
    where = tmp_path / name
    error = coded("GW-404", command[0], shared.build.path, *command[1:], "-o", where)
    assert "space" in error["cause"]
    assert where.is_symlink()
    assert stat.S_ISCHR(FULL.stat().st_mode)


@pytest.mark.compiles
def test_a_link_stays_a_link(shared: Shared, inputs: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for name in ("y.npy", "p.html"):
        (tmp_path / name).symlink_to(Path("there") / name)
    build = shared.build.path
    assert call("simulate", build, inputs, "-o", tmp_path / "y.npy").exit_code == 0
    assert call("report", build, "-o", tmp_path / "p.html").exit_code == 0
    assert (tmp_path / "y.npy").is_symlink() and (tmp_path / "p.html").is_symlink()
    assert np.array_equal(np.load(tmp_path / "there" / "y.npy"), shared.build.simulate(shared.x))
    assert "</html>" in (tmp_path / "there" / "p.html").read_text()


def test_an_interrupt_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[:2])
        raise KeyboardInterrupt

    (tmp_path / "y.npy").write_text("old")
    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        folder.write_bytes(tmp_path / "y.npy", b"new content")
    assert [path.name for path in tmp_path.iterdir()] == ["y.npy"]
    assert (tmp_path / "y.npy").read_text() == "old"


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "a").touch(0o640)
    (tmp_path / "a").chmod(0o640)
    folder.write_bytes(tmp_path / "a", b"new")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_a_report_in_a_folder_that_is_not_there(shared: Shared, tmp_path: Path) -> None:
    page = tmp_path / "no" / "page.html"
    done = call("report", shared.build.path, "-o", page)
    assert done.exit_code == 2 and "Invalid value for -o" in done.stderr
    with pytest.raises(GatewrightError, match="GW-404"):
        shared.build.report(page)
    assert not page.parent.exists()


def test_a_report_without_a_name(shared: Shared) -> None:
    coded("GW-404", "report", shared.build.path, "-o", "")
    with pytest.raises(GatewrightError, match="GW-404"):
        shared.build.report("")


def test_a_full_disk_leaves_the_old_build(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    before = (copy / "gatewright.json").read_text()
    model = onnx.load(copy / "1_traced.onnx")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(GatewrightError, match=r"GW-404.*No space left"):
        gatewright.compile(model, output_dir=copy)
    assert (copy / "gatewright.json").read_text() == before
    assert not list(copy.parent.glob(".*"))


def test_a_verified_build_that_may_only_be_read(copy: Path, shared: Shared) -> None:
    (copy / "verify.json").unlink(missing_ok=True)
    (copy / "verify.json").mkdir()
    with pytest.warns(gatewright.UnsavedReportWarning, match=r"verify\.json"):
        report = gatewright.Build(copy).verify(shared.x, levels=("traced", "integer"))
    assert report.comparisons[0].compared["output"]
    done = call("verify", copy, "--levels", "traced,integer")
    assert done.exit_code == bool(report.mismatches), done.output
    assert "warning:" in done.stderr and "Traceback" not in done.stderr
    assert "Integers compared" in done.stdout


# What is read


def saved(save: Callable[..., None], *arrays: Any, **named: Any) -> bytes:
    file = io.BytesIO()
    save(file, *arrays, **named)
    return file.getvalue()


NPY = saved(np.save, np.zeros((2, 6, 5), np.float32))
NPZ = saved(np.savez, x=np.zeros((2, 6, 5), np.float32))
DAMAGED = {
    "empty": b"",
    "truncated": NPY[:-40],
    "truncated npz": NPZ[:-40],
    "junk npz": NPZ[:30] + b"junk" * 20,
    "bad CRC": NPZ.replace(b"\0" * 40, b"\1" * 40, 1),
    "absurd shape": NPY.replace(b"(2, 6, 5), }     ", b"(2, 99999999999,)}"[:17]),
    "huge shape": NPY.replace(b"(2, 6, 5), }           ", b"(999999999, 999999), } "),
    "broken literal": NPY.replace(b"(2, 6, 5)", b"(2, 6, 5 "),
    "no literal": NPY.replace(b"(2, 6, 5)", b"(2, 6 5) "),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_array(name: str, shared: Shared, tmp_path: Path) -> None:
    path, model = tmp_path / "x.npy", shared.build.path / "1_traced.onnx"
    path.write_bytes(DAMAGED[name])
    coded("GW-601", "simulate", shared.build.path, path)
    coded("GW-601", "doctor", model, "--data", path)
    error = coded("GW-604", "compile", model, "--calibrate", path, "-o", tmp_path / "b")
    assert error["where"] == str(path) and error["remedy"]


def test_text_that_is_named_as_an_array(shared: Shared, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    path.write_text("0.1 0.2")
    error = coded("GW-601", "simulate", shared.build.path, path)
    assert "no header" in error["cause"] and "unsafe" not in error["cause"]
    error = coded("GW-601", "simulate", shared.build.path, tmp_path / "none.npy")
    assert "no such file" in error["cause"]


def test_calibration_data_of_several_arrays(tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(NPZ)
    with pytest.raises(GatewrightError, match=r"GW-604.*it is an \.npz"):
        calibrated(ModelSource(None), Calibrating(str(tmp_path / "x.npy"), {}), True)


def seal(build: Path) -> None:
    """Make the manifest agree with what is there."""
    facts = json.loads((build / "gatewright.json").read_text())
    del facts["files"]
    shutil.rmtree(build / "csim", ignore_errors=True)
    (build / "gatewright.json").unlink()
    files = {p.relative_to(build).as_posix(): p for p in build.rglob("*") if p.is_file()}
    write_manifest(build, facts, {name: path.read_bytes() for name, path in files.items()})


@pytest.mark.parametrize("part", ["1_traced.onnx", "2_integer.onnx", "2_standard.onnx"])
@pytest.mark.parametrize("content", [b"", b"junk", b"\x08\x08"])
def test_a_graph_that_is_none(part: str, content: bytes, copy: Path) -> None:
    (copy / part).write_bytes(content)
    seal(copy)
    assert coded("GW-402", "verify", copy)["where"].endswith(part)


def test_a_graph_that_onnxruntime_refuses(copy: Path, shared: Shared) -> None:
    model = onnx.load(copy / "2_standard.onnx")
    model.graph.node[0].op_type = "NoSuchOp"
    onnx.save(model, copy / "2_standard.onnx")
    seal(copy)
    with pytest.raises(GatewrightError, match=r"GW-402.*2_standard.*NoSuchOp"):
        gatewright.Build(copy).simulate(shared.x, "standard")


def test_a_scale_that_is_no_number(copy: Path) -> None:
    kernels = json.loads((copy / "3_kernels.json").read_text())
    next(iter(kernels["states"].values()))["scales"] = ["x"]
    (copy / "3_kernels.json").write_text(json.dumps(kernels))
    seal(copy)
    np.save(copy.parent / "x.npy", np.zeros((1, 6, 5), np.float32))
    error = coded("GW-402", "simulate", copy, copy.parent / "x.npy", "--states")
    assert error["where"].endswith("3_kernels.json")


@pytest.mark.parametrize("command", ["verify", "report", "simulate"])
def test_every_command_names_a_damaged_file(command: str, copy: Path, inputs: Path) -> None:
    (copy / "1_traced.onnx").write_bytes(b"")
    more = {"verify": (), "report": ("--verify",), "simulate": (inputs, "--level", "traced")}
    error = coded("GW-402", command, copy, *more[command])
    assert error["where"].endswith("1_traced.onnx")


@pytest.mark.compiles
def test_huge_inputs_saturate_without_a_word(shared: Shared) -> None:
    huge = np.full((1, 6, 5), 1e38, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        codes = [shared.build.simulate(huge, n, raw=True) for n in gatewright.FAST_LEVELS]
    assert all(np.array_equal(codes[0], other) for other in codes[1:])


# What is asked for


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [
        ("run", "--baud", 0),
        ("run", "--baud", 10**20),
        ("run", "--timeout", 0),
        ("run", "--timeout", "nan"),
        ("compile", "--multipliers", 0),
        ("compile", "--max-steps", -1),
        ("synth", "--multipliers", 0),
        ("synth", "--seeds", 0),
    ],
)
def test_an_option_out_of_range(
    command: str, option: str, value: object, shared: Shared, inputs: Path, tmp_path: Path
) -> None:
    build = shared.build.path
    arguments: dict[str, tuple[object, ...]] = {
        "run": (build, inputs),
        "compile": (build / "1_traced.onnx", "-o", tmp_path / "b"),
        "synth": (build, "--board", "icebreaker"),
    }
    error = coded("GW-405", command, *arguments[command], option, value)
    assert error["where"] == option.lstrip("-").replace("-", "_")


def test_a_level_named_twice(shared: Shared) -> None:
    error = coded("GW-602", "verify", shared.build.path, "--levels", "integer,traced,integer")
    assert "integer" in error["where"] and "twice" in error["cause"]


def test_a_clock_that_no_pll_makes(shared: Shared) -> None:
    error = coded("GW-405", "synth", shared.build.path, "--board", "ulx3s-85f", "--clock", "1e-9")
    assert "the slowest is 3.125 MHz" in error["cause"]


# The terminal


def test_an_interrupt_is_130(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("raise KeyboardInterrupt")
    for command in ("compile", "doctor"):
        done = call(command, tmp_path)
        assert (done.exit_code, done.stderr.strip()) == (130, "Aborted!")


@pytest.mark.compiles
@full_disk
@pytest.mark.parametrize("more", [(), ("--json",), ("-h",)])
def test_an_output_that_cannot_be_printed(
    more: tuple[str, ...], shared: Shared, inputs: Path
) -> None:
    command = [sys.executable, "-m", "gatewright", "simulate", str(shared.build.path), str(inputs)]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    with FULL.open("w") as output:
        done = subprocess.run(
            [*command, *more], stdout=output, stderr=subprocess.PIPE, text=True, env=environment
        )
    assert done.returncode == 2
    words = done.stderr.strip().splitlines()
    assert words == ["Error: the output cannot be written: No space left on device."]
