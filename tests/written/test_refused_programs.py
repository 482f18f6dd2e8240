"""Forty programs that are refused: each is told what to write instead, and that works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import brevitas.nn as qnn
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from commit_choice import drawn
from programs import B, H, I, Program, T, out, plain, pooled, rectified, sequences, steps, turned
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

import gatewright
from gatewright.errors import GatewrightError
from gatewright.frontend import trace


def kept(m: Any, x: Tensor) -> Tensor:
    m.h = out(m, x)[:, -1] + (m.h if hasattr(m, "h") else 0)
    return m.fc(m.h)


def written_into(m: Any, x: Tensor) -> Tensor:
    y = out(m, x)
    y[:, 0] = 0
    return m.fc(y)


def normed(m: Any, x: Tensor) -> Tensor:
    return m.fc(m.batch(out(m, x).transpose(1, 2)).transpose(1, 2))


def convolved(m: Any, x: Tensor) -> Tensor:
    return m.fc(m.conv(out(m, x).transpose(1, 2)).transpose(1, 2))


def pack(m: Any, x: Tensor) -> Tensor:
    packed = pack_padded_sequence(x, [T] * x.shape[0], batch_first=True)
    return m.fc(m.lstm(packed)[1][0][-1])


NORM = {"batch": lambda: nn.BatchNorm1d(H)}
CONV = {"conv": lambda: nn.Conv1d(H, H, 3, padding=1)}
SUMS = "pool with mean or max over time"
FUNCTIONS = "relu, tanh, sigmoid, hardtanh or hardsigmoid"
HOST = "on the host"
PROGRAMS = {
    "GRU": Program(
        *("GW-101", "gru", "nn.LSTM or nn.RNN", lambda m, x: m.fc(m.gru(x)[0]), steps),
        gru=lambda: nn.GRU(I, H, batch_first=True),
    ),
    "GRUCell": Program(
        *("GW-101", "gru", "whole sequence", lambda m, x: m.fc(m.gru(x[:, -1])), steps),
        gru=lambda: nn.GRUCell(I, H),
    ),
    "proj_size": Program(
        *("GW-109", "small", "proj_size=0", lambda m, x: m.small(x)[0], steps),
        small=lambda: nn.LSTM(I, H, proj_size=3, batch_first=True),
    ),
    "LayerNorm": Program(
        *("GW-101", "norm", "nn.BatchNorm1d", lambda m, x: m.fc(m.norm(out(m, x))), normed),
        norm=lambda: nn.LayerNorm(H),
        **NORM,
    ),
    "GroupNorm": Program(
        *("GW-101", "norm", "nn.BatchNorm1d", lambda m, x: m.fc(m.norm(out(m, x)[:, -1])), normed),
        norm=lambda: nn.GroupNorm(2, H),
        **NORM,
    ),
    "InstanceNorm1d": Program(
        *("GW-101", "norm", "nn.BatchNorm1d", lambda m, x: m.fc(m.norm(out(m, x))), normed),
        norm=lambda: nn.InstanceNorm1d(T),
        **NORM,
    ),
    "F.layer_norm": Program(
        *("GW-108", "torch.nn.functional.layer_norm", "divides by what it computes"),
        *(lambda m, x: m.fc(F.layer_norm(out(m, x), (H,))), normed),
        **NORM,
    ),
    "F.normalize": Program(
        *("GW-108", "torch.nn.functional.normalize", "divides by what it computes"),
        *(lambda m, x: m.fc(F.normalize(out(m, x), dim=-1)), normed),
        **NORM,
    ),
    "std over time": Program(
        "GW-108", ".std()", "divides", lambda m, x: m.fc(out(m, x).std(1)), pooled
    ),
    "MultiheadAttention": Program(
        *("GW-101", "a", SUMS, lambda m, x: m.fc(m.a(out(m, x), x, x)[0][:, -1]), pooled),
        a=lambda: nn.MultiheadAttention(H, 2, batch_first=True),
    ),
    "TransformerEncoderLayer": Program(
        *("GW-101", "a", SUMS, lambda m, x: m.fc(m.a(out(m, x))[:, -1]), pooled),
        a=lambda: nn.TransformerEncoderLayer(H, 2, 8, batch_first=True),
    ),
    "scaled_dot_product_attention": Program(
        *("GW-108", "torch._C._nn.scaled_dot_product_attention", SUMS),
        *(lambda m, x: m.fc(F.scaled_dot_product_attention(out(m, x), x, x)), pooled),
    ),
    "bmm": Program(
        *("GW-108", "torch.bmm", SUMS),
        *(lambda m, x: m.fc(torch.bmm(out(m, x).transpose(1, 2), x).mean(1)), pooled),
    ),
    "einsum": Program(
        *("GW-108", "torch.functional.einsum", SUMS),
        *(lambda m, x: m.fc(torch.einsum("bti,bti->bi", out(m, x), x)), pooled),
    ),
    "GELU": Program(
        *("GW-101", "act", FUNCTIONS, lambda m, x: m.fc(m.act(out(m, x))), rectified), act=nn.GELU
    ),
    "F.gelu": Program(
        "GW-108", "torch._C._nn.gelu", FUNCTIONS, lambda m, x: m.fc(F.gelu(out(m, x))), rectified
    ),
    "F.silu": Program(
        *("GW-108", "torch.nn.functional.silu", FUNCTIONS),
        *(lambda m, x: m.fc(F.silu(out(m, x))), rectified),
    ),
    "PReLU": Program(
        *("GW-101", "act", FUNCTIONS, lambda m, x: m.fc(m.act(out(m, x))), rectified), act=nn.PReLU
    ),
    "F.softplus": Program(
        *("GW-108", "torch._C._nn.softplus", FUNCTIONS),
        *(lambda m, x: m.fc(F.softplus(out(m, x))), rectified),
    ),
    "a clamp of two sizes": Program(
        *("GW-109", "act", "Clamp to -a to a", lambda m, x: m.fc(m.act(out(m, x)))),
        *(lambda m, x: m.fc(out(m, x).clamp(-0.5, 0.5)),),
        act=lambda: nn.Hardtanh(-1, 2),
    ),
    "cumsum": Program(
        "GW-108", "torch.cumsum", HOST, lambda m, x: torch.cumsum(m.fc(out(m, x)), 1), steps
    ),
    "sort": Program(
        "GW-108", "torch.sort", HOST, lambda m, x: m.fc(torch.sort(out(m, x), 1)[0]), steps
    ),
    "topk": Program("GW-108", ".topk()", HOST, lambda m, x: plain(m, x).topk(2)[1], plain),
    "flip": Program(
        *("GW-108", ".flip()", "bidirectional=True", lambda m, x: m.fc(m.lstm(x.flip(1))[0])),
        *(lambda m, x: m.fc(m.both(x)[0][..., H:]),),
        both=lambda: nn.LSTM(I, H, batch_first=True, bidirectional=True),
    ),
    "roll": Program(
        "GW-108", "torch.roll", HOST, lambda m, x: m.fc(torch.roll(out(m, x), 1, 1)), steps
    ),
    "complex": Program(
        *("GW-108", "torch._C._fft.fft_rfft", "compute features of the signal on the host"),
        *(lambda m, x: m.fc(m.lstm(torch.fft.rfft(x, dim=1).abs())[0]), steps),
    ),
    "where": Program(
        *("GW-108", "operator gt", "limits are clamp or relu"),
        *(lambda m, x: m.fc(torch.where(x > 0, out(m, x), x)), rectified),
    ),
    "a threshold at the end": Program(
        "GW-108", "operator gt", "decide on the host", lambda m, x: plain(m, x) > 0, plain
    ),
    "median": Program(
        *("GW-108", ".median()", "mean, sum, max and min"),
        *(lambda m, x: m.fc(out(m, x).median(1)[0]), pooled),
    ),
    "mean over features": Program(
        *("GW-108", "mean", "out.mean(dim=1)", lambda m, x: out(m, x).mean(-1), pooled),
    ),
    "mean over the batch": Program(
        *("GW-108", "mean", "out.mean(dim=1)", lambda m, x: m.fc(out(m, x).mean(0)), pooled),
    ),
    "interpolate": Program(
        *("GW-108", "torch.nn.functional.interpolate", HOST),
        *(lambda m, x: turned(m, x, lambda y: F.interpolate(y, scale_factor=2)), steps),
    ),
    "ConvTranspose1d": Program(
        *("GW-101", "up", HOST, lambda m, x: turned(m, x, m.up), convolved),
        up=lambda: nn.ConvTranspose1d(H, H, 2),
        **CONV,
    ),
    "Conv2d": Program(
        *("GW-101", "image", "nn.Conv1d over time"),
        *(lambda m, x: m.fc(m.image(out(m, x).unsqueeze(1)).squeeze(1)), convolved),
        image=lambda: nn.Conv2d(1, 1, 1),
        **CONV,
    ),
    "AdaptiveAvgPool1d": Program(
        *("GW-101", "pool", "out.mean(dim=1)", lambda m, x: turned(m, x, m.pool), pooled),
        pool=lambda: nn.AdaptiveAvgPool1d(1),
    ),
    "padding of another kind": Program(
        *("GW-109", "edges", "zeros", lambda m, x: turned(m, x, m.edges), convolved),
        edges=lambda: nn.Conv1d(H, H, 3, padding=1, padding_mode="reflect"),
        **CONV,
    ),
    "softmax before argmax": Program(
        *("GW-108", "argmax", "argmax of both is the same"),
        *(
            lambda m, x: torch.softmax(plain(m, x), -1).argmax(-1),
            lambda m, x: plain(m, x).argmax(-1),
        ),
    ),
    "softmax over time": Program(
        *("GW-108", "softmax", "dim=-1", lambda m, x: torch.softmax(steps(m, x), 1)),
        *(lambda m, x: torch.softmax(steps(m, x), dim=-1),),
    ),
    "a branch on data": Program(
        *("GW-108", "Net.forward", "depend on the data"),
        *(lambda m, x: plain(m, x) if x.sum() > 0 else steps(m, x), plain),
    ),
    "a loop on data": Program(
        *("GW-108", "Net.forward", "only data could tell"),
        *(lambda m, x: [plain(m, x) for _ in range(int(x.max()))], plain),
    ),
    "item": Program(
        "GW-108", ".item()", "on the device", lambda m, x: m.fc(out(m, x)) + x.max().item(), steps
    ),
    "numpy": Program(
        *("GW-108", "Net.forward", "compute with torch"),
        *(lambda m, x: torch.from_numpy(plain(m, x).detach().numpy()), plain),
    ),
    "a state in an attribute": Program("GW-108", "self.h", "argument of forward()", kept, plain),
    "writing into a tensor": Program(
        "GW-108", "Net.forward", "make another one of parts", written_into, steps
    ),
    "packed sequences": Program("GW-108", "Net.forward", "pad", pack, plain),
    "dropout in training": Program(
        *("GW-108", "F.dropout", "training=self.training", lambda m, x: m.fc(F.dropout(out(m, x)))),
        *(lambda m, x: m.fc(F.dropout(out(m, x), training=m.training)),),
    ),
    "noise": Program(
        *("GW-108", "torch.randn_like", "in training only"),
        *(lambda m, x: m.fc(out(m, x) + torch.randn_like(x)), steps),
    ),
    "one sequence": Program(
        *("GW-108", "[-1] on lstm.layers.0.0.out0", "[:, -1]", lambda m, x: m.fc(out(m, x)[-1])),
        plain,
    ),
    "all final states": Program(
        *("GW-108", "fc", "h[-1]", lambda m, x: m.fc(m.lstm(x)[1][0])),
        lambda m, x: m.fc(m.lstm(x)[1][0][-1]),
    ),
    "steps side by side": Program(
        *("GW-108", ".reshape()", "a row for each sequence"),
        *(lambda m, x: out(m, x).reshape(-1, 2 * H), lambda m, x: out(m, x).flatten(1)),
    ),
    "a text beside": Program(
        *("GW-108", "the model's output", "a tuple of tensors", lambda m, x: (plain(m, x), "ok")),
        lambda m, x: (plain(m, x), out(m, x)),
    ),
}


def test_there_are_forty() -> None:
    assert len(PROGRAMS) >= 40


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_told_what_to_write(name: str) -> None:
    PROGRAMS[name].check_told()


@pytest.mark.parametrize("name", drawn(PROGRAMS, 4, "rotating"))
def test_what_it_is_told_to_write_can_be_traced(name: str) -> None:
    PROGRAMS[name].check_instead()


# Models of Brevitas layers


def test_a_quant_lstm_called_as_torchs_can_be_called_as_it_says() -> None:
    class Called(nn.Module):
        def __init__(self, apply: Callable[..., Any]) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.lstm = qnn.QuantLSTM(I, H, batch_first=True)
            self.apply_to = apply

        def forward(self, x: Tensor, h: Tensor, c: Tensor) -> Any:
            return self.apply_to(self.lstm, x, h, c)[0]

    given = (sequences(), torch.zeros(2, B, H), torch.zeros(2, B, H))
    with pytest.raises(GatewrightError, match="GW-108") as caught:
        trace(Called(lambda lstm, x, h, c: lstm(x, (h, c))).eval(), given)
    assert "lstm(x, h, c)" in caught.value.remedy
    model = Called(lambda lstm, x, h, c: lstm(x, h, c)).train()
    model(*given)
    assert trace(model.eval(), given).graph.node


def test_the_first_step_is_not_told_to_be_the_last() -> None:
    """What a model does with ``out[:, 0]`` compiles, or is told of without ``[:, -1]``."""
    program = PROGRAMS["one sequence"]
    result = gatewright.calibrate(program.net(lambda m, x: m.fc(out(m, x)[:, 0])), sequences())
    assert trace(result.model, result.example_input).graph.node


def test_two_models_in_one_are_told_of_their_first_trouble_each() -> None:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = PROGRAMS["GRU"].net(PROGRAMS["GRU"].forward)
            self.b = PROGRAMS["LayerNorm"].net(PROGRAMS["LayerNorm"].forward)

        def forward(self, x: Tensor) -> Any:
            return self.a(x), self.b(x)

    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(Pair().eval(), sequences())
    told = [caught.value, *caught.value.others]
    assert [e.where for e in told] == ["a.gru", "b.norm"]
