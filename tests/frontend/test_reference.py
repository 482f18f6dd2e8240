"""The torch side of verification."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from frontend_models import (
    LSTMS,
    B,
    Fn,
    H,
    I,
    N,
    Net,
    SequenceNet,
    T,
    TimeMajorNet,
    arrays,
    calibrate,
    example,
    lstm,
)

from gatewright.frontend import TorchReference, trace

TAPS = {"x", "h", "c", "hidden_tanh", "forget_cell", "input_cell"} | {
    f"{gate}_{kind}" for gate in ("input", "forget", "cell", "output") for kind in ("acc", "gate")
}


def hooks(model: torch.nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


@pytest.mark.parametrize("name", LSTMS)
def test_taps_agree_with_the_output(name: str) -> None:
    model = lstm((T, B, I), **LSTMS[name])
    batch_first = model.layers[0][0].cell.batch_first
    shape = (B, T, I) if batch_first else (T, B, I)
    x = example(shape)
    result = TorchReference(model).run(x.numpy())
    assert {k.removeprefix("layers.0.0/") for k in result.taps} == TAPS
    for key, n in result.taps.items():
        assert n.dtype == np.int64
        assert n.shape == (B, T, I if key.endswith("/x") else H)
    out, h_n, c_n = result.outputs
    y = out if batch_first else out.swapaxes(0, 1)
    constants = arrays(trace(model, x))
    for state, steps, final in (("output", "h", h_n), ("cell_state", "c", c_n)):
        floats = result.taps[f"layers.0.0/{steps}"] * constants[f"layers.0.0.{state}_scale"]
        np.testing.assert_array_equal(floats[:, -1:].astype(np.float32).swapaxes(0, 1), final)
        if state == "output":
            np.testing.assert_array_equal(floats.astype(np.float32), y)
    with torch.no_grad():
        theirs, (h, c) = model(x)
    for a, b in zip((theirs, h, c), result.outputs, strict=True):
        np.testing.assert_array_equal(a.numpy(), b)


@pytest.mark.parametrize("name", ["default", "shared", "zero_points", "bits"])
def test_taps_are_the_steps_of_the_cell(name: str) -> None:
    """c is the requantized sum of the two products, taken apart by their order alone."""
    model = lstm((T, B, I), **LSTMS[name])
    x = example((T, B, I))
    result = TorchReference(model).run(x.numpy())
    tap = {k.removeprefix("layers.0.0/"): n for k, n in result.taps.items()}
    cell = model.layers[0][0].cell
    lo, hi = -(2 ** (int(cell.cell_state_quant.bit_width()) - 1)), None
    assert lo <= tap["c"].min()
    np.testing.assert_array_equal(
        tap["c"], np.clip(tap["forget_cell"] + tap["input_cell"], lo, -lo - 1 if hi is None else hi)
    )
    assert not tap["forget_cell"][:, 0].any()  # the initial state is zero
    scales = {q: float(getattr(cell, f"{q}_quant").scale()) for q in ("output_sigmoid", "output")}
    tanh = float(cell.hidden_state_tanh_quant.scale())
    h = tap["output_gate"] * tap["hidden_tanh"] * scales["output_sigmoid"] * tanh
    assert np.abs(h / scales["output"] - tap["h"]).max() <= 0.5 + 1e-3


def test_taps_of_a_network() -> None:
    result = TorchReference(calibrate(Net())).run(example().numpy())
    assert result.taps["inp/out"].shape == (B, T, I)
    assert result.taps["act/out"].shape == (B, 5)
    (y,) = result.outputs
    assert result.taps["head/out"].shape == y.shape == (B, N)
    assert result.taps["lstm.layers.0.0/h"].shape == (B, T, H)
    assert "fc/out" not in result.taps


@pytest.mark.parametrize(
    ("model", "shape"),
    [(Net, (6, T, I)), (SequenceNet, (6, T, I)), (TimeMajorNet, (T, 6, I))],
)
def test_parts_of_a_batch_join_to_the_whole(model: Any, shape: Any) -> None:
    module = calibrate(model(), shape)
    x, axis = example(shape).numpy(), shape.index(6)
    reference = TorchReference(module)
    whole = reference.run(x)
    parts = [reference.run(part) for part in np.split(x, [1, 4], axis)]
    assert all(set(whole.taps) == set(part.taps) for part in parts)
    for key, n in whole.taps.items():
        # Taps of recurrent layers are [B, T, H] in either layout.
        batch = axis if key.endswith("/out") and n.ndim == 3 else 0
        joined = np.concatenate([part.taps[key] for part in parts], batch)
        np.testing.assert_array_equal(n, joined, err_msg=key)
    (y,) = whole.outputs
    np.testing.assert_array_equal(y, np.concatenate([part.outputs[0] for part in parts]))


def test_a_module_called_twice_has_two_sets_of_taps() -> None:
    model = calibrate(Fn(lambda m, x: m.lstm(torch.cat([x[..., 1:], m.lstm(x)[0][..., :1]], 2))))
    result = TorchReference(model).run(example().numpy())
    assert {"lstm.layers.0.0/h", "lstm.layers.0.0_1/h"} <= set(result.taps)


def test_everything_is_restored() -> None:
    model = calibrate(Net())
    layer = model.lstm.layers[0][0]
    layer._fast_cell = None
    fresh = Net()
    fresh.load_state_dict(model.state_dict())
    layer = fresh.eval().lstm.layers[0][0]
    layer.fast_mode = False
    TorchReference(fresh).run(example().numpy())
    assert (layer.fast_mode, layer._fast_cell, hooks(fresh)) == (False, None, 0)
    fresh.load_state_dict(model.state_dict())  # would miss keys if the fast cell had stayed


def test_everything_is_restored_after_an_exception() -> None:
    model = calibrate(Net())
    layer = model.lstm.layers[0][0]
    fast_cell = layer._fast_cell

    def fail(*_: Any) -> None:
        raise KeyError("hook")

    handle = model.act.act_quant.register_forward_hook(fail)
    with pytest.raises(KeyError):
        TorchReference(model).run(example().numpy())
    handle.remove()
    assert layer.fast_mode
    assert layer._fast_cell is fast_cell
    assert hooks(model) == 0


def test_the_two_cells_of_torch_are_compared() -> None:
    model = lstm()
    layer = model.layers[0][0]
    scaling = layer.fast_cell.cell_acc_quant.tensor_quant.scaling_impl
    assert scaling is not None
    layer._fast_cell.cell_tanh_quant = layer._fast_cell.cell_acc_quant
    with pytest.raises(RuntimeError, match="fast_mode"):
        TorchReference(model).run(example().numpy())


def test_taps_carry_the_names_of_the_nodes() -> None:
    model = calibrate(Net())
    nodes = {n.name for n in trace(model, example()).graph.node}
    taps = {k.rsplit("/", 1)[0] for k in TorchReference(model).run(example().numpy()).taps}
    assert taps - {"head"} <= nodes
