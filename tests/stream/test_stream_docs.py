"""What docs/streaming.md shows is what happens."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from gatewright.cli.commands import main

pytestmark = pytest.mark.compiles

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/streaming.md").read_text()


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "page.py").write_text(code)
    runpy.run_path("page.py")
    monkeypatch.delitem(sys.modules, "model")
    np.save(tmp_path / "one.npy", np.random.default_rng(0).random((1, 8, 8), dtype=np.float32))
    (lines,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    line = lines.splitlines()[0].partition(" #")[0]
    done = CliRunner().invoke(main, line.split()[1:])
    assert done.exit_code == 0, done.output
    assert np.load(tmp_path / "y.npy").shape == (3, 10)
