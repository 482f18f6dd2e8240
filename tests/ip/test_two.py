"""Two builds in one simulation: each answers as it does alone, and the library is there once."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from ip_designs import CASES

pytestmark = pytest.mark.compiles

BUILDS = {"kws": "pointwise-8", "vad": "backwards-32"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("two")
    for name, case in BUILDS.items():
        replace(CASES[case], name=name).write(path / name)
    return path


def sources(folder: Path, name: str) -> list[str]:
    ip = folder / name / "ip"
    return [str(ip / line) for line in (ip / "ip.f").read_text().split()] + [
        str(ip / f"tb/{name}_tb.sv")
    ]


def test_both_in_icarus(folder: Path) -> None:
    if shutil.which("iverilog") is None:
        pytest.skip("needs iverilog")
    command = ["iverilog", "-g2012", "-o", "both.vvp"]
    for name in BUILDS:
        command += ["-s", f"{name}_tb", f'-D{name.upper()}_ROM_DIR="{folder / name}/rtl/"']
        command += [f'-D{name.upper()}_TB_DIR="{folder / name}/ip/tb/"']
    command += [source for name in BUILDS for source in sources(folder, name)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    run = ["vvp", "-n", "both.vvp", "+stay"]
    said = subprocess.run(run, cwd=folder, capture_output=True, text=True).stdout
    assert said.count("\nPASS ") == 2, said
    assert "FAIL" not in said


def test_what_they_share_is_the_same(folder: Path) -> None:
    """Any file of one name has the same bytes in both, and nothing else has one name."""
    kws, vad = (
        {path.name: path.read_bytes() for path in (folder / name).rglob("*.*v")} for name in BUILDS
    )
    shared = kws.keys() & vad.keys()
    assert shared == {name for name in kws if name.startswith("gw_")}
    assert all(kws[name] == vad[name] for name in shared)
