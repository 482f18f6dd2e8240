"""``--stream``, and what ``keep_state`` gets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from brevitas.nn import QuantRNN
from click.testing import CliRunner, Result
from shared_model import Shared

import gatewright
from gatewright.cli.commands import main
from gatewright.errors import GatewrightError


def call(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def code(done: Result) -> str:
    assert done.exit_code == 2, done.output
    return str(json.loads(done.stdout)["error"]["code"])


@pytest.fixture
def file(shared: Shared, tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", shared.x[:1])
    return tmp_path / "x.npy"


@pytest.mark.compiles
@pytest.mark.parametrize("level", ["traced", "integer", "standard", "csim"])
@pytest.mark.parametrize("steps", [1, 4, 99])
def test_an_answer_for_each_call(steps: int, level: str, shared: Shared, file: Path) -> None:
    out = file.with_name("y.npz")
    options = ["--level", level, "--stream", steps, "--raw", "--states", "-o", out]
    done = call("simulate", shared.build.path, file, *options)
    assert done.exit_code == 0, done.output
    ends = [min(end, shared.STEPS) for end in range(steps, shared.STEPS + steps, steps)]
    wholes = [shared.build.simulate(shared.x[:1, :end], "integer", raw=True) for end in ends]
    _, states = shared.build.simulate(shared.x[:1], "integer", raw=True, states=True)
    got = dict(np.load(out))
    assert np.array_equal(got.pop("y"), np.concatenate(wholes))
    assert got.keys() == states.keys()
    for name, value in got.items():
        assert np.array_equal(value, states[name][:, [end - 1 for end in ends]])


@pytest.mark.parametrize("batch_first", [True, False])
def test_steps_are_joined_along_time(batch_first: bool, tmp_path: Path) -> None:
    """The output of every step, and the final state of each call; from a given state."""
    torch.manual_seed(2)
    model = QuantRNN(3, 4, batch_first=batch_first).train()
    rng = np.random.default_rng(2)
    shape = (1, 7, 3) if batch_first else (7, 1, 3)
    x, h = (rng.normal(0, 1, s).astype(np.float32) for s in (shape, (1, 1, 4)))
    with torch.no_grad():
        for _ in range(3):
            model(torch.from_numpy(x), torch.from_numpy(h))
    example = (torch.from_numpy(x), torch.from_numpy(h))
    build = gatewright.compile(model.eval(), example, tmp_path / "b")
    names = [argument.name for argument in build.integer.arguments]
    np.savez(tmp_path / "x.npz", **dict(zip(names, (x, h), strict=True)))
    out = tmp_path / "y.npz"
    integer = ["--level", "integer", "-o", out]
    done = call("simulate", build.path, tmp_path / "x.npz", "--stream", 3, "--raw", *integer)
    assert done.exit_code == 0, done.output
    y, final = (np.load(out)[output.name] for output in build.integer.outputs)
    whole, _ = build.simulate((x, h), "integer", raw=True)
    assert np.array_equal(y, whole)
    steps = whole.reshape(7, 4)
    assert np.array_equal(final, steps[[2, 5, 6]][None])


@pytest.mark.compiles
def test_what_cannot_be_streamed(shared: Shared, file: Path) -> None:
    run = ["simulate", shared.build.path, file, "--json", "--stream"]
    for bad in (0, -1):
        assert code(call(*run, bad)) == "GW-405"
    rtl = ["--level", "rtl"]
    for option in (["--stats"], ["--trace", file.with_name("x.vcd")]):
        assert code(call(*run, 2, *rtl, *option)) == "GW-606"
    np.save(file, shared.x[:2])
    assert code(call(*run, 2)) == "GW-601"
    assert {path.name for path in file.parent.iterdir()} == {"x.npy"}


def test_keep_state_is_gone(shared: Shared, file: Path) -> None:
    """Whatever it is set to: who passes it believes that something is kept."""
    build: Any = shared.build
    for method, argument in (("simulate", "x"), ("run", "x"), ("rtl_engine", "level")):
        for value in (True, False):
            with pytest.raises(GatewrightError, match=r"build\.stream\(level\)") as caught:
                getattr(build, method)(**{argument: shared.x[:1]}, keep_state=value)
            assert (caught.value.code, caught.value.where) == ("GW-606", method)
    for command in ("simulate", "run"):
        assert code(call(command, build.path, file, "--keep-state", "--json")) == "GW-606"
        assert "keep" not in call(command, "--help").output
        assert "--stream N" in call(command, "--help").output
    with pytest.raises(TypeError):
        build.simulate(shared.x, keep_stat=True)
