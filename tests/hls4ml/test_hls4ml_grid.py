"""predict() of hls4ml equals our integers over the grid; a few in CI, all by ``--inside all``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hls4ml_grid import GRID, Case, drawn
from hls4ml_models import I, T
from hls4ml_runs import check_equal, convert, convert_exported, exported

pytestmark = [pytest.mark.compiles, pytest.mark.slow]


@pytest.mark.parametrize("case", drawn(GRID, 2), ids=str)
def test_predict_equals_our_integers(
    case: Case, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    model = case.model()
    ends: dict[str, Any] = {"io_type": case.io_type, "backend": case.backend}
    if case.road == "qonnx":
        onnx_model = exported(model, tmp_path)
        converted = convert_exported(onnx_model, tmp_path / "project", reuse=case.reuse, **ends)
    else:
        converted = convert(model, tmp_path / "project", (T, I), reuse=case.reuse, **ends)
    record_property("hls4ml", str(case))
    record_property("values equal", check_equal(converted, model))
