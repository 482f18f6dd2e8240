"""What forward() keeps in globals and in its class: a state is refused, and all is as before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import brevitas.nn as qnn
import pytest
import torch
from torch import Tensor, nn

import gatewright

X = torch.randn(6, 5, 3, generator=torch.Generator().manual_seed(0))

KEPT: dict[str, Any] = {}
LOG: list[Any] = []
LAST: Any = None


def keep(states: Any) -> None:
    global LAST
    LAST = states


class InGlobals(nn.Module):
    """What it keeps is in globals, also by a function."""

    def __init__(self) -> None:
        super().__init__()
        self.r = qnn.QuantLSTM(3, 4, batch_first=True)

    @staticmethod
    def kept() -> Any:
        return LAST, KEPT, LOG

    def states(self) -> Any:
        return KEPT.get("h")

    def forward(self, x: Tensor) -> Any:
        states = self.states()
        y, (h, c) = self.r(x) if states is None else self.r(x, *states)
        self.keep(y, (h, c))
        return y

    def keep(self, y: Tensor, states: Any) -> None:
        LOG.append(y)
        KEPT["h"] = states
        keep(y)


class InFunction(InGlobals):
    """The other of the two is a state."""

    def states(self) -> Any:
        return LAST

    def keep(self, y: Tensor, states: Any) -> None:
        KEPT["y"] = y
        keep(states)


class InClass(InGlobals):
    """What it keeps is in its class, some of it new there."""

    new: Any
    h: Any = None
    log: ClassVar[list[Any]] = []

    @classmethod
    def kept(cls) -> Any:
        return dict(vars(cls)), cls.h, cls.log

    def states(self) -> Any:
        return self.h

    def keep(self, y: Tensor, states: Any) -> None:
        InClass.h = states
        type(self).new = y
        self.log.append(y)


OUTSIDE = {"global KEPT": InGlobals, "global LAST": InFunction, "InClass.h": InClass}


@pytest.fixture(params=OUTSIDE)
def outside(request: pytest.FixtureRequest) -> Iterator[tuple[str, type[InGlobals]]]:
    yield request.param, OUTSIDE[request.param]
    forget()


def forget() -> None:
    KEPT.clear()
    LOG.clear()
    InClass.log.clear()
    keep(None)
    InClass.h = None
    if "new" in vars(InClass):
        del InClass.new


def ready(kind: type[InGlobals]) -> InGlobals:
    """In eval mode, after some data."""
    torch.manual_seed(0)
    net = kind().train()
    with torch.no_grad():
        for _ in range(3):
            net(X)
    return net.eval()


@pytest.mark.parametrize("warm", [False, True])
def test_a_state_outside_of_the_module_is_refused(
    outside: tuple[str, type[InGlobals]], warm: bool, tmp_path: Path
) -> None:
    where, kind = outside
    net = ready(kind)
    if not warm:
        forget()
    before = repr(net.kept())
    for call in (
        lambda: gatewright.compile(net, X, tmp_path / "build"),
        lambda: gatewright.calibrate(net, X),
    ):
        with pytest.raises(gatewright.GatewrightError, match=rf"GW-108.*{where}:.*argument"):
            call()
        assert repr(net.kept()) == before
    with torch.no_grad():
        assert isinstance(net(X), Tensor)


def test_what_is_only_written_outside_of_the_module_is_as_before(
    outside: tuple[str, type[InGlobals]], tmp_path: Path
) -> None:
    _, kind = outside
    net = ready(type("Writes", (kind,), {"states": lambda self: None}))
    forget()
    before = repr(net.kept())
    gatewright.compile(net, X, tmp_path / "build")
    assert repr(net.kept()) == before
    with torch.no_grad():
        net(X)
    assert repr(net.kept()) != before
