"""Functions and arithmetic that are refused: each is told what to write instead, and that works."""

from __future__ import annotations

from typing import Any

import brevitas.nn as qnn
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from commit_choice import drawn
from programs import (
    B,
    H,
    I,
    Net,
    Program,
    T,
    out,
    plain,
    pooled,
    rectified,
    sequences,
    steps,
    turned,
)
from torch import Tensor, nn

import gatewright
from gatewright.errors import GatewrightError
from gatewright.frontend import trace
from gatewright.frontend.torch.in_place import changed_node

SUMS = "pool with mean or max over time"


def attention(m: Any, x: Tensor) -> Tensor:
    y = out(m, x)
    return m.fc((torch.softmax(m.score(y), dim=1) * y).sum(1))


def repeated(m: Any, x: Tensor) -> Tensor:
    h = m.lstm(x)[1][0][-1]
    return m.fc(m.other(h.unsqueeze(1).repeat(1, T, 1))[0])


def expanded(m: Any, x: Tensor) -> Tensor:
    h = m.lstm(x)[1][0][-1]
    return m.fc(m.other(h.unsqueeze(1).expand(-1, x.size(1), -1))[0])


def handed_over(m: Any, x: Tensor) -> Tensor:
    return m.fc(m.other(x, m.lstm(x)[1])[0])


def by_hand(m: Any, x: Tensor) -> Tensor:
    h = torch.zeros(x.size(0), H)
    for t in range(x.size(1)):
        h = torch.tanh(m.a(x[:, t]) + m.b(h))
    return m.fc(h)


def centred(m: Any, x: Tensor) -> Tensor:
    y = out(m, x)
    return m.fc(y - y.mean(1, keepdim=True))


def normed(m: Any, x: Tensor) -> Tensor:
    return m.fc(m.norm(out(m, x).transpose(1, 2)).transpose(1, 2))


def summed(m: Any, x: Tensor) -> Tensor:
    y, (h, _) = m.lstm(x)
    return m.fc(y + h)


def added(m: Any, x: Tensor) -> Tensor:
    y, (h, _) = m.lstm(x)
    return m.fc(y[:, -1] + h[-1])


def changed_later(m: Any, x: Tensor) -> Tensor:
    o = out(m, x)
    z = o[:, -1]
    o *= 2
    return m.fc(z)


def changed_too(m: Any, x: Tensor) -> Tensor:
    o = out(m, x)
    y = o
    y += x
    return m.fc(o + y)


def dropped(m: Any, x: Tensor) -> Tensor:
    o = out(m, x)
    m.relu(o)
    return m.fc(o)


def counted(m: Any, x: Tensor) -> Tensor:
    m.calls = getattr(m, "calls", 0) + 1
    return plain(m, x) * m.calls


def counted_before(m: Any, x: Tensor) -> Tensor:
    m.calls = getattr(m, "calls", 0) + 1
    return m.fc(out(m, x) * m.calls)


def viewed(m: Any, x: Tensor) -> Tensor:
    return plain(m, x.reshape(-1, T, I))


