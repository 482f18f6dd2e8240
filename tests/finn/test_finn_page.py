"""docs/finn.md: its Python runs, piece after piece, and ends with torch's integers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "finn.md").read_text()


@pytest.mark.slow
def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(pieces) == 3
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for piece in pieces:
        exec(compile(piece, "docs/finn.md", "exec"), names)  # as a reader does
    assert list((tmp_path / "build" / "report").glob("estimate_layer_cycles.json"))
