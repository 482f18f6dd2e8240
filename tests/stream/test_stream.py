"""Streams as users meet them: one sequence, call by call."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from brevitas.nn import QuantIdentity, QuantLinear, QuantLSTM, QuantRNN
from level_tools import every_level, needs
from shared_model import Shared
from torch import nn

import gatewright
from gatewright.errors import GatewrightError
from gatewright.hls_templates.csim import Simulator
from gatewright.levels.stream import Stream

pytestmark = pytest.mark.compiles

LAYER = "lstm.layers.0.0"
LEVELS = every_level("traced", "integer", "standard", "csim", "rtl")


def refused(code: str, call: Any, *arguments: Any, **options: Any) -> GatewrightError:
    with pytest.raises(GatewrightError) as caught:
        call(*arguments, **options)
    assert caught.value.code == code, caught.value
    return caught.value


@pytest.fixture
def x(shared: Shared) -> Any:
    return shared.x[:1]


@pytest.fixture
def stream(shared: Shared) -> Iterator[Stream]:
    with shared.build.stream() as stream:
        yield stream


@pytest.mark.parametrize("level", LEVELS)
def test_floats_and_states(level: str, shared: Shared, x: Any) -> None:
    y = shared.build.simulate(x, level)
    _, states = shared.build.simulate(x, "integer", states=True)
    _, codes = shared.build.simulate(x, "integer", raw=True, states=True)
    with shared.build.stream(level) as stream:
        assert stream.states == {}
        stream(x[:, :2])
        shared.build.simulate(shared.x, level)  # which is another simulation
        assert np.array_equal(stream(x[:, 2:]), y)
        left = stream.states
        assert left.keys() == {f"{LAYER}/h", f"{LAYER}/c"}
        for name, value in left.items():
            assert value.dtype == np.float32
            assert np.array_equal(value, states[name][:, -1])
        stream.reset()
        stream(x, raw=True)
        for name, value in stream.states.items():
            assert value.dtype == np.int64
            assert np.array_equal(value, codes[name][:, -1])


def test_a_float_network_call_by_call(tmp_path: Path) -> None:
    """The state goes from call to call, where ``simulate`` begins anew each time."""

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(2, 8, batch_first=True)
            self.fc = nn.Linear(8, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(self.lstm(x)[0])

    torch.manual_seed(0)
    x = torch.randn(32, 8, 2) * 2
    build = gatewright.compile(Network().eval(), calibration=x, output_dir=tmp_path / "b")
    with build.stream() as stream:
        calls = np.concatenate([stream(x[:1, k : k + 1]) for k in range(8)], axis=1)
    assert np.array_equal(calls, build.simulate(x[:1]))
    fresh = build.simulate(x[:1].reshape(8, 1, 2)).reshape(1, 8, 1)
    assert not np.array_equal(calls, fresh)


def test_two_builds_of_one_process(shared: Shared, tmp_path: Path) -> None:
    """Of the same structure, and so of the same names in the same places of their libraries."""
    torch.manual_seed(8)
    model = QuantLSTM(shared.INPUTS, shared.HIDDEN, batch_first=True).train()
    builds = []
    for name in "ab":
        with torch.no_grad():
            for parameter in model.train().parameters():
                parameter.mul_(0.7)
            model(shared.example)
        builds.append(gatewright.compile(model.eval(), shared.example, tmp_path / name))
    wholes = [build.simulate(shared.x[:1], "integer", raw=True)[0] for build in builds]
    assert not np.array_equal(wholes[0], wholes[1])
    with builds[0].stream("csim") as one, builds[1].stream("csim") as other:
        for step in range(shared.STEPS):
            for stream, whole in zip((one, other), wholes, strict=True):
                y = stream(shared.x[:1, step : step + 1], raw=True)[0]
                assert np.array_equal(y, whole[:, step : step + 1])


@pytest.mark.parametrize("level", every_level("integer", "csim", "rtl"))
def test_thousands_of_calls(level: str, shared: Shared) -> None:
    """Neither memory nor time grows, and no step is lost."""
    count, part = 1500, 300
    rng = np.random.default_rng(5)
    x = rng.normal(0, 1, (1, count, shared.INPUTS)).astype(np.float32)
    whole = shared.build.simulate(x, "integer", raw=True, states=True)[1]
    times = np.zeros(count)
    with shared.build.stream(level) as stream:

        def call(step: int) -> None:
            began = time.process_time()
            stream(x[:, step : step + 1], raw=True)
            times[step] = time.process_time() - began

        def held() -> int:
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        for step in range(part):
            call(step)
        tracemalloc.start()
        call(part)
        before = held()
        for step in range(part + 1, 2 * part):
            call(step)
        after = held()
        tracemalloc.stop()
        for step in range(2 * part, count):
            call(step)
            if step % 100 == 99:
                for name, value in stream.states.items():
                    assert np.array_equal(value, whole[name][:, step])
    assert after - before < 25_000, "an array a call"
    assert np.median(times[-part:]) < 3 * np.median(times[:part])


def test_nothing_is_left_of_a_closed_simulator(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = []
    close = Simulator.close
    monkeypatch.setattr(Simulator, "close", lambda self: (closed.append(1), close(self)))
    with shared.build.stream("csim") as stream:
        stream(shared.x[:1])
        assert not closed
    gc.collect()
    assert closed


@pytest.mark.parametrize("level", LEVELS)
def test_several_sequences_are_no_stream(level: str, shared: Shared, x: Any) -> None:
    with shared.build.stream(level) as stream:
        assert "2 sequences" in refused("GW-601", stream, shared.x[:2]).cause
        stream(x[:, :3])
        refused("GW-601", stream, shared.x[:2])
        refused("GW-601", stream, x[:, :0])
        refused("GW-601", stream, x[..., :2])
        refused("GW-601", stream, np.full_like(x, np.nan))
        # None of them has moved the state.
        y = stream(x[:, 3:], raw=True)
        assert np.array_equal(y, shared.build.simulate(x, "integer", raw=True))


def test_after_close(stream: Stream, x: Any) -> None:
    stream(x)
    stream.close()
    stream.close()
    assert stream.closed
    for use in (lambda: stream(x), stream.reset, lambda: stream.states):
        assert "closed" in refused("GW-606", use).cause


def test_a_call_that_failed_on_its_way(
    stream: Stream, shared: Shared, x: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the state has moved is not known then."""
    stream(x[:, :2])
    with monkeypatch.context() as patch:
        patch.setattr(Simulator, "run", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            stream(x[:, 2:4])
    assert "reset()" in refused("GW-606", stream, x[:, 2:]).remedy
    stream.reset()
    assert np.array_equal(stream(x), shared.build.simulate(x))


class Given(nn.Module):
    """A layer from a given state, which an output reads as well."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = QuantRNN(3, 4, batch_first=True)
        self.codes = QuantIdentity()
        self.fc = QuantLinear(4, 2, bias=True)

    def forward(self, x: torch.Tensor, h: torch.Tensor) -> Any:
        return self.rnn(x, h)[0], self.fc(self.codes(h[0]))


@pytest.mark.parametrize("level", ["traced", "integer", "standard"])
def test_initial_states_come_with_the_first_call(level: str, tmp_path: Path) -> None:
    torch.manual_seed(4)
    model, x, h = Given().train(), torch.randn(1, 7, 3), torch.randn(1, 1, 4)
    with torch.no_grad():
        for _ in range(3):
            model(x, h)
    build = gatewright.compile(model.eval(), (x, h), tmp_path / "b")
    whole, of_state = build.simulate((x, h), "integer", raw=True)
    with build.stream(level) as stream:
        refused("GW-601", stream, x[:, :2])
        for _ in range(2):
            given = h.clone()
            pieces = [stream((x[:, :2], given), raw=True)]
            given.zero_()
            for again in ((x[:, 2:], h), [x[:, 2:], h]):
                assert "first call" in refused("GW-601", stream, again).cause
            pieces += [stream(x[:, 2:3], raw=True), stream(x[:, 3:].tolist(), raw=True)]
            assert np.array_equal(np.concatenate([y for y, _ in pieces], axis=1), whole)
            assert all(np.array_equal(y, of_state) for _, y in pieces)
            stream.reset()


@needs("rtl")
def test_an_unknown_level(shared: Shared) -> None:
    for level in ("torch", "vivado"):
        refused("GW-602", shared.build.stream, level)
