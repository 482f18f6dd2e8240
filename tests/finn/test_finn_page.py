"""docs/finn.md: its Python runs as it stands there, and ends with torch's integers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "finn.md").read_text()


@pytest.mark.slow
def test_the_page_runs(tmp_path: Path) -> None:
    """In a process of its own, where nothing is put right that the page does not put right."""
    pieces = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(pieces) == 4
    program = tmp_path / "page.py"
    program.write_text("\n".join(pieces))
    done = subprocess.run(
        [sys.executable, program.name], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list((tmp_path / "build" / "report").glob("estimate_layer_cycles.json"))
