"""Initial states that are arguments, and final ones that are read."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hls4ml
import numpy as np
import pytest
import torch
from brevitas.quant import Int8ActPerTensorFixedPoint
from hls4ml_grid import IO_TYPES, drawn
from hls4ml_models import LAST, SEQUENCES, H, I, Model, T, layer, sequences
from hls4ml_runs import check_equal, convert

from gatewright import frontend
from gatewright.ir import interpreter
from gatewright.ir.lowering import lower

pytestmark = [pytest.mark.compiles, pytest.mark.slow]


class Given(torch.nn.Module):
    """A recurrent layer that is given its states."""

    def __init__(self, kind: str, **options: Any) -> None:
        super().__init__()
        options |= {"cell_state_quant": Int8ActPerTensorFixedPoint} if kind == "lstm" else {}
        self.rnn = layer(kind, 6, **options)


class GivenLstm(Given):
    def forward(self, x: torch.Tensor, h: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        return self.rnn(x, h, c)[0]


class GivenRnn(Given):
    def forward(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        return self.rnn(x, h)[0][:, -1]


MODELS: dict[str, tuple[Callable[[], Given], int, int]] = {
    "lstm": (lambda: GivenLstm("lstm"), 2, 1),
    "bidirectional": (lambda: GivenLstm("lstm", bidirectional=True), 2, 2),
    "rnn": (lambda: GivenRnn("rnn"), 1, 1),
}


CASES = list(itertools.product(MODELS, IO_TYPES))


@pytest.mark.parametrize(("name", "io_type"), drawn(CASES, 1))
def test_states_that_are_given(name: str, io_type: str, tmp_path: Path) -> None:
    make, states, count = MODELS[name]
    torch.manual_seed(7)
    shapes = [(T, I), *[(count, H)] * states]
    arrays = [sequences(SEQUENCES, i, shape) for i, shape in enumerate(shapes)]
    first, *rest = (torch.from_numpy(a) for a in arrays)
    tensors = (first, *(s.transpose(0, 1).contiguous() for s in rest))
    model = make().train()
    with torch.no_grad():
        model(*tensors)
        expected = model.eval()(*tensors).numpy()
    example = (first[:1], *(t[:, :1] for t in tensors[1:]))
    integer = lower(frontend.trace(model, example))
    outputs, _ = interpreter.run(integer.graph, integer.encode([t.numpy() for t in tensors]))
    ours = integer.decode(outputs)[0]
    config = hls4ml.utils.config_from_pytorch_model(model, shapes)
    converted = hls4ml.converters.convert_from_pytorch_model(
        model, hls_config=config, output_dir=str(tmp_path), io_type=io_type, backend="Vitis"
    )
    converted.compile()
    predicted = converted.predict(arrays).reshape(ours.shape)
    assert np.unique(predicted).size > 1
    np.testing.assert_array_equal(predicted, ours)
    np.testing.assert_array_equal(ours, expected)


READS = {
    "h of an LSTM": ("lstm", {}, lambda m, x: m.rnn(x)[1][0][-1]),
    "c of an LSTM": (
        "lstm",
        {"cell_state_quant": Int8ActPerTensorFixedPoint},
        lambda m, x: m.rnn(x)[1][1][-1],
    ),
    "out of coupled gates": ("lstm", {"coupled_input_forget_gates": True}, LAST["last"]),
    "h of the first of two layers": ("rnn", {"num_layers": 2}, lambda m, x: m.rnn(x)[1][0]),
}


@pytest.mark.parametrize("name", drawn(list(READS), 1))
def test_a_final_state_that_is_read(name: str, tmp_path: Path) -> None:
    kind, options, forward = READS[name]
    torch.manual_seed(3)
    model = Model(forward, rnn=layer(kind, 6, **options)).train()
    with torch.no_grad():
        model(torch.from_numpy(sequences(SEQUENCES, 1)))
    model.eval()
    check_equal(convert(model, tmp_path, (T, I), layout="full"), model)
