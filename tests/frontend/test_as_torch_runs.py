"""What is compiled is what torch runs, and the module that was given stays as it was."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook
from torch.nn.utils import prune

import gatewright
from gatewright.frontend import trace
from gatewright.frontend.torch.preserve import held

INPUTS, STEPS, HIDDEN = 3, 5, 4
X = torch.from_numpy(np.random.default_rng(0).normal(0, 1.5, (6, STEPS, INPUTS)).astype(np.float32))


class Head(nn.Module):
    """An LSTM and a head in a container."""

    def __init__(self) -> None:
        super().__init__()
        self.r = qnn.QuantLSTM(INPUTS, HIDDEN, batch_first=True)
        self.tail = nn.Sequential(qnn.QuantIdentity(), qnn.QuantLinear(HIDDEN, 2, bias=True))

    def forward(self, x: Tensor) -> Any:
        return self.tail(self.r(x)[0][:, -1])

    @property
    def fc(self) -> Any:
        """The last layer."""
        return self.tail[1]


def ready(net: nn.Module, *arguments: Tensor) -> Any:
    """In eval mode, after some data."""
    net.train()
    with torch.no_grad():
        for _ in range(3):
            net(*(arguments or (X,)))
    return net.eval()


def network(seed: int = 0) -> Head:
    torch.manual_seed(seed)
    return ready(Head())


def loaded(change: Callable[[Any], Any]) -> Head:
    """Changed, trained, and its state dict loaded into a changed one that never ran."""
    torch.manual_seed(1)
    source = Head()
    change(source)
    ready(source)
    with torch.no_grad():
        for name, parameter in source.named_parameters():
            if "weight" in name and "scaling" not in name:
                parameter.mul_(1.3)  # what an optimizer's step does
    net = Head()
    change(net)
    net.load_state_dict(source.state_dict())
    return net.eval()


def doubled(_: Any, __: Any, output: Any) -> Any:
    return output * 2


def halved(_: Any, given: tuple[Any, ...]) -> Any:
    return (given[0] * 0.5, *given[1:])


def replace_forward(module: Any) -> None:
    old = module.forward
    module.forward = lambda x: old(x) * 2


STALE: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "pruned weight": (
        lambda n: prune.l1_unstructured(n.fc, "weight", 0.5),
        "tail.1",
        "prune.remove",
    ),
    "pruned bias": (lambda n: prune.l1_unstructured(n.fc, "bias", 0.5), "tail.1", "prune.remove"),
    "weight_norm": (lambda n: nn.utils.weight_norm(n.fc), "tail.1", "remove_weight_norm"),
    "spectral_norm": (lambda n: nn.utils.spectral_norm(n.fc), "tail.1", "remove_spectral_norm"),
}

CHANGED: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "hook of a layer": (
        lambda n: n.fc.register_forward_hook(doubled),
        "tail.1",
        "hook of model.tail.1",
    ),
    "pre-hook of a layer": (
        lambda n: n.r.register_forward_pre_hook(halved),
        "r",
        "hook of model.r",
    ),
    "hook inside a layer": (
        lambda n: n.r.layers[0][0].register_forward_hook(lambda m, i, o: (o[0] * 0.5, *o[1:])),
        "r",
        "hook of model.r.layers.0.0",
    ),
    "hook of the model": (lambda n: n.register_forward_hook(doubled), "Head", "hook of model,"),
    "pre-hook of the model": (
        lambda n: n.register_forward_pre_hook(halved),
        "Head",
        "hook of model,",
    ),
    "a small one": (lambda n: n.register_forward_hook(lambda m, i, o: o + 1e-5), "Head", "hook"),
    "another shape": (lambda n: n.register_forward_hook(lambda m, i, o: o[:, :1]), "Head", "hook"),
    "forward of a layer": (lambda n: replace_forward(n.fc), "tail.1", "model.tail.1.forward"),
    "forward of the model": (replace_forward, "Head", "model.forward"),
    "failing hook": (lambda n: n.register_forward_hook(lambda m, i, o: o.nonsense), "Head", "hook"),
}


def refused(model: Any, folder: Path, example: Any = X) -> gatewright.GatewrightError:
    with pytest.raises(gatewright.GatewrightError) as caught:
        gatewright.compile(model, example, folder / "build")
    assert caught.value.code == "GW-110"
    assert not (folder / "build").exists()
    return caught.value


@pytest.mark.parametrize("name", STALE)
def test_a_stale_parameter_is_refused(name: str, tmp_path: Path) -> None:
    change, where, remedy = STALE[name]
    net = loaded(change)
    before = dict(vars(net.fc))
    error = refused(net, tmp_path)
    assert error.where == where and remedy in error.remedy
    assert dict(vars(net.fc)) == before


@pytest.mark.parametrize("name", CHANGED)
def test_what_torch_runs_beside_the_layers_is_refused(name: str, tmp_path: Path) -> None:
    change, where, remedy = CHANGED[name]
    net = network()
    change(net)
    error = refused(net, tmp_path)
    assert error.where == where and remedy in error.remedy


def test_a_hook_on_all_modules_is_refused(tmp_path: Path) -> None:
    net = network()
    handle = register_module_forward_hook(
        lambda m, i, o: o * 2 if isinstance(m, qnn.QuantLinear) else None
    )
    try:
        error = refused(net, tmp_path)
    finally:
        handle.remove()
    assert error.where == "tail.1" and "hook of all modules" in error.remedy


def test_autocast_is_refused(tmp_path: Path) -> None:
    net = network()
    with torch.autocast("cpu", torch.bfloat16):
        error = refused(net, tmp_path)
    assert "leave torch.autocast" in error.remedy


def test_a_call_that_is_overridden_is_refused(tmp_path: Path) -> None:
    class Doubled(Head):
        def __call__(self, x: Tensor) -> Any:
            return super().__call__(x) * 2

    assert refused(ready(Doubled()), tmp_path).where == "Doubled"


def test_the_hook_of_a_container_is_traced_with_it(tmp_path: Path) -> None:
    net = network()
    net.tail.register_forward_hook(lambda _, given, output: output**3)
    with pytest.raises(gatewright.GatewrightError, match=r"GW-108.*pow: .*output"):
        gatewright.compile(net, X, tmp_path / "build")


def test_an_example_without_values_of_its_own_shows_it_too(tmp_path: Path) -> None:
    net = network()
    net.register_forward_pre_hook(halved)
    assert refused(net, tmp_path, torch.zeros_like(X)).where == "Head"


def fresh(change: Callable[[Any], Any]) -> Callable[[], Head]:
    def make() -> Head:
        net = network()
        change(net)
        with torch.no_grad():
            net(X)
        return net

    return make


def parametrized(net: Head) -> None:
    nn.utils.parametrizations.weight_norm(net.fc)
    net.eval()


def prune_gates(net: Head) -> None:
    for module in net.modules():
        if type(module).__name__ == "GateWeight":
            prune.random_unstructured(module, "weight", 0.5)


RIGHT: dict[str, Callable[[], Head]] = {
    "parametrization": lambda: loaded(parametrized),
    "pruned gates": lambda: loaded(prune_gates),
    "pruned, and run since": fresh(lambda n: prune.l1_unstructured(n.fc, "weight", 0.5)),
    "watching hook": fresh(lambda n: n.fc.register_forward_hook(lambda m, i, o: None)),
    "backward hook": fresh(lambda n: n.register_full_backward_hook(lambda m, i, o: None)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_compiles(name: str, tmp_path: Path) -> None:
    net = RIGHT[name]()
    build = gatewright.compile(net, X, tmp_path / "build")
    with torch.no_grad():
        assert np.allclose(net(X).numpy(), build.simulate(X.numpy(), level="integer"), atol=1e-5)


class Several(nn.Module):
    """States in and out, a layer called twice, another output."""

    def __init__(self) -> None:
        super().__init__()
        self.r = qnn.QuantLSTM(INPUTS, HIDDEN, batch_first=True)
        self.act = qnn.QuantIdentity()
        self.fc = qnn.QuantLinear(HIDDEN, HIDDEN, bias=True)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> Any:
        out, states = self.r(x, h, c)
        y = self.act(self.fc(self.act(out[:, -1])))
        return y, states


def test_states_shared_modules_and_several_outputs(tmp_path: Path) -> None:
    states = torch.randn(2, 1, len(X), HIDDEN, generator=torch.Generator().manual_seed(0))
    net = ready(Several(), X, *states)
    gatewright.compile(net, (X, *states), tmp_path / "build")
    net.r.register_forward_hook(lambda m, i, o: (o[0], (o[1][0] * 0.5, o[1][1])))
    error = refused(net, tmp_path / "again", (X, *states))
    assert error.where == "r"


@pytest.mark.parametrize("hole", [float("nan"), float("inf")])
def test_an_example_may_hold_anything(hole: float, tmp_path: Path) -> None:
    x = X.clone()
    x[1, 2] = hole
    gatewright.compile(network(), x, tmp_path / "build")


def everything(net: nn.Module) -> dict[str, Any]:
    """All that a module holds, by name: tensors by value, the rest by identity."""
    values = {
        name: value.detach().clone() if isinstance(value, Tensor) else id(value)
        for name, value in held(net)
    }
    modes = {f"training {name}": module.training for name, module in net.named_modules()}
    return values | modes | {name: t.detach().clone() for name, t in net.state_dict().items()}


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return list(a) == list(b) and all(
        torch.equal(a[k], b[k]) if isinstance(a[k], Tensor) else a[k] == b[k] for k in a
    )


class Untidy(Head):
    """Its forward() leaves things everywhere, and never reads them again."""

    def __init__(self) -> None:
        super().__init__()
        self.last: Any = None
        self.log: list[Any] = []
        self.by_name = {"calls": 0}
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, x: Tensor) -> Any:
        y = super().forward(x)
        self.last = y
        self.log.append(y)
        self.by_name["calls"] += 1
        if isinstance(y, Tensor):
            self.seen += 1
            random.random()
            torch.rand(1)
        return y


def randomness() -> tuple[Any, ...]:
    state = np.random.get_state()
    return random.getstate(), torch.get_rng_state().tolist(), state[1].tolist(), state[2]


@pytest.mark.parametrize("outcome", ["compiled", "refused", "failing"])
def test_the_module_is_as_before(outcome: str, tmp_path: Path) -> None:
    net = ready(Untidy())
    if outcome == "refused":
        prune.l1_unstructured(net.fc, "weight", 0.5)
        with torch.no_grad():
            net.fc.weight_mask.fill_(0)
    if outcome == "failing":
        net.register_forward_hook(lambda m, i, o: o.nonsense)
    before, drawn = everything(net), randomness()
    if outcome == "compiled":
        gatewright.compile(net, X, tmp_path / "build")
    else:
        refused(net, tmp_path)
    assert same(everything(net), before)
    assert randomness() == drawn


def test_everything_notices(tmp_path: Path) -> None:
    """The comparison of the test above can fail."""
    net = ready(Untidy())
    before = everything(net)
    with torch.no_grad():
        net(X)
    assert not same(everything(net), before)


def test_two_forward_passes_and_no_more(tmp_path: Path) -> None:
    """Of the example, and of sequences a step longer."""
    net, lengths = network(), []
    net.r.register_forward_hook(lambda m, i, o: lengths.append(i[0].shape[1]))
    gatewright.compile(net, X, tmp_path / "build")
    assert lengths == [X.shape[1], X.shape[1] + 1]


class Stateful(nn.Module):
    """Keeps its state in an attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.r = qnn.QuantLSTM(INPUTS, HIDDEN, batch_first=True)
        self.h: Any = None

    def forward(self, x: Tensor) -> Any:
        out, (h, c) = self.r(x) if self.h is None else self.r(x, *self.h)
        self.h = (h.detach(), c.detach())
        return out


