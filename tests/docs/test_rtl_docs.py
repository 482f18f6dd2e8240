"""What docs/rtl.md shows is what happens."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from level_tools import needs

import gatewright
from gatewright.cli.models import load_model
from gatewright.tools import find_verilator, find_yosys, run_yosys

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/rtl.md").read_text()


def block(language: str, which: int = 0) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[which]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> gatewright.Build:
    pytest.importorskip("brevitas", reason="needs brevitas")
    source = load_model(str(ROOT / "examples/digits"))
    folder = tmp_path_factory.mktemp("docs") / "build" / "digits"
    return gatewright.compile(source.model, source.example_input, folder)


def command(program: str) -> list[str]:
    """Its line under "By hand"."""
    (line,) = (x for x in block("sh", 1).splitlines() if x.split()[0] == program)
    return shlex.split(line, comments=True)[1:]


@needs("rtl")
def test_the_test_bench_gives_the_golden_answer(build: gatewright.Build) -> None:
    tool, folder = find_verilator(), build.path / "rtl"
    (build.path.parent / "tb.sv").write_text(block("systemverilog"))
    # Verilator's own makefile calls python, which an environment that is activated has.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    subprocess.run(
        [*tool.command, *command("verilator")],
        cwd=folder,
        env={**os.environ, **tool.environment, "PATH": path},
        check=True,
        capture_output=True,
    )
    (program,) = (x for x in block("sh", 1).split() if x.endswith("/Vtb"))
    done = subprocess.run(
        [program], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    golden = (build.path / "hls/golden/m_axis.dat").read_text().splitlines()
    assert done.stdout.splitlines()[0].split() == golden[0].split()
    gatewright.Build(build.path)  # nothing of the build is another now


@needs("cxxrtl")
def test_the_line_for_yosys(build: gatewright.Build, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(build.path / "rtl", tmp_path / "rtl"))
    *_, script = command("yosys")
    names = " ".join((folder / "sources.f").read_text().split())
    lines = script.replace("$(tr '\\n' ' ' < sources.f)", names).split("; ")
    assert lines[0].endswith("gatewright_top.sv")
    run_yosys(find_yosys(), lines, folder)


def test_the_files_it_lists_are_those_of_a_build(build: gatewright.Build) -> None:
    listed = re.findall(r"^\| (`.*?) \|", PAGE.partition("## Ports")[0], re.MULTILINE)
    patterns = [p.replace("kN_...", "k*") for row in listed for p in re.findall(r"`(.*?)`", row)]
    files = {p for p in (build.path / "rtl").rglob("*") if p.is_file()}
    matched = [set((build.path / "rtl").glob(pattern)) for pattern in patterns]
    assert set().union(*matched) == files
    assert sum(map(bool, matched)) >= len(matched) - 1  # the digits have no function of their own


def test_the_ports_it_lists_are_those_of_a_build(build: gatewright.Build) -> None:
    top = (build.path / "rtl/gatewright_top.sv").read_text().partition(");")[0]
    ports = set(re.findall(r"^ +(?:in|out)put +logic (?:\[.*?\] )?(\w+)", top, re.MULTILINE))
    table = PAGE.partition("## Ports")[2].partition("Words are")[0]
    listed: set[str] = set()
    for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE):
        first, *others = re.findall(r"`(\w+)`", row)
        stem = first.rpartition("_")[0]
        listed |= {first, *(stem + name if name[0] == "_" else name for name in others)}
    assert listed == ports
