"""The page about calibration shows what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hasty import hasty_environment

from gatewright.cli.commands import main

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

pytest.importorskip("brevitas")
pytest.importorskip("onnxoptimizer")
pytest.importorskip("sklearn")

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "calibration.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_python_examples_run(tmp_path: Path) -> None:
    code = "\n".join(blocks("python"))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=hasty_environment(),
    )
    assert done.returncode == 0, done.stderr
    assert "11 quantizers placed from 200 sequences" in done.stdout
    assert (tmp_path / "build/from_file/calibration.json").is_file()


@pytest.mark.filterwarnings("ignore")
def test_the_command_lines_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = blocks("sh")
    enter, *commands = block.splitlines()
    assert enter == "cd examples/digits"
    for name in ("model.py", "weights_4bit.pt"):
        (tmp_path / name).symlink_to(ROOT / "examples/digits" / name)
    for command in commands:
        program, *words = command.split()
        assert program == "gatewright"
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output


def test_the_defaults_are_those_of_the_page() -> None:
    import inspect

    import gatewright

    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(gatewright.calibrate).parameters.items()
    }
    for names, shown in re.findall(r"^\| (`.*?) \| (\S+) \|", PAGE, re.MULTILINE):
        for name in re.findall(r"`(\w+)`", names):
            expected = "none" if defaults[name] is None else str(defaults[name])
            assert shown.strip('`"') == expected
