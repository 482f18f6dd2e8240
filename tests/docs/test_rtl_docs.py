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
from click.testing import CliRunner
from hasty import made_soon
from level_tools import needs

import gatewright
from gatewright.cli import main
from gatewright.cli.models import load_model
from gatewright.tools import find_verilator, find_yosys, run_yosys
from gatewright.tools.compiler import ap_types, find_compiler

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/rtl.md").read_text()


TWICE, BY_HAND = "Two builds in one project", "By hand"


def block(section: str, language: str, which: int = 0) -> str:
    text = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)[which]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> gatewright.Build:
    pytest.importorskip("brevitas", reason="needs brevitas")
    source = load_model(str(ROOT / "examples/digits"))
    folder = tmp_path_factory.mktemp("docs") / "build" / "digits"
    return gatewright.compile(source.model, source.example_input, folder)


def command(program: str, section: str = BY_HAND, which: int = 0) -> list[str]:
    """Its line in a block of a section."""
    (line,) = (x for x in block(section, "sh", which).splitlines() if x.split()[0] == program)
    return shlex.split(line, comments=True)[1:]


def verilate(arguments: list[str], folder: Path) -> None:
    tool = find_verilator()
    # Verilator's own makefile calls python, which an environment that is activated has.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    subprocess.run(
        [*tool.command, *arguments],
        cwd=folder,
        env={**os.environ, **tool.environment, **made_soon(), "PATH": path},
        check=True,
        capture_output=True,
    )


@needs("rtl")
def test_the_test_bench_gives_the_golden_answer(build: gatewright.Build) -> None:
    folder = build.path / "rtl"
    (build.path.parent / "tb.sv").write_text(block(BY_HAND, "systemverilog"))
    verilate(command("verilator"), folder)
    (program,) = (x for x in block(BY_HAND, "sh").split() if x.endswith("/Vtb"))
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


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of two builds, as the page compiles them."""
    pytest.importorskip("brevitas", reason="needs brevitas")
    folder = tmp_path_factory.mktemp("twice")
    for line in block(TWICE, "sh").splitlines():
        words = shlex.split(line.replace("examples/digits", str(ROOT / "examples/digits")))[1:]
        words[words.index("-o") + 1] = str(folder / words[words.index("-o") + 1])
        assert CliRunner().invoke(main, words).exit_code == 0
    return folder / "build"


@needs("rtl")
def test_two_builds_in_one_simulation(twice: Path) -> None:
    (twice / "pair.sv").write_text(block(TWICE, "systemverilog"))
    verilate(command("verilator", TWICE, 1), twice)
    *_, line = block(TWICE, "sh", 1).splitlines()
    program, said = line.split("#")
    done = subprocess.run(
        [program.strip()], cwd=twice, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[0] == said.strip()


def test_two_builds_in_one_program(twice: Path) -> None:
    for line in block(TWICE, "sh", 2).splitlines():
        words = [word.replace("$AP", str(ap_types())) for word in shlex.split(line)[1:]]
        subprocess.run([*find_compiler().command, *words], cwd=twice, check=True)
    (twice / "main.cpp").write_text(
        '#include "kws/hls/top.hpp"\n#include "vad/hls/top.hpp"\n'
        "int main() { return &kws_hls == nullptr || &vad_hls == nullptr; }\n"
    )
    words = ["-std=c++14", "-w", f"-I{ap_types()}", "main.cpp", "kws.o", "vad.o", "-o", "main"]
    subprocess.run([*find_compiler().command, *words], cwd=twice, check=True)
    subprocess.run([twice / "main"], check=True)


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
