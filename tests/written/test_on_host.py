"""A softmax or sigmoid at the end: kernels give what it is given, the host applies it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from click.testing import CliRunner
from commit_choice import drawn
from torch import Tensor, nn

import gatewright
from gatewright.cli import main
from gatewright.errors import GatewrightError
from gatewright.frontend import load, trace
from gatewright.ir.host import on_host

pytestmark = pytest.mark.compiles

B, T, I, H, N = 40, 6, 4, 5, 3  # noqa: E741 - the field's names


class Written(nn.Module):
    """An LSTM, a linear layer, and an end."""

    def __init__(self, end: Callable[[Tensor], Any], features: int = N) -> None:
        super().__init__()
        self.lstm = nn.LSTM(I, H, batch_first=True)
        self.fc = nn.Linear(H, features)
        self.end = end

    def forward(self, x: Tensor) -> Any:
        return self.end(self.fc(self.lstm(x)[0][:, -1]))


ENDS: dict[str, Callable[[Tensor], Any]] = {
    "softmax": lambda y: torch.softmax(y, dim=-1),
    "F.softmax": lambda y: F.softmax(y, 1),
    ".log_softmax()": lambda y: y.log_softmax(-1),
    "sigmoid": torch.sigmoid,
    "nn.Softmax": nn.Softmax(dim=1),
    "nn.LogSoftmax": nn.LogSoftmax(dim=-1),
    "squeezed": lambda y: y.squeeze(-1),
    "squeezed sigmoid": lambda y: torch.sigmoid(y.squeeze(1)),
    "scores beside": lambda y: (y, torch.softmax(y, dim=-1)),
}


def data(seed: int = 0) -> Tensor:
    """Random sequences."""
    x = np.random.default_rng(seed).normal(0, 1.5, (B, T, I))
    return torch.from_numpy(x.astype(np.float32))


@pytest.mark.parametrize("name", drawn(ENDS, 3, "written"))
def test_the_host_ends_what_kernels_begin(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Written(ENDS[name], 1 if name.startswith("squeezed") else N).eval()
    result = gatewright.calibrate(model, data())
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    gatewright.check(build)
    x = data(1)
    report = build.verify(x.numpy(), model=result.model, levels=("traced", "integer", "csim"))
    assert report.mismatches == 0, report.divergence
    assert all(c.compared["output"] for c in report.comparisons)
    with torch.no_grad():
        given = result.model(x)
    ours = build.simulate(x.numpy())
    pairs = zip(given, ours, strict=True) if isinstance(given, tuple) else [(given, ours)]
    for wanted, y in pairs:
        assert y.dtype == np.float32
        assert np.allclose(wanted.numpy(), y, atol=2e-6)
    codes = build.simulate(x.numpy(), raw=True)
    first = codes if isinstance(codes, np.ndarray) else codes[-1]
    assert first.dtype == np.int64 and len(np.unique(first)) > N


def test_the_command_line_says_so(tmp_path: Path) -> None:
    torch.manual_seed(0)
    result = gatewright.calibrate(Written(ENDS["softmax"]).eval(), data())
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    np.save(tmp_path / "x.npy", data(1).numpy()[:2])
    command = ["simulate", str(build.path), str(tmp_path / "x.npy"), "--level", "integer"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    assert "softmax is applied on the host, in float" in done.stdout
    assert "on the host" not in CliRunner().invoke(main, [*command, "--raw"]).stdout


def test_a_file_keeps_it() -> None:
    torch.manual_seed(0)
    result = gatewright.calibrate(Written(ENDS["softmax"]).eval(), data())
    traced = trace(result.model, result.example_input)
    assert on_host(traced, 1) == on_host(load(traced), 1) == ["softmax"]
    traced.metadata_props[0].value = '["rm"]'
    with pytest.raises(GatewrightError, match="GW-207"):
        load(traced)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (lambda y: torch.softmax(y, 0), "dim=-1"),
        (lambda y: torch.softmax(y, -1).argmax(-1), "argmax of both is the same"),
    ],
)
def test_where_it_is_no_end(end: Callable[[Tensor], Any], words: str) -> None:
    torch.manual_seed(0)
    result = gatewright.calibrate(Written(lambda y: y).eval(), data())
    result.model.end = end
    with pytest.raises(GatewrightError, match="GW-108") as caught:
        trace(result.model, result.example_input)
    assert words in caught.value.remedy
