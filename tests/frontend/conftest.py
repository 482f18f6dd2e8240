"""Models are exported as a user of Brevitas does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs torch")
pytest.importorskip("brevitas", reason="needs brevitas")


@pytest.fixture
def export(tmp_path: Path) -> Any:
    """Export a model with Brevitas and return the file."""

    def run(model: Any, x: Any, name: str = "model.onnx") -> Path:
        pytest.importorskip("onnxoptimizer", reason="needs onnxoptimizer")
        from brevitas.export import export_qonnx

        path = tmp_path / name
        export_qonnx(model, x, str(path), dynamo=False)
        return path

    return run
