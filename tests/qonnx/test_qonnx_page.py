"""What docs/qonnx.md shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = (Path(__file__).parents[2] / "docs/qonnx.md").read_text()


@pytest.mark.compiles
def test_the_examples_run_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxoptimizer", reason="needs onnxoptimizer")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "page"}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        exec(compile(block, "docs/qonnx.md", "exec"), names)
    assert (tmp_path / "build/lstm/2_integer.onnx").is_file()


def test_every_attribute_has_a_row() -> None:
    from gatewright.qonnx import QuantRecurrent

    rows = "\n".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    assert all(f"`{name}`" in rows for name in QuantRecurrent(None).get_nodeattr_types())
