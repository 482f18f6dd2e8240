"""Whatever is behind the port: the right answer, or a coded error in the time that is said."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import numpy as np
import pytest
from peers import HOSTILE, RIGHT, Peer, stops_reading
from shared_model import Shared

import gatewright
from gatewright.boards.shell import build_digest
from gatewright.boards.shell.ports import input_ports, output_ports
from gatewright.device import Device
from gatewright.errors import GatewrightError

pytest.importorskip("serial", reason="needs pyserial")

TIMEOUT, PATIENT, SHORT = 1.0, 5.0, 0.4
STEPS = 4 * 6
MOST = 10.0
"""Seconds in which a greeting and a sequence have to be over, repeats and all."""
SLACK = 5.0
"""Seconds: that many threads share a processor with whatever else runs."""
MEGABYTES = 100


@pytest.fixture(scope="module")
def asked(shared: Shared) -> tuple[Any, Any]:
    """A sequence, and its answer."""
    x = np.tile(shared.x[:1], (1, STEPS // Shared.STEPS, 1))
    return x, shared.build.simulate(x, "integer", raw=True)


def test_no_peer_keeps_the_driver(shared: Shared, asked: tuple[Any, Any]) -> None:
    """All at once, so that their waits cost the time of one."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with ThreadPoolExecutor(len(HOSTILE)) as pool:
        work = {
            name: pool.submit(ending, shared.build, behave, *asked)
            for name, (behave, _) in HOSTILE.items()
        }
        found = {name: future.result() for name, future in work.items()}
    assert {n: said for n, (said, _) in found.items() if said not in HOSTILE[n][1]} == {}
    assert {n: late for n, (_, late) in found.items() if late > 0} == {}
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert used < MEGABYTES << 10, f"{used} KiB"


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_taken(name: str, shared: Shared, asked: tuple[Any, Any]) -> None:
    assert ending(shared.build, RIGHT[name], *asked, timeout=PATIENT)[0] == "right"


def test_who_stops_reading(shared: Shared) -> None:
    """More than the system holds for who does not read: a write has its end, too."""
    x = np.zeros((1, 5000, Shared.INPUTS), np.float32)
    peer = Peer(
        build_digest(shared.build.path),
        output_ports(shared.build.kernels.outputs),
        [],
        stops_reading,
    )
    with peer.port() as port, Device(shared.build, port, timeout=SHORT) as device:
        start = monotonic()
        with pytest.raises(GatewrightError, match=r"GW-904.*takes no more bytes"):
            device.simulate(x)
        assert monotonic() - start < MOST < device.limit(5000)


def test_the_limit_is_that_of_line_and_work(shared: Shared) -> None:
    """Bytes by hand: 6 steps of a word of 5 lanes, and an answer of 3 sums of 16 bits."""
    build, ports = shared.build, output_ports(shared.build.kernels.outputs)
    multipliers = json.loads((build.path / "gatewright.json").read_text())["multipliers"]
    cycles = 3 * build.kernels.predicted_cycles * multipliers
    (inputs,), (outputs,) = input_ports(build.kernels.inputs), ports
    asked = 7 + 13 * inputs.word_bytes
    answer = 1 + (1 + outputs.word_bytes) + 1 + 2 + 4
    peer = Peer(build_digest(build.path), ports, [], RIGHT["at once"])
    with peer.port() as port, Device(build, port, baud=9600, timeout=0.5, clock=0.25) as device:
        seconds = 0.5 + 2 * (asked + answer) * 10 / 9600 + cycles / 250e3
        assert device.limit(13) == pytest.approx(3 * seconds)


def ending(
    build: gatewright.Build,
    behave: Callable[[Peer], None],
    x: Any,
    want: Any,
    timeout: float = TIMEOUT,
) -> tuple[str, float]:
    """What came of it, and how many seconds after the last moment that there is."""
    outputs = output_ports(build.kernels.outputs)
    answer = [port.pack(want) for port in outputs]
    with Peer(build_digest(build.path), outputs, answer, behave).port() as port:
        start = monotonic()
        said = run(build, port, x, want, timeout)
        return said, monotonic() - start - MOST - SLACK


def run(build: gatewright.Build, port: str, x: Any, want: Any, timeout: float) -> str:
    try:
        with Device(build, port, timeout=timeout) as device:
            assert timeout > TIMEOUT or device.limit(0) + device.limit(STEPS) < MOST
            got = device.simulate(x, raw=True)
    except GatewrightError as error:
        return error.code
    return "right" if np.array_equal(got, want) else f"wrong: {got}"
