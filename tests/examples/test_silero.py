"""The example of a voice detector: its front, its recordings, and the decisions of its kernels."""

from __future__ import annotations

import importlib.util
import runpy
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("brevitas")
if importlib.util.find_spec("silero_vad") is None:
    pytest.skip("needs silero-vad, installed with --no-deps", allow_module_level=True)

import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from torch import Tensor

import gatewright
from gatewright.cli.models import load_model

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

FOLDER = Path(__file__).parents[2] / "examples/silero"
FRAMES = 200
BUDGET = 0.02


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """The module model.py of the example."""
    load_model(str(FOLDER))
    return sys.modules["gatewright_model_silero"]


@pytest.fixture(scope="module")
def frames(example: Any) -> Tensor:
    """The test half, [3, T, 128]."""
    return torch.cat([example.sequences(name) for name in example.SPLITS["test"]])


@pytest.fixture(scope="module")
def scores(example: Any, frames: Tensor) -> Tensor:
    """Logits in float, [3, T]."""
    with torch.no_grad():
        return example.model()(frames)[..., 0]


def differing(model: Any, frames: Tensor, scores: Tensor) -> float:
    with torch.no_grad():
        return float(((model(frames)[..., 0] >= 0) != (scores >= 0)).double().mean())


def test_recordings_are_what_the_page_says(scores: Tensor) -> None:
    likely = scores.sigmoid()
    assert scores.numel() >= 5000
    assert 0.3 <= (scores >= 0).double().mean() <= 0.7
    assert ((likely > 0.2) & (likely < 0.8)).double().mean() >= 0.05


NAMES = {
    "stft_conv.weight": "model.stft.forward_basis_buffer",
    **{
        f"conv{k + 1}.{part}": f"model.encoder.{k}.reparam_conv.{part}"
        for k in range(4)
        for part in ("weight", "bias")
    },
    **{
        f"lstm_cell.{name}": f"model.decoder.rnn.{name}"
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    },
    **{f"final_conv.{part}": f"model.decoder.decoder.2.{part}" for part in ("weight", "bias")},
}
"""In the wheel's ONNX file, which holds the same network, trained another time."""


def test_front_and_network_are_those_of_the_wheel(example: Any) -> None:
    """Its ONNX file, frame by frame with state and context, against ours with its weights."""
    spec = importlib.util.find_spec("silero_vad")
    assert spec is not None and spec.submodule_search_locations
    file = Path(spec.submodule_search_locations[0]) / "data/silero_vad_16k_op15.onnx"
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    audio = example.recording(example.SPLITS["test"][0])[: FRAMES * 512]
    state, context = np.zeros((2, 1, 128), np.float32), np.zeros(64, np.float32)
    expected = []
    for piece in audio.numpy().reshape(FRAMES, 512):
        given = {"input": np.concatenate([context, piece])[None], "state": state}
        share, state = session.run(None, given | {"sr": np.array(16000)})
        expected.append(share[0, 0])
        context = piece[-64:]
    assert max(expected) > 0.9 and min(expected) < 0.1

    stored = {t.name: numpy_helper.to_array(t) for t in onnx.load(file).graph.initializer}
    tensors = {ours: torch.from_numpy(stored[theirs].copy()) for ours, theirs in NAMES.items()}
    with torch.no_grad():
        found = example.detector(tensors)(example.features(audio, tensors)[None]).sigmoid()
    assert np.abs(found[0, :, 0].numpy() - np.array(expected)).max() < 1e-3


def test_widths_that_were_found_keep_the_decisions(
    example: Any, frames: Tensor, scores: Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """decisions.py searches for them, in a minute or two."""
    monkeypatch.setitem(sys.modules, "model", example)
    found = runpy.run_path(str(FOLDER / "decisions.py"))["FOUND"]
    net, (x, _) = example.model(), example.dataset("train")
    result = gatewright.calibrate(net, x, **found)
    assert result.output_error.relative <= BUDGET
    for placed in result.placed:
        assert placed.bits <= (16 if placed.kind == "weight" else 12)
    assert differing(result.model, frames, scores) <= 0.005

    build = gatewright.compile(result, output_dir=tmp_path / "build")
    some = frames[:1, :FRAMES].numpy()
    assert build.verify(some, model=result.model).mismatches == 0
    report = build.verify(some, levels=("integer", "rtl"))
    assert report.mismatches == 0
    assert sum(c.compared.total() for c in report.comparisons) > FRAMES * 128
