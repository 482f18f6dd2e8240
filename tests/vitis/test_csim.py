"""The test bench as the script of ``hls/`` has it compiled and called: flags, files and vectors."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from recorder import Call, Recorder, RefusedError
from shared_model import Shared

from gatewright.lint.headers import own_headers
from gatewright.tools.compiler import find_compiler

pytestmark = pytest.mark.compiles


def csim(recorder: Recorder, call: Call) -> None:
    """What Vitis HLS does, with headers of ours in the place of AMD's."""
    folder = recorder.solution
    assert folder is not None
    sources = [c for c in recorder.calls if c.name == "add_files"]
    flags = {flag for source in sources for flag in shlex.split(source.options["-cflags"])}
    files = [path for source in sources for path in source.arguments]
    command = [*find_compiler().command, *sorted(flags), f"-I{own_headers()}", "-w", "-O0"]
    built = subprocess.run(
        [*command, *files, "-o", "csim"], cwd=folder, capture_output=True, text=True
    )
    if built.returncode:
        raise RefusedError(built.stderr[-2000:])
    run = subprocess.run(
        [str(folder / "csim"), *shlex.split(call.options["-argv"])],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    recorder.say(run.stdout)
    if run.returncode:
        raise RefusedError("CSim failed with errors.")


@pytest.fixture
def hls(shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GW_STAGES", "csim")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return Path(shutil.copytree(shared.build.path / "hls", tmp_path / "hls"))


def test_the_script_runs_the_test_bench(hls: Path) -> None:
    recorder = Recorder({"csim_design": csim})
    assert recorder.run(hls / "run_hls.tcl") == 0, recorder.said
    assert any("PASS: 16 sequences, 0 values differ" in line for line in recorder.said)


def test_a_value_that_differs_fails(hls: Path) -> None:
    golden = hls / "golden" / "m_axis.dat"
    first, rest = golden.read_text().split("\n", 1)
    golden.write_text(f"{int(first.split()[0]) + 1} {' '.join(first.split()[1:])}\n{rest}")
    recorder = Recorder({"csim_design": csim})
    assert recorder.run(hls / "run_hls.tcl") == 1
    assert any("FAIL: 16 sequences, 1 values differ" in line for line in recorder.said)
    assert not list(Path.cwd().rglob("gatewright/csim"))