@pytest.mark.parametrize("warm", [False, True])
def test_a_state_in_an_attribute_is_refused(warm: bool, tmp_path: Path) -> None:
    net = ready(Stateful())
    if not warm:
        net.h = None
    before = copy.copy(net.h)
    for call in (
        lambda: gatewright.compile(net, X, tmp_path / "build"),
        lambda: gatewright.calibrate(net, X),
    ):
        with pytest.raises(gatewright.GatewrightError, match=r"GW-108.*self\.h:.*argument"):
            call()
        assert net.h is before or net.h == before
    with torch.no_grad():
        assert isinstance(net(X), Tensor)


def test_a_trace_that_fails_leaves_no_proxy(tmp_path: Path) -> None:
    class Branching(Stateful):
        def forward(self, x: Tensor) -> Any:
            out = self.r(x)[0]
            self.h = out
            return out if out.sum() > 0 else -out

    net = ready(Branching())
    net.h = None
    with pytest.raises(gatewright.GatewrightError, match="GW-108"):
        trace(net, X)
    assert net.h is None


class Returns(Head):
    def forward(self, x: Tensor) -> Any:
        return {"name": "digits", "logits": super().forward(x)}


class Packs(Head):
    def forward(self, x: Tensor) -> Any:
        lengths = torch.full((len(X),), STEPS)
        return self.r(nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True))


