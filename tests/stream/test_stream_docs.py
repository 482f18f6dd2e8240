"""What docs/streaming.md shows is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/streaming.md").read_text()


def test_the_examples_run(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, cwd=tmp_path)
    np.save(tmp_path / "one.npy", np.random.default_rng(0).random((1, 8, 8), dtype=np.float32))
    (lines,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    line = lines.splitlines()[0].partition(" #")[0]
    subprocess.run([sys.executable, "-m", *line.split()], check=True, cwd=tmp_path)
    assert np.load(tmp_path / "y.npy").shape == (3, 10)
