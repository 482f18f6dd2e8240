"""hls4ml's own C-simulation of a model, beside our integers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hls4ml
import numpy as np
import torch
from brevitas.export import export_qonnx
from hls4ml_models import SEQUENCES, I, T, sequences
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.gemm_to_matmul import GemmToMatMul
from qonnx.util.cleanup import cleanup_model
from torch import nn

import gatewright.hls4ml  # noqa: F401 - registers our layers
from gatewright import frontend
from gatewright.ir import interpreter
from gatewright.ir.lowering import lower
from gatewright.qonnx import ExtractRecurrent


def convert(
    model: nn.Module,
    folder: Path,
    shape: tuple[int, ...],
    *,
    io_type: str = "io_parallel",
    backend: str = "Vitis",
    layout: str = "internal",
    reuse: int = 1,
    style: str | None = None,
    most: str | None = None,
    granularity: str = "model",
    settings: dict[str, Any] | None = None,
    **options: Any,
) -> Any:
    """hls4ml's model of a torch module; ``settings`` go into its configuration by layer."""
    config = hls4ml.utils.config_from_pytorch_model(
        model,
        shape,
        channels_last_conversion=layout,
        default_reuse_factor=reuse,
        max_precision=most,
        granularity=granularity,
    )
    config |= settings or {}
    config["Model"] |= {} if style is None else {"PipelineStyle": style}
    return hls4ml.converters.convert_from_pytorch_model(
        model,
        hls_config=config,
        output_dir=str(folder),
        io_type=io_type,
        backend=backend,
        **options,
    )


def exported(model: nn.Module, folder: Path, steps: int = T, features: int = I) -> Any:
    """What Brevitas exports of a model, its recurrent layers extracted, as hls4ml wants it."""
    path = folder / "exported.onnx"
    export_qonnx(model, torch.zeros(1, steps, features), str(path), dynamo=False)
    model = cleanup_model(ModelWrapper(str(path)).transform(ExtractRecurrent()))
    return cleanup_model(model.transform(GemmToMatMul())).model


def convert_exported(
    onnx_model: Any,
    folder: Path,
    *,
    io_type: str = "io_parallel",
    backend: str = "Vitis",
    granularity: str = "name",
    reuse: int = 1,
) -> Any:
    """hls4ml's model of a QONNX model."""
    config = hls4ml.utils.config_from_onnx_model(
        onnx_model, granularity=granularity, backend=backend, default_reuse_factor=reuse
    )
    return hls4ml.converters.convert_from_onnx_model(
        onnx_model, hls_config=config, output_dir=str(folder), io_type=io_type, backend=backend
    )


def integers(model: nn.Module, x: np.ndarray) -> np.ndarray:
    """What Gatewright's integer graph of the whole model gives, as floats."""
    integer = lower(frontend.trace(model, torch.from_numpy(x[:1])))
    outputs, _ = interpreter.run(integer.graph, integer.encode([x]))
    return integer.decode(outputs)[0]


def check_equal(converted: Any, model: nn.Module, seed: int = 0, steps: int = T) -> int:
    """Compile and predict; every value has to be ours, and torch's; how many there were."""
    x, predicted = check_torch(converted, model, seed, steps)
    assert np.count_nonzero(predicted != integers(model, x)) == 0
    return int(predicted.size)


def check_torch(
    converted: Any, model: nn.Module, seed: int = 0, steps: int = T
) -> tuple[np.ndarray, np.ndarray]:
    """Compile and predict; every value has to be torch's; what was given and predicted."""
    converted.compile()
    x = sequences(SEQUENCES, seed, (steps, _features(converted)))
    with torch.no_grad():
        reference = model(torch.from_numpy(x)).numpy()
    predicted = converted.predict(x).reshape(reference.shape)
    assert np.unique(predicted).size > 1, "a model that says nothing"
    assert np.count_nonzero(predicted != reference) == 0
    return x, predicted


def _features(converted: Any) -> int:
    return int(converted.get_input_variables()[0].shape[-1])
