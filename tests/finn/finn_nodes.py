"""Nodes without a graph around them, and what yosys counts of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from finn_graphs import Shape, recurrent

from gatewright import frontend
from gatewright.boards.families.xilinx import XILINX_CELLS
from gatewright.finn.design import NodeDesign, packed_design
from gatewright.finn.rtl import node_files
from gatewright.hls_templates.mapping.options import MappingOptions
from gatewright.hls_templates.project.hls.write import write_project
from gatewright.hls_templates.project.names import LIBRARY_LIST, SOURCES
from gatewright.qonnx.node import lowered
from gatewright.tools.yosys import find_yosys, run_yosys

STAT = "stat.json"
TOP = "node"


class Alone(torch.nn.Module):
    """The recurrent layers of a shape; of them only the sequence, or its last step, is used."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        widths = [shape.inputs, *(hidden * (1 + shape.both) for hidden in shape.hidden)]
        self.layers = torch.nn.ModuleList(
            recurrent(shape, width, hidden)
            for width, hidden in zip(widths, shape.hidden, strict=False)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[B, T, I] to [B, T, H] or [B, H]."""
        for layer in self.layers:
            x = layer(x)[0]
        return x[:, -1] if self.shape.last else x


def node_data(shape: Shape, seed: int = 0) -> bytes:
    """The model inside a node."""
    torch.manual_seed(seed)
    module = Alone(shape).train()
    with torch.no_grad():
        for _ in range(3):
            module(torch.randn(8, shape.steps, shape.inputs))
    data: bytes = frontend.trace(
        module.eval(), torch.zeros(1, shape.steps, shape.inputs)
    ).SerializeToString()
    return data


@dataclass(frozen=True)
class Node:
    """A node as it is folded.

    Attributes:
        shape: Of its layers.
        multipliers: Budget of each.
        requantizer: As ``MappingOptions`` has it; ``thresholds`` is what layers have whose
            requantizers have no cheaper form.
    """

    shape: Shape
    multipliers: int
    requantizer: str = "auto"

    @property
    def design(self) -> NodeDesign:
        """Its kernels."""
        steps = self.shape.steps
        options = MappingOptions(self.multipliers, self.requantizer, steps)
        return NodeDesign(packed_design(lowered(node_data(self.shape)).graph, options), steps)


@dataclass(frozen=True)
class Counted:
    """What yosys says of a design.

    Attributes:
        luts: Of each instance below the core, all that is in it included.
        total: LUTs of all.
        dsps: Of all.
        brams: Block RAMs of all, in halves.
    """

    luts: Mapping[str, int]
    total: int
    dsps: int
    brams: int


def count(node: NodeDesign, folder: Path, family: str) -> Counted:
    """``synth_xilinx`` of the wrapper and all below it, its hierarchy kept."""
    library, own = node_files(TOP, node, "./")
    write_project(library | own, folder)
    sources = " ".join([*library[LIBRARY_LIST].split(), *own[SOURCES].split()])
    lines = [
        f"read_slang -j 1 --keep-hierarchy -D SYNTHESIS --top {TOP} {sources}",
        f"synth_xilinx -family {family} -top {TOP} -noiopad",
        f"tee -q -o {STAT} stat -json -hierarchy",
    ]
    run_yosys(find_yosys(), lines, folder)
    modules = json.loads((folder / STAT).read_text())["modules"]
    core = f"{TOP}.u_top.u_core."
    luts = {
        name.partition(core)[2]: _cells(module, "lut")
        for name, module in modules.items()
        if core in name
    }
    top = modules[f"\\{TOP}"]
    return Counted(luts, _cells(top, "lut"), _cells(top, "dsp"), _cells(top, "bram"))


def _cells(module: Mapping[str, Any], kind: str) -> int:
    """Of block RAMs, in halves."""
    found = module["num_cells_by_type"].items()
    known = [(XILINX_CELLS[name], int(n["count"])) for name, n in found if name in XILINX_CELLS]
    units = {"lut": 1, "dsp": 1, "bram": 2}[kind]
    return round(sum(units * weight * n for (k, weight), n in known if k == kind))