def scripted_inside() -> nn.Module:
    net = network()
    net.tail = torch.jit.script(nn.ReLU())
    return net.eval()


PACKED = nn.utils.rnn.pack_sequence([X[0], X[1, :3]])
RAGGED = [X[0], X[1, :3]]

WRONG: dict[str, tuple[Callable[[], Any], Any, str]] = {
    "scripted": (lambda: torch.jit.script(nn.ReLU()), X, "torch.jit.script"),
    "scripted inside": (scripted_inside, X, "torch.jit.script"),
    "compiled": (lambda: torch.compile(nn.ReLU()), X, "_orig_mod"),
    "parallel": (lambda: nn.DataParallel(nn.ReLU()), X, r"\.module"),
    "dict": (lambda: ready(Returns()), X, "tuple of tensors"),
    "packs": (lambda: Packs().eval(), X, "one length"),
    "packed": (network, PACKED, "one length"),
    "ragged": (network, RAGGED, "one length"),
    "ragged tuple": (network, tuple(RAGGED), "one length"),
    "nested": (network, torch.nested.nested_tensor(RAGGED), "one length"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_taken_is_told_what_to_pass(name: str, tmp_path: Path) -> None:
    make, data, remedy = WRONG[name]
    model = make()
    for call in (
        lambda: gatewright.compile(model, data, tmp_path / "build"),
        lambda: gatewright.calibrate(model, data),
    ):
        with pytest.raises(gatewright.GatewrightError, match=remedy):
            call()
