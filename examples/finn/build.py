"""From a Brevitas model to the stitched IP of FINN: a QuantConv1d, an LSTM, a dense layer.

    python examples/finn/build.py FOLDER

Where Vivado is (``XILINX_VIVADO``), FINN runs down to ``step_create_stitched_ip``. Where it is not,
all runs that needs none, and what is printed says where Vivado would take over.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import torch
from brevitas.export import export_qonnx
from brevitas.quant import Int8ActPerTensorFixedPoint, Int8WeightPerTensorFixedPoint
from torch import Tensor, nn

from gatewright.finn import build_steps, without_vivado

if not hasattr(torch.Tensor, "rename"):  # Brevitas 0.13.0 calls it; torch dropped it with 2.13
    torch.Tensor.rename = lambda tensor, names: tensor

STEPS, FEATURES, KERNEL, HIDDEN, CLASSES = 12, 4, 3, 8, 3
PART, CLOCK_NS, FRAMES_PER_SECOND = "xc7z020clg400-1", 10.0, 100_000


class Model(nn.Module):
    """Every step of a sequence gets scores of its own."""

    def __init__(self) -> None:
        """8 bits, on scales that are powers of two outside the LSTM."""
        super().__init__()
        weights: dict[str, Any] = {"bias": False, "weight_quant": Int8WeightPerTensorFixedPoint}
        self.quant = qnn.QuantIdentity(act_quant=Int8ActPerTensorFixedPoint)
        self.front = qnn.QuantConv1d(FEATURES, HIDDEN, KERNEL, padding=KERNEL // 2, **weights)
        self.lstm = qnn.QuantLSTM(HIDDEN, HIDDEN, batch_first=True, return_quant_tensor=False)
        self.between = qnn.QuantIdentity(act_quant=Int8ActPerTensorFixedPoint)
        self.back = qnn.QuantLinear(HIDDEN, CLASSES, **weights)

    def forward(self, x: Tensor) -> Tensor:
        """[B, STEPS, FEATURES] to [B, STEPS, CLASSES]."""
        windows = self.front(self.quant(x).transpose(1, 2)).transpose(1, 2)
        y, _ = self.lstm(windows)
        scores: Tensor = self.back(self.between(y))
        return scores


def calibrated() -> Model:
    """A model that has seen data; a real one is trained."""
    torch.manual_seed(0)
    model = Model().train()
    with torch.no_grad():
        for _ in range(4):
            model(torch.randn(8, STEPS, FEATURES))
    return model.eval()


def step_small_fifos(model: Any, cfg: Any) -> Any:
    """FINN's converters of widths and FIFOs between the layers, of the least depth."""
    from finn.transformation.fpgadataflow.insert_dwc import InsertDWC
    from finn.transformation.fpgadataflow.insert_fifo import InsertFIFO
    from finn.transformation.fpgadataflow.specialize_layers import SpecializeLayers
    from qonnx.transformation.general import GiveUniqueNodeNames

    for transformation in (
        InsertDWC(),
        InsertFIFO(create_shallow_fifos=True),
        SpecializeLayers(PART),
        GiveUniqueNodeNames(),
    ):
        model = model.transform(transformation)
    return model


def main(folder: Path) -> None:
    """Build it."""
    vivado = not without_vivado()
    from finn.builder.build_dataflow import build_dataflow_cfg
    from finn.builder.build_dataflow_config import (
        DataflowBuildConfig,
        DataflowOutputType,
        estimate_only_dataflow_steps,
    )

    folder.mkdir(parents=True, exist_ok=True)
    source = str(folder / "model.onnx")
    export_qonnx(calibrated(), torch.zeros(1, STEPS, FEATURES), source, dynamo=False)
    by_vivado = ["step_hw_ipgen", "step_create_stitched_ip"]
    steps = build_steps([*estimate_only_dataflow_steps, step_small_fifos, "step_hw_codegen"])
    config = DataflowBuildConfig(
        output_dir=str(folder / "build"),
        synth_clk_period_ns=CLOCK_NS,
        fpga_part=PART,
        target_fps=FRAMES_PER_SECOND,
        steps=[*steps, *(by_vivado if vivado else ())],
        generate_outputs=[DataflowOutputType.ESTIMATE_REPORTS, DataflowOutputType.STITCHED_IP],
        save_intermediate_models=True,
    )
    status = build_dataflow_cfg(source, config)
    if status:
        sys.exit(status)
    if not vivado:
        print(f"The code of every layer is there. From here on it is Vivado's: {by_vivado}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