PROGRAMS = {
    "a clamp from above": Program(
        *("GW-108", "clamp", "clamp(min=0)", lambda m, x: m.fc(out(m, x).clamp(max=1))),
        lambda m, x: m.fc(out(m, x).clamp(min=0)),
    ),
    "in place": Program(
        *("GW-108", "relu", "inplace=True", lambda m, x: m.fc(F.relu(out(m, x), inplace=True))),
        rectified,
    ),
    ".relu_()": Program(
        *("GW-108", ".relu_()", "y = x.relu()", lambda m, x: m.fc(out(m, x).relu_())), rectified
    ),
    "a third power": Program(
        *("GW-108", "pow", "x * x * x", lambda m, x: m.fc(out(m, x) ** 3)),
        lambda m, x: m.fc((lambda y: y * y * y)(out(m, x))),
    ),
    "squeeze without an axis": Program(
        *("GW-108", "squeeze", "squeeze(-1)", lambda m, x: m.fc(out(m, x)[:, -1]).squeeze()),
        lambda m, x: m.one(out(m, x)[:, -1]).squeeze(-1),
        one=lambda: nn.Linear(H, 1),
    ),
    "squeeze of the sequences": Program(
        *("GW-108", "squeeze", "leave it out", lambda m, x: m.fc(out(m, x)[:, -1].squeeze(0))),
        lambda m, x: m.fc(out(m, x)[:, -1]),
    ),
    "steps of their own": Program(
        *("GW-108", "[a tensor, a tensor] on lstm.layers.0.0.out0", "out[:, -1]"),
        *(
            lambda m, x: m.fc(
                out(m, x)[torch.arange(x.size(0)), torch.ones(x.size(0), dtype=torch.int64)]
            ),
            lambda m, x: m.fc(out(m, x)[:, -1]),
        ),
    ),
    "a state for every step": Program(
        *("GW-108", ".repeat()", "decoder(x, (h, c))", repeated, handed_over),
        other=lambda: nn.LSTM(H, H, batch_first=True),
    ),
    "the same by expand": Program(
        *("GW-108", ".expand()", "decoder(x, (h, c))", expanded, handed_over),
        other=lambda: nn.LSTM(H, H, batch_first=True),
    ),
    "a recurrence by hand": Program(
        *("GW-108", "b", "nn.RNN or nn.LSTM", by_hand, lambda m, x: m.fc(m.rnn(x)[1][0])),
        a=lambda: nn.Linear(I, H),
        b=lambda: nn.Linear(H, H),
        rnn=lambda: nn.RNN(I, H, batch_first=True),
    ),
    "one value of many": Program(
        *("GW-108", "[:, 0] on last_step.out", "out[:, -1:]", lambda m, x: out(m, x)[:, -1][:, 0]),
        lambda m, x: m.one(out(m, x)[:, -1:]).squeeze(-1),
        one=lambda: nn.Linear(H, 1),
    ),
    "a pool over all steps": Program(
        *("GW-108", "avg_pool1d", "out.mean(dim=1)"),
        *(lambda m, x: turned(m, x, lambda y: F.avg_pool1d(y, y.shape[-1])), pooled),
    ),
    "diff": Program(
        *("GW-108", "torch.diff", "x[:, 1:] - x[:, :-1]"),
        *(
            lambda m, x: m.fc(torch.diff(out(m, x), dim=1)),
            lambda m, x: m.fc((lambda y: y[:, 1:] - y[:, :-1])(out(m, x))),
        ),
    ),
    "the mean of the input": Program(
        *(
            "GW-108",
            "mean",
            "compute it on the host",
            lambda m, x: m.fc(m.lstm(x - x.mean(1, True))[0]),
        ),
        pooled,
    ),
    "attention": Program(
        *("GW-108", "softmax", SUMS, attention, pooled),
        score=lambda: nn.Linear(H, 1),
    ),
    "a pool that adapts": Program(
        *("GW-108", "torch.adaptive_avg_pool1d", "out.mean(dim=1)"),
        *(lambda m, x: turned(m, x, lambda y: F.adaptive_avg_pool1d(y, 1)), pooled),
    ),
    "rows of images": Program(
        *("GW-108", "squeeze", "pass [B, T, F]", lambda m, x: plain(m, x.squeeze(1)), plain),
        data=(sequences().unsqueeze(1), sequences()),
    ),
    "rows of images by a view": Program(
        *("GW-108", ".reshape()", "pass [B, T, F]", viewed, viewed),
        data=(sequences().unsqueeze(1), sequences()),
    ),
    "a gate of one layer": Program(
        *("GW-108", ".chunk()", "self.a(y) and self.b(y)"),
        *(
            lambda m, x: (lambda a, b: m.lstm(x)[0] * a * torch.sigmoid(b))(
                *m.both(out(m, x)).chunk(2, -1)
            ),
            lambda m, x: out(m, x) * m.a(out(m, x)) * torch.sigmoid(m.b(out(m, x))),
        ),
        both=lambda: nn.Linear(H, 2 * H),
        a=lambda: nn.Linear(H, H),
        b=lambda: nn.Linear(H, H),
    ),
    "some features returned": Program(
        *("GW-108", "[:, -1, :2] on lstm.layers.0.0.out0", "return all, and cut on the host"),
        *(lambda m, x: out(m, x)[:, -1, :2], lambda m, x: out(m, x)[:, -1]),
    ),
    "two tensors in time": Program(
        *("GW-108", "torch.cat", "torch.cat((a, b), -1)"),
        *(
            lambda m, x: m.fc(torch.cat((out(m, x), m.other(x)[0]), 1)),
            lambda m, x: m.wide(torch.cat((out(m, x), m.other(x)[0]), -1)),
        ),
        other=lambda: nn.LSTM(I, H, batch_first=True),
        wide=lambda: nn.Linear(2 * H, 2),
    ),
    "a mean that all steps meet": Program(
        *("GW-108", "mean", "nn.BatchNorm1d", centred, normed),
        norm=lambda: nn.BatchNorm1d(H),
    ),
    "a norm of steps": Program(
        *("GW-106", "normed", "norm(out.transpose(1, 2)).transpose(1, 2)"),
        *(lambda m, x: m.fc(m.normed(out(m, x))), normed),
        normed=lambda: nn.BatchNorm1d(T),
        norm=lambda: nn.BatchNorm1d(H),
    ),
    "F.batch_norm": Program(
        *("GW-108", "torch.nn.functional.batch_norm", "self.norm(x)"),
        *(
            lambda m, x: m.fc(
                F.batch_norm(out(m, x)[:, -1], m.norm.running_mean, m.norm.running_var)
            ),
            lambda m, x: m.fc(m.norm(out(m, x)[:, -1])),
        ),
        norm=lambda: nn.BatchNorm1d(H, affine=False),
    ),
    "all final states in a sum": Program(
        *("GW-108", "add_quant", "as out[:, -1] is", summed, added),
        data=(sequences()[:T], sequences()),
    ),
    "a final state for all steps": Program(
        *("GW-108", "add", "out[:, -1] + h[-1]"),
        *(
            lambda m, x: (lambda y, s: m.fc(y + s[0][-1].unsqueeze(1)))(*m.lstm(x)),
            added,
        ),
    ),
    "rounding": Program(
        *("GW-108", "div", "rounded by the quantizer"),
        *(
            lambda m, x: m.fc(torch.div(out(m, x), 0.5, rounding_mode="trunc")),
            lambda m, x: m.fc(torch.div(out(m, x), 0.5)),
        ),
    ),
    "a window that is cut off": Program(
        *("GW-109", "max_pool1d", "ceil_mode=False"),
        *(
            lambda m, x: turned(m, x, lambda y: F.max_pool1d(y, 4, 4, 0, 1, True)),
            lambda m, x: turned(m, x, lambda y: F.max_pool1d(y, 4, ceil_mode=False)),
        ),
    ),
    "where a maximum is": Program(
        *("GW-108", "torch.nn.functional.max_pool1d_with_indices", "Leave return_indices=True out"),
        *(
            lambda m, x: turned(m, x, lambda y: F.max_pool1d(y, 2, return_indices=True)[0]),
            lambda m, x: turned(m, x, lambda y: F.max_pool1d(y, 2)),
        ),
    ),
    "one window at the end": Program(
        *("GW-108", "squeeze", "y[:, :, 0] for y.squeeze(2)"),
        *(
            lambda m, x: F.max_pool1d(out(m, x).transpose(1, 2), T).squeeze(2),
            lambda m, x: F.max_pool1d(out(m, x).transpose(1, 2), T)[:, :, 0],
        ),
    ),
    "windows side by side": Program(
        *("GW-108", "flatten", "y.transpose(1, 2).flatten(1)"),
        *(
            lambda m, x: m.wide(F.max_pool1d(out(m, x).transpose(1, 2), 2).flatten(1)),
            lambda m, x: m.wide(
                F.max_pool1d(out(m, x).transpose(1, 2), 2).transpose(1, 2).flatten(1)
            ),
        ),
        wide=lambda: nn.Linear(T // 2 * H, 2),
    ),
    "a change that a view sees": Program(
        *("GW-110", "Net", "o = o * a", changed_later, lambda m, x: m.fc(out(m, x)[:, -1])),
    ),
    "a change of another name": Program(
        *("GW-110", "Net", "o = o + a", changed_too, lambda m, x: m.fc(out(m, x) + (out(m, x) + x)))
    ),
    "a layer that changes": Program(
        *("GW-110", "Net", "y = torch.relu(o)", dropped, rectified),
        relu=lambda: nn.ReLU(inplace=True),
    ),
    "a count of calls": Program(
        *("GW-110", "Net", "keep no count of calls in self.calls", counted, plain),
    ),
    "a count that a layer is given": Program(
        *(
            "GW-110",
            "Net",
            ": return m.fc(out(m, x) * m.calls)) another input",
            counted_before,
            steps,
        ),
    ),
    "steps with weights": Program(
        *("GW-106", "mul", "one for each feature"),
        *(lambda m, x: m.fc((out(m, x).mT * m.weights).mT), steps),
        weights=lambda: nn.Parameter(torch.rand(T)),
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_told_what_to_write(name: str) -> None:
    PROGRAMS[name].check_told()


@pytest.mark.parametrize("name", drawn(PROGRAMS, 2, "written"))
def test_what_it_is_told_to_write_can_be_traced(name: str) -> None:
    PROGRAMS[name].check_instead()


# Data

DATA: dict[str, tuple[Any, str]] = {
    "sequences of two lengths": ((torch.zeros(B, T, I), torch.zeros(B, T - 1, I)), "one length"),
    "integers behind": (
        (torch.zeros(B, T, dtype=torch.int64), torch.zeros(B, T, dtype=torch.int64)),
        "Only the first argument may hold integers",
    ),
}


class Two(nn.Module):
    """Of two arguments."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.LSTM(I, H, batch_first=True)
        self.second = nn.LSTM(I, H, batch_first=True)

    def forward(self, x: Tensor, z: Tensor) -> Any:
        return self.second(z, self.first(x)[1])[0]


@pytest.mark.parametrize("name", DATA)
def test_data_of_two_arguments(name: str) -> None:
    data, words = DATA[name]
    with pytest.raises(GatewrightError, match="GW-604") as caught:
        gatewright.calibrate(Two().eval(), data)
    assert words in caught.value.remedy


def test_images_are_told_of_their_layer() -> None:
    """And not of the shape of the data, which that layer takes."""

    class Image(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3, padding=1)
            self.lstm = nn.LSTM(2 * I, H, batch_first=True)

        def forward(self, x: Tensor) -> Any:
            return self.lstm(self.conv(x).transpose(1, 2).flatten(2))[0]

    with pytest.raises(GatewrightError, match=r"GW-101.*conv") as caught:
        gatewright.calibrate(Image().eval(), sequences().unsqueeze(1))
    assert "nn.Conv1d" in caught.value.remedy


def test_parametrizations_are_made_permanent() -> None:
    class Normed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(I, H, batch_first=True)
            self.fc = nn.utils.parametrizations.weight_norm(nn.Linear(H, 2))

        def forward(self, x: Tensor) -> Any:
            return self.fc(self.lstm(x)[0][:, -1])

    net = Normed().eval()
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(net, sequences())
    assert (caught.value.code, caught.value.where) == ("GW-101", "fc")
    assert 'remove_parametrizations(layer, "weight")' in caught.value.remedy
    nn.utils.parametrize.remove_parametrizations(net.fc, "weight")
    gatewright.calibrate(net, sequences())


def test_a_hook_of_the_model_is_told_before_any_data_is_run() -> None:
    for register, hook in (
        ("register_forward_hook", lambda m, given, made: made + 3),
        ("register_forward_pre_hook", lambda m, given: (given[0] * 2,)),
    ):
        net = PROGRAMS["in place"].net(plain)
        handle = getattr(net, register)(hook)
        with pytest.raises(GatewrightError, match="GW-110") as caught:
            gatewright.calibrate(net, sequences())
        assert "remove the hook of model" in caught.value.remedy
        assert "prune" not in caught.value.remedy
        handle.remove()
        gatewright.calibrate(net, sequences())


def test_a_hook_that_looks_on_stays() -> None:
    net = PROGRAMS["in place"].net(plain)
    seen: list[Any] = []
    net.register_forward_hook(lambda m, given, made: seen.append(made))
    result = gatewright.calibrate(net, sequences())
    assert trace(result.model, result.example_input).graph.node and seen


def test_changes_that_nothing_reads_later_stay() -> None:
    def forward(m: Any, x: Tensor) -> Any:
        given = m.lstm(x)
        y = given[0]
        y *= 2
        steps = y.size(1)
        steps += 1
        y = m.drop(y) + x
        y += 1
        return m.fc(m.relu(y)), given[1][0][-1]

    layers = {"drop": nn.Dropout(0.5, inplace=True), "relu": nn.ReLU(inplace=True)}
    net = Net(forward, layers).eval()
    result = gatewright.calibrate(net, sequences())
    assert trace(result.model, result.example_input).graph.node


def test_a_quant_tensor_is_not_changed_in_place() -> None:
    """Sums make another one; a scale that two of them share is no tensor that is changed."""

    def forward(m: Any, x: Tensor) -> Any:
        y, z = m.quant(x), m.quant(x * 2)
        y += z
        return m.fc(y.value + z.value)

    net = Net(forward, {"quant": qnn.QuantIdentity(return_quant_tensor=True)})
    net(sequences())
    assert changed_node(net.eval(), [sequences()]) is None


def test_nothing_is_printed_of_a_model_that_fails(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(GatewrightError):
        gatewright.calibrate(PROGRAMS["all final states in a sum"].net(summed), sequences()[:T])
    assert "Traceback" not in capfd.readouterr().err
