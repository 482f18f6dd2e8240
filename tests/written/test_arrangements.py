"""Views, slices and shapes as people write them: every level computes what torch does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
from commit_choice import drawn
from level_tools import needs
from torch import Tensor, nn

import gatewright

pytestmark = pytest.mark.compiles

B, T, I, H = 3, 6, 3, 4  # noqa: E741 - the field's names
LEVELS = ("traced", "integer", "standard")


class Written(nn.Module):
    """A QuantLSTM and a QuantLinear, and a forward() that somebody wrote."""

    def __init__(self, forward: Callable[[Any, Tensor], Any], both: bool) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(I, H, batch_first=True, bidirectional=both)
        self.fc = qnn.QuantLinear(2 * H if both else H, 2, bias=True)
        self.act = qnn.QuantReLU()
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


def made(forward: Callable[[Any, Tensor], Any], both: bool = False) -> Written:
    """A calibrated one."""
    torch.manual_seed(0)
    model = Written(forward, both).train()
    for _ in range(3):
        model(torch.randn(B, T, I))
    return model.eval()


def inputs(count: int = 40, steps: int = T) -> np.ndarray:
    """Random sequences."""
    rng = np.random.default_rng(1)
    return rng.normal(0, 1.5, (count, steps, I)).astype(np.float32)


class Answer(NamedTuple):
    """What a model may return."""

    classes: Tensor
    sequence: Tensor


def checked(m: Any, x: Tensor) -> Tensor:
    """Asserts on shapes, and sizes taken apart."""
    assert x.dim() == 3 and x.shape[-1] == I, "features"
    batch, steps, _ = x.shape
    if x.size(1) < 2:
        raise ValueError("too short")
    out, _ = m.lstm(x)
    return m.fc(out.contiguous().view(batch, steps, H)[:, -1])


ONE: dict[str, Callable[[Any, Tensor], Any]] = {
    "last step kept": lambda m, x: m.fc(m.lstm(x)[0][:, -1:, :]).squeeze(1),
    "last step by its size": lambda m, x: m.fc(m.lstm(x)[0][:, x.size(1) - 1, :]),
    "last step selected": lambda m, x: m.fc(m.lstm(x)[0].select(1, -1)),
    "state viewed": lambda m, x: m.fc(m.lstm(x)[1][0].view(-1, H)),
    "state squeezed": lambda m, x: m.fc(m.lstm(x)[1][0].squeeze()),
    "rows of all steps": lambda m, x: m.fc(m.lstm(x)[0].reshape(-1, H)).view(
        x.shape[0], x.shape[1], -1
    ),
    "shapes asserted": checked,
    "input viewed": lambda m, x: m.lstm(x.view(x.shape[0], -1, I))[0],
    "zero states": lambda m, x: m.lstm(
        x, torch.zeros(1, x.size(0), H, device=x.device), torch.zeros(1, x.size(0), H)
    )[0],
    "zeros like": lambda m, x: m.lstm(x, x.new_zeros(1, x.size(0), H))[0],
    "named tuple": lambda m, x: (lambda o: Answer(m.fc(o[:, -1]), o))(m.lstm(x)[0]),
    "dict": lambda m, x: (lambda o: {"classes": m.fc(o[:, -1]), "all": o})(m.lstm(x)[0]),
    "activation between": lambda m, x: m.act(m.fc(m.lstm(x)[0][:, -1:])).squeeze(1),
}
BOTH: dict[str, Callable[[Any, Tensor, Tensor, Tensor], Any]] = {
    "ends of both directions": lambda m, o, h, x: m.fc(
        torch.cat((o[:, -1, :H], o[:, 0, H:]), dim=1)
    ),
    "states permuted": lambda m, o, h, x: m.fc(h.permute(1, 0, 2).reshape(x.shape[0], -1)),
    "states made contiguous": lambda m, o, h, x: m.fc(
        h.permute(1, 0, 2).contiguous().view(x.shape[0], -1)
    ),
    "states transposed": lambda m, o, h, x: m.fc(h.transpose(0, 1).flatten(1)),
    "states stacked": lambda m, o, h, x: m.fc(torch.stack([h[0], h[1]], 1).flatten(1)),
    "states side by side": lambda m, o, h, x: m.fc(torch.hstack((h[-2], h[-1]))),
    "states by layer": lambda m, o, h, x: m.fc(
        torch.cat(h.view(1, 2, x.size(0), H)[-1].unbind(0), 1)
    ),
    "directions swapped": lambda m, o, h, x: m.fc(torch.cat(o.chunk(2, -1)[::-1], -1)),
    "directions split": lambda m, o, h, x: o.split(H, dim=-1)[1][:, -1],
}


def of_both(forward: Callable[[Any, Tensor, Tensor, Tensor], Any]) -> Callable[[Any, Tensor], Any]:
    def call(m: Any, x: Tensor) -> Any:
        out, (h, _) = m.lstm(x)
        return forward(m, out, h, x)

    return call


ALL = {name: (call, False) for name, call in ONE.items()}
ALL |= {name: (of_both(call), True) for name, call in BOTH.items()}


def kernels(build: gatewright.Build) -> list[str]:
    """The kinds of its kernels."""
    return sorted(kernel.__struct_config__.tag for kernel in build.kernels.kernels)


@pytest.mark.parametrize("name", drawn(ALL, 4, "written"))
def test_every_level_agrees(name: str, tmp_path: Path) -> None:
    model = made(*ALL[name])
    build = gatewright.compile(model, torch.from_numpy(inputs(2)), tmp_path / "build")
    gatewright.check(build)
    x = inputs()
    report = build.verify(x, model=model, levels=LEVELS)
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["output"] > 0 for c in report.comparisons)
    with torch.no_grad():
        given = model(torch.from_numpy(x))
    wanted = list(given.values()) if isinstance(given, dict) else given
    ours = build.simulate(x, level="integer")
    pairs = zip(wanted, ours, strict=True) if isinstance(ours, tuple) else [(wanted, ours)]
    assert all(np.allclose(a.numpy(), b, atol=1e-5) for a, b in pairs)


@needs("rtl")
@pytest.mark.parametrize(
    "name", drawn(["rows of all steps", "ends of both directions"], 2, "written")
)
def test_in_hardware(name: str, tmp_path: Path) -> None:
    model = made(*ALL[name])
    build = gatewright.compile(model, torch.from_numpy(inputs(2)), tmp_path / "build")
    report = build.verify(inputs(20), model=model, levels=("integer", "csim", "rtl"))
    assert report.mismatches == 0, report.divergence


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("last step kept", lambda m, x: m.fc(m.lstm(x)[0][:, -1])),
        ("state viewed", lambda m, x: m.fc(m.lstm(x)[1][0][-1])),
        ("rows of all steps", lambda m, x: m.fc(m.lstm(x)[0])),
        ("input viewed", lambda m, x: m.lstm(x)[0]),
    ],
)
def test_a_rearrangement_costs_no_kernel(
    written: str, plain: Callable[[Any, Tensor], Any], tmp_path: Path
) -> None:
    x = torch.from_numpy(inputs(2))
    builds = [
        gatewright.compile(made(call), x, tmp_path / name)
        for name, call in (("written", ONE[written]), ("plain", plain))
    ]
    assert kernels(builds[0]) == kernels(builds[1])


class TimeMajor(nn.Module):
    """A layer without ``batch_first``, given sequences of a batch first."""

    def __init__(self, forward: Callable[[Any, Tensor], Any]) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(I, H)
        self.act = qnn.QuantReLU(bit_width=5)
        self.q = qnn.QuantIdentity(bit_width=6)
        self.fc = qnn.QuantLinear(H, 2, bias=True)
        self._forward = forward

    def forward(self, x: Tensor) -> Any:
        return self._forward(self, x)


@pytest.mark.parametrize(
    "forward",
    [
        lambda m, x: m.fc(m.lstm(x.permute(1, 0, 2))[0][-1]),
        lambda m, x: m.fc(m.lstm(x.transpose(0, 1))[0]).transpose(0, 1),
        lambda m, x: m.fc(m.lstm(x.permute(1, 0, 2))[0].permute(1, 0, 2)[:, -1]),
        lambda m, x: m.fc(m.act(m.lstm(x.permute(1, 0, 2))[0])).transpose(0, 1),
        lambda m, x: m.fc(m.lstm(m.q(x.transpose(0, 1)))[0].transpose(0, 1)),
    ],
)
def test_batches_in_front_of_a_time_major_layer(
    forward: Callable[[Any, Tensor], Any], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    model = TimeMajor(forward).train()
    model(torch.from_numpy(inputs(B)))
    x = torch.from_numpy(inputs(2))
    build = gatewright.compile(model.eval(), x, tmp_path / "build")
    for count in (40, T):  # also of as many sequences as steps
        report = build.verify(inputs(count), model=model, levels=LEVELS)
        assert report.mismatches == 0, report.divergence


def test_a_step_by_its_number_is_no_last_step(tmp_path: Path) -> None:
    x = torch.from_numpy(inputs(2))
    free = gatewright.compile(made(ONE["last step kept"]), x, tmp_path / "free")
    longer = inputs(5, T + 3)
    assert free.verify(longer, levels=LEVELS).mismatches == 0
    numbered = made(lambda m, x: m.fc(m.lstm(x)[0][:, T - 1 : T, :]).squeeze(1))
    bound = gatewright.compile(numbered, x, tmp_path / "bound")
    with pytest.raises(gatewright.GatewrightError, match="GW-601"):
        bound.simulate(longer, level="integer")
