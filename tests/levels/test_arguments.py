"""Models that take several tensors and return several."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
from level_tools import every_level
from torch import Tensor, nn

import gatewright
from gatewright.errors import GatewrightError
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.levels import run as levels

pytestmark = pytest.mark.compiles

B, T, I, H = 5, 4, 3, 4  # noqa: E741
LAYERS = tuple(f"rnn.layers.{layer}.{direction}" for layer in (0, 1) for direction in (0, 1))


class Network(nn.Module):
    """Two layers in both directions from given states, and a branch that reads the input too."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = qnn.QuantLSTM(I, H, num_layers=2, bidirectional=True)
        self.skip = qnn.QuantIdentity(bit_width=5)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> Any:
        out, states = self.rnn(x, h, c)
        return out, states, self.skip(x)


class Model:
    """A calibrated network, its input and its build."""

    def __init__(self, folder: Path) -> None:
        torch.manual_seed(4)
        rng = np.random.default_rng(4)
        shapes = [(T, B, I), (4, B, H), (4, B, H)]
        self.x = tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)
        self.network = Network().train()
        with torch.no_grad():
            for _ in range(3):
                self.network(*map(torch.from_numpy, self.x))
            self.network.eval()
            out, (h, c), skip = self.network(*map(torch.from_numpy, self.x))
        self.expected = tuple(tensor.numpy() for tensor in (out, h, c, skip))
        self.build = gatewright.compile(self.network, self.x, folder / "build", max_steps=T)


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model(tmp_path_factory.mktemp("several"))


@pytest.mark.parametrize("level", every_level(*gatewright.FAST_LEVELS, "rtl"))
def test_each_level_gives_what_torch_gives(level: str, several: Model) -> None:
    results = several.build.simulate(several.x, level)
    codes = several.build.simulate(several.x, level, raw=True)
    boundaries = several.build.integer.outputs
    assert [o.name for o in boundaries] == ["y", "h_n", "c_n", "y_1"]
    assert len(results) == len(codes) == len(boundaries)
    for got, code, theirs, boundary in zip(
        results, codes, several.expected, boundaries, strict=True
    ):
        assert np.array_equal(got, theirs), boundary.name
        assert np.array_equal(code, boundary.codes(boundary.nearest(theirs))), boundary.name


@pytest.mark.parametrize("level", every_level(*gatewright.FAST_LEVELS, "rtl"))
def test_states_of_every_step(level: str, several: Model) -> None:
    _, states = several.build.simulate(several.x, level, states=True)
    assert set(states) == {f"{layer}/{state}" for layer in LAYERS for state in "hc"}
    out, h_n, c_n, _ = several.expected
    both = np.concatenate([states[f"{layer}/h"] for layer in LAYERS[2:]], axis=2)
    assert np.array_equal(both.swapaxes(0, 1), out)
    for i, layer in enumerate(LAYERS):
        end = 0 if layer.endswith("1") else -1
        assert np.array_equal(states[f"{layer}/h"][:, end], h_n[i])
        assert np.array_equal(states[f"{layer}/c"][:, end], c_n[i])


def test_all_levels_agree(several: Model) -> None:
    report = several.build.verify(several.x, model=several.network)
    assert report.mismatches == 0, report.divergence
    assert [c.level for c in report.comparisons] == list(gatewright.FAST_LEVELS)
    for comparison in report.comparisons:
        assert comparison.compared["h"] == comparison.compared["c"] == 4 * B * T * H
        # The steps, two states of four layers, and the skip.
        assert comparison.compared["output"] == B * T * 2 * H + 2 * 4 * B * H + B * T * I
    assert several.build.verify().mismatches == 0


