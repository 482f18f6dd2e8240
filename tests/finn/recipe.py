"""FINN's builds as tests run them, and what they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from brevitas.export import export_qonnx
from finn_graphs import Model
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from gatewright import frontend
from gatewright.finn.layer import LAYER
from gatewright.ir.types import Float32Array

PART = "xc7z020clg400-1"
CODEGEN = "step_hw_codegen"


@dataclass(frozen=True)
class Built:
    """What a build left.

    Attributes:
        folder: Its output folder.
    """

    folder: Path

    def after(self, step: str) -> ModelWrapper:
        """The graph that a step left."""
        return ModelWrapper(str(self.folder / "intermediate_models" / f"{step}.onnx"))

    def run(self, step: str, x: Float32Array) -> dict[str, Any]:
        """All tensors of the graph that a step left, for one input."""
        model = self.after(step)
        context: dict[str, Any] = execute_onnx(model, {model.graph.input[0].name: x}, True)
        return context

    def answer(self, step: str, x: Float32Array) -> Float32Array:
        """What the graph that a step left gives for one input."""
        answer: Float32Array = self.run(step, x)[self.after(step).graph.output[0].name]
        return answer


def write_onnx(model: Model, path: Path) -> None:
    """The file that FINN is given."""
    example = torch.zeros(1, model.shape.steps, model.shape.inputs)
    if model.shape.exported:
        export_qonnx(model, example, str(path), dynamo=False)
    else:
        path.write_bytes(frontend.trace(model, example).SerializeToString())


def build(source: Path, folder: Path, steps: Sequence[Any], **options: Any) -> Built:
    """Run steps of FINN on a file, without Vivado."""
    from finn.builder.build_dataflow import build_dataflow_cfg
    from finn.builder.build_dataflow_config import DataflowBuildConfig, DataflowOutputType

    config = DataflowBuildConfig(
        output_dir=str(folder),
        synth_clk_period_ns=10.0,
        fpga_part=PART,
        steps=list(steps),
        generate_outputs=[DataflowOutputType.ESTIMATE_REPORTS],
        save_intermediate_models=True,
        **options,
    )
    assert build_dataflow_cfg(str(source), config) == 0
    return Built(folder)


def recurrent_nodes(model: ModelWrapper) -> list[Any]:
    """Our nodes of a graph, before or after they were specialized."""
    return [node for node in model.graph.node if node.op_type.startswith(LAYER)]


def integers(built: Built, y: Float32Array) -> Float32Array:
    """An answer in units of its scale, which FINN has moved to the end of the graph."""
    graph = built.after("step_convert_to_hw")
    *_, last = graph.graph.node
    unit = graph.get_initializer(last.input[1])
    n: Float32Array = np.rint(y / unit)
    # Sums of floats may be off by their last bits, integers not.
    assert np.abs(y / unit - n).max() < 1 / 64
    return n


def differing(a: Float32Array, b: Float32Array) -> int:
    """How many values are not the same."""
    assert a.shape == b.shape
    return int(np.count_nonzero(a != b))
