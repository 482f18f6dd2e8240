"""What docs/trust.md shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from shared_model import Shared

from gatewright.cli.commands import main

PAGE = (Path(__file__).parents[2] / "docs/trust.md").read_text()


def test_the_examples_run(shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("build").mkdir()
    Path("build/digits").symlink_to(shared.build.path)
    (line,) = re.findall(r"```sh\n(.*?)\n```", PAGE, re.DOTALL)
    done = CliRunner().invoke(main, line.split()[1:])
    assert done.exit_code == 0, done.output
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(code, "docs/trust.md", "exec"), {})