def test_ports_are_those_of_the_integer_graph(several: Model) -> None:
    graph, ports = several.build.integer.graph, Ports.of(several.build.kernels)
    assert [end.tensor for end in ports.inputs] == graph.inputs
    assert [end.tensor for end in ports.outputs] == graph.outputs
    assert ports.max_steps == T
    for end in (*ports.inputs, *ports.outputs):
        shape = graph[end.tensor].shape
        assert (end.values_per_step, end.sequence) == (shape[-1], len(shape) == 3)
    golden = {path.stem for path in (several.build.path / "hls/golden").glob("*.dat")}
    assert golden == {port.name for port in (*ports.inputs, *ports.outputs)}
    assert {"s_axis", "m_axis"} < golden


@pytest.mark.parametrize("level", every_level("csim", "rtl"))
def test_a_longer_sequence_than_max_steps(level: str, several: Model) -> None:
    x = np.concatenate([several.x[0]] * 2)[: T + 1]
    with pytest.raises(GatewrightError, match="GW-601") as caught:
        several.build.simulate((x, *several.x[1:]), level)
    assert f"max_steps={T + 1}" in caught.value.remedy
    assert len(several.build.simulate((x, *several.x[1:]), "integer")) == 4


BAD: dict[str, Any] = {
    "one array": lambda x, h, c: x,
    "two arrays": lambda x, h, c: (x, h),
    "four arrays": lambda x, h, c: (x, h, c, c),
    "other order": lambda x, h, c: (h, x, c),
    "other batch": lambda x, h, c: (x, h[:, :-1], c),
    "too few states": lambda x, h, c: (x, h[:2], c),
    "rank": lambda x, h, c: (x, h[0], c),
    "units": lambda x, h, c: (x, h, c[..., :-1]),
    "nan": lambda x, h, c: (x, h, c * np.float32("nan")),
    "text": lambda x, h, c: (x, h.astype(str), c),
}


@pytest.mark.parametrize("name", BAD)
def test_arrays_that_do_not_fit(name: str, several: Model) -> None:
    for call in (several.build.simulate, several.build.verify, several.build.check_input):
        with pytest.raises(GatewrightError, match="GW-601") as caught:
            call(BAD[name](*several.x))
        assert caught.value.cause and "[" in caught.value.remedy


def test_chunks_join_to_the_whole(several: Model) -> None:
    integer, engine = several.build.integer, several.build.engine("integer")
    many = 2 * levels.CHUNK + 3
    x = tuple(
        np.take(array, np.arange(many) % B, axis=1) * np.float32(0.01 + i)
        for i, array in enumerate(several.x)
    )
    sizes = [part[0].shape[1] for _, part in levels.chunks(x, integer)]
    assert sizes == [levels.CHUNK, levels.CHUNK, 3]
    assert [first for first, _ in levels.chunks(x, integer, 200)] == [0, 200, 400]
    whole = engine(x)
    joined = levels.run_chunked(engine, x, integer, lambda name: name.endswith("/h"))
    assert len(joined.outputs) == len(whole.outputs)
    for a, b in zip(joined.outputs, whole.outputs, strict=True):
        assert np.array_equal(a, b)
    assert all(np.array_equal(joined.n[k], whole.n[k]) for k in integer.graph.outputs)
    assert set(joined.taps) == {f"{layer}/h" for layer in LAYERS}
    assert all(np.array_equal(joined.taps[k], whole.taps[k]) for k in joined.taps)


def test_a_bare_layer_returns_its_final_state(tmp_path: Path) -> None:
    torch.manual_seed(0)
    bare = qnn.QuantRNN(I, H, batch_first=True).train()
    for _ in range(3):
        bare(torch.randn(B, T, I))
    x = torch.randn(2, T, I)
    build = gatewright.compile(bare.eval(), x, tmp_path / "bare")
    out, h_n = build.simulate(x.numpy(), "integer")
    theirs, h = bare(x)
    assert np.array_equal(out, theirs.detach().numpy())
    assert np.array_equal(h_n, h.detach().numpy())
    assert isinstance(build.check_input(x.numpy()), tuple)
