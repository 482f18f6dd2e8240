"""Graphs through FINN's steps: integers before and after them, and in the wrappers, are torch's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from finn.builder.build_dataflow_config import hw_codegen_dataflow_steps
from finn.util.basic import getHWCustomOp
from finn_graphs import SHAPES, Shape, frames, make
from recipe import CODEGEN, build, differing, recurrent_nodes, write_onnx
from wrapper_bench import compile_bench, drive, lint

from gatewright.finn import build_steps

FRAMES = 6
COMPARED = (
    "step_recurrent_to_finn",
    "step_qonnx_to_finn",
    "step_streamline",
    "step_convert_to_hw",
)


@pytest.mark.compiles
@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_integers_stay(shape: Shape, tmp_path: Path) -> None:
    model, x = make(shape), frames(shape, FRAMES)
    write_onnx(model, tmp_path / "model.onnx")
    built = build(
        tmp_path / "model.onnx",
        tmp_path / "out",
        build_steps(hw_codegen_dataflow_steps),
        target_fps=200_000,
    )
    with torch.no_grad():
        wanted = [model(one).numpy() for one in x]
    for step in COMPARED:
        answers = [built.answer(step, one.numpy()) for one in x]
        assert sum(map(differing, answers, wanted)) == 0, step
    contexts = [built.run("step_convert_to_hw", one.numpy()) for one in x]
    before = recurrent_nodes(built.after("step_convert_to_hw"))
    after = recurrent_nodes(built.after(CODEGEN))
    assert len(before) == len(after) == len(shape.hidden)
    for old, new in zip(before, after, strict=True):
        given, expected = (
            np.stack([context[name] for context in contexts])
            for name in (old.input[0], old.output[0])
        )
        assert np.unique(expected).size >= min(3, 2 ** (shape.bits - 1))
        lint(new)
        program = compile_bench(new, FRAMES, tmp_path / new.name)
        freely = drive(program, new, given, stall=0)
        assert differing(freely.values, expected) == 0
        assert differing(drive(program, new, given, stall=40).values, expected) == 0
        interval = getHWCustomOp(new).get_exp_cycles()
        assert freely.intervals == [interval] * (FRAMES - 1)
