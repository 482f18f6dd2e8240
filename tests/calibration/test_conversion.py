"""What is calibrated is what torch runs: a model against its copy with Brevitas' layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("brevitas")

import torch
from torch import Tensor, nn
from torch.nn.utils import prune

import gatewright
from gatewright.errors import GatewrightError
from gatewright.frontend.calibration import conversion
from gatewright.frontend.calibration.floats import with_brevitas_layers

X = torch.randn(12, 6, 3, generator=torch.Generator().manual_seed(0))


class Float(nn.Module):
    """Plain torch layers, one of them called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.r = nn.LSTM(3, 4, batch_first=True, bidirectional=True)
        self.square = nn.Linear(8, 8)
        self.act = nn.ReLU()
        self.fc = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Any:
        y = self.r(x)[0][:, -1]
        return self.fc(self.act(self.square(self.act(self.square(y)))))


def network(kind: type[nn.Module] = Float) -> Any:
    torch.manual_seed(0)
    return kind().eval()


def replace_forward(module: Any) -> None:
    old = module.forward
    module.forward = lambda x: old(x) * 1.001


CHANGED: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "hook": (lambda n: n.fc.register_forward_hook(lambda m, i, o: o * 1.001), "fc", "model.fc"),
    "pre-hook": (
        lambda n: n.r.register_forward_pre_hook(lambda m, i: (i[0] * 1.01,)),
        "r",
        "hook of model.r",
    ),
    "states": (
        lambda n: n.r.register_forward_hook(lambda m, i, o: (o[0], (o[1][0] * 2, o[1][1]))),
        "r",
        "hook of model.r",
    ),
    "called twice": (
        lambda n: n.square.register_forward_hook(lambda m, i, o: o + 0.01),
        "square",
        "hook of model.square",
    ),
    "forward": (lambda n: replace_forward(n.fc), "fc", "model.fc.forward"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_the_copy_has_not_is_refused(name: str) -> None:
    change, where, remedy = CHANGED[name]
    net = network()
    change(net)
    with pytest.raises(GatewrightError) as caught:
        gatewright.calibrate(net, X)
    assert (caught.value.code, caught.value.where) == ("GW-110", where)
    assert remedy in caught.value.remedy


def test_a_model_that_asks_for_its_layers_class_is_refused() -> None:
    class Asks(Float):
        def forward(self, x: Tensor) -> Any:
            y = super().forward(x)
            return y if isinstance(self.fc, nn.Linear) and type(self.r) is nn.LSTM else -y

    with pytest.raises(GatewrightError, match=r"GW-110.*Asks.*another output"):
        gatewright.calibrate(network(Asks), X)


@pytest.mark.parametrize("layer", ["fc", "r"])
def test_a_pruned_layer_with_a_gradient_names_the_remedy(layer: str) -> None:
    net, name = network(), "weight" if layer == "fc" else "weight_ih_l0"
    prune.l1_unstructured(getattr(net, layer), name, 0.5)
    with pytest.raises(GatewrightError, match=rf"GW-603.*prune\.remove\(model\.{layer}"):
        gatewright.calibrate(net, X)
    prune.remove(getattr(net, layer), name)
    gatewright.calibrate(net, X)


@pytest.mark.parametrize("name", ["weight_ih_l0", "weight_hh_l0_reverse"])
def test_a_computed_parameter_is_taken_as_torch_has_it(name: str) -> None:
    plain, changed = network(), network()
    with torch.no_grad():
        prune.l1_unstructured(changed.r, name, 0.5)
        changed(X)
        getattr(plain.r, name).copy_(getattr(changed.r, name))
    a, b = (gatewright.calibrate(net, X) for net in (plain, changed))
    assert str(a) == str(b)


def test_what_compile_is_given_is_checked_too(tmp_path: Path) -> None:
    net = network()
    net.register_forward_hook(lambda m, i, o: o * 2)
    with pytest.raises(GatewrightError, match=r"GW-110.*Float"):
        gatewright.compile(net, calibration=X, output_dir=tmp_path / "build")
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize("gain", [0.01, 1.0, 100.0])
def test_rounding_is_no_difference(gain: float) -> None:
    """Also where a state amplifies it from step to step."""
    torch.manual_seed(0)
    net = nn.RNN(3, 16, batch_first=True).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(gain)
    x = torch.randn(8, 60, 3)
    conversion.check_conversion(net, with_brevitas_layers(network_copy(net)), (x,))


def network_copy(net: nn.RNN) -> nn.Module:
    copy = nn.RNN(3, 16, batch_first=True).eval()
    copy.load_state_dict(net.state_dict())
    return copy


def test_a_verification_without_its_calibration(tmp_path: Path) -> None:
    net = network()
    result = gatewright.calibrate(net, X)
    build = gatewright.compile(result, output_dir=tmp_path / "build")
    assert build.calibrated
    levels = ("traced", "integer")
    assert build.verify(X.numpy(), model=result.model, levels=levels).mismatches == 0
    with pytest.raises(GatewrightError, match=r"GW-605.*calibrated.*--calibrate"):
        build.verify(X.numpy(), model=net, levels=levels)
    net.fc, result.model.fc = result.model.fc, with_brevitas_layers(nn.Sequential(net.fc))[0]
    with pytest.raises(GatewrightError, match=r"GW-605.*fc.*--calibrate"):
        build.verify(X.numpy(), model=result.model.eval(), levels=levels)
    again = gatewright.compile(build.path / "1_traced.onnx", output_dir=tmp_path / "again")
    assert not again.calibrated
    with pytest.raises(GatewrightError, match=r"GW-605.*the model that was compiled"):
        again.verify(X.numpy(), model=net, levels=levels)
