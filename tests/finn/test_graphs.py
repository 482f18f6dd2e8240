"""Graphs through FINN's steps: integers before and after them, and in the wrappers, are torch's."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from choices import choice
from commit_choice import commit
from finn.builder.build_dataflow_config import hw_codegen_dataflow_steps
from finn.util.basic import getHWCustomOp
from finn_graphs import SHAPES, Shape, frames, make
from recipe import CODEGEN, Built, build, differing, integers, recurrent_nodes, write_onnx
from wrapper_bench import compile_bench, drive, lint

from gatewright.finn import build_steps
from gatewright.ir.types import Float32Array

FRAMES = 6
COMPARED = (
    "step_recurrent_to_finn",
    "step_qonnx_to_finn",
    "step_streamline",
    "step_convert_to_hw",
)
SEED = int(commit()[:8] or "0", 16)
DRAWN = 3
SIMULATED = SHAPES if choice("inside") else random.Random(SEED).sample(SHAPES, DRAWN)


def built_graph(shape: Shape, folder: Path) -> tuple[Built, Float32Array, list[Float32Array]]:
    """A graph down to code, its inputs, and torch's answers."""
    model, x = make(shape), frames(shape, FRAMES)
    write_onnx(model, folder / "model.onnx")
    steps = build_steps(hw_codegen_dataflow_steps)
    built = build(folder / "model.onnx", folder / "out", steps, target_fps=200_000)
    with torch.no_grad():
        return built, x.numpy(), [model(one).numpy() for one in x]


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_integers_stay(shape: Shape, tmp_path: Path) -> None:
    built, x, wanted = built_graph(shape, tmp_path)
    for step in COMPARED:
        answers = [built.answer(step, one) for one in x]
        pairs = zip(answers, wanted, strict=True)
        assert sum(differing(integers(built, a), integers(built, b)) for a, b in pairs) == 0, step
    assert len(recurrent_nodes(built.after(CODEGEN))) == shape.nodes
    assert np.unique(wanted).size > 2


@pytest.mark.compiles
@pytest.mark.slow
@pytest.mark.parametrize("shape", SIMULATED, ids=lambda shape: f"{shape.name}-of-{SEED}")
def test_wrappers_give_the_same(shape: Shape, tmp_path: Path) -> None:
    """In Verilator, without a warning, with and without stalls, and as many cycles as is said."""
    built, x, _ = built_graph(shape, tmp_path)
    contexts = [built.run("step_convert_to_hw", one) for one in x]
    before = recurrent_nodes(built.after("step_convert_to_hw"))
    for old, new in zip(before, recurrent_nodes(built.after(CODEGEN)), strict=True):
        given, expected = (
            np.stack([context[name] for context in contexts])
            for name in (old.input[0], old.output[0])
        )
        lint(new)
        program = compile_bench(new, FRAMES, tmp_path / new.name)
        freely = drive(program, new, given, stall=0)
        assert differing(freely.values, expected) == 0
        assert differing(drive(program, new, given, stall=40).values, expected) == 0
        interval = getHWCustomOp(new).get_exp_cycles()
        assert freely.intervals == [interval] * (FRAMES - 1)
