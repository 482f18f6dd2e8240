"""What README and docs show is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hasty import hasty_environment

from gatewright.cli.commands import main
from gatewright.errors import CODES

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks/README.md"])


def blocks(language: str) -> list[str]:
    text = (ROOT / "README.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder with the examples, as a clone has them."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


@pytest.mark.parametrize("code", blocks("python"), ids=["digits", "states"])
def test_the_python_examples_run(code: str, workspace: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", code]
    subprocess.run(command, check=True, cwd=workspace, env=hasty_environment())
    assert len(list(workspace.glob("build/*/hls/top.cpp"))) == 1


@pytest.mark.filterwarnings("ignore")
def test_the_command_lines_run(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process: nine of them would import torch nine times."""
    monkeypatch.chdir(workspace)
    rng = np.random.default_rng(0)
    np.save(workspace / "x.npy", rng.random((4, 8, 8), dtype=np.float32))
    lines = [line for line in blocks("sh")[1].splitlines() if line]
    assert [line.split()[1] for line in lines] == [
        "compile",
        "simulate",
        "verify",
        "simulate",
        "verify",
        "check",
        "lint-hls",
        "doctor",
        "doctor",
    ]
    for line in lines:
        done = CliRunner().invoke(main, line.partition("  #")[0].split()[1:])
        assert done.exit_code == 0, (line, done.output)
    assert np.load(workspace / "y.npy").shape == (4, 10)


def test_the_example_s_own_command_runs(workspace: Path) -> None:
    page = (ROOT / "examples/digits/README.md").read_text()
    (line,) = re.findall(r"```sh\n(.*?)\n```", page, re.DOTALL)
    command = [sys.executable, "-W", "ignore", "-m", *line.split()]
    subprocess.run(command, check=True, capture_output=True, cwd=workspace)
    assert (workspace / "build/model/gatewright.json").is_file()


def test_every_error_is_documented() -> None:
    rows = re.findall(r"^\| (GW-\d+) \| (.*?) \|", (ROOT / "docs/errors.md").read_text(), re.M)
    assert dict(rows) == CODES


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target
