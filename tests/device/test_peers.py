"""Whatever is behind the port: the right answer, or a coded error in the time that is said."""

from __future__ import annotations

import resource
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import numpy as np
import pytest
from peers import PEERS, Peer
from shared_model import Shared

import gatewright
from gatewright.boards.shell import build_digest
from gatewright.boards.shell.ports import output_ports
from gatewright.device import Device
from gatewright.errors import GatewrightError

pytest.importorskip("serial", reason="needs pyserial")

TIMEOUT = 0.4
STEPS = 4 * 6
MOST = 10.0
"""Seconds in which a greeting and a sequence have to be over, repeats and all."""
SLACK = 5.0
"""Seconds: that many threads share a processor with whatever else runs."""
MEGABYTES = 100


def test_no_peer_keeps_the_driver(shared: Shared) -> None:
    """All at once, so that their waits cost the time of one."""
    x = np.tile(shared.x[:1], (1, STEPS // Shared.STEPS, 1))
    want = shared.build.simulate(x, "integer", raw=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with ThreadPoolExecutor(len(PEERS)) as pool:
        found = dict(pool.map(lambda name: (name, ending(name, shared, x, want)), PEERS))
    assert {name: said for name, (said, _) in found.items() if said not in PEERS[name][1]} == {}
    assert {name: late for name, (_, late) in found.items() if late > 0} == {}
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert used < MEGABYTES << 10, f"{used} KiB"


def ending(name: str, shared: Shared, x: Any, want: Any) -> tuple[str, float]:
    """What came of it, and how many seconds after the last moment that there is."""
    build = shared.build
    outputs = output_ports(build.kernels)
    answer = [port.pack(want) for port in outputs]
    peer = Peer(build_digest(build.path), outputs, answer, PEERS[name][0])
    with peer.port() as port:
        start = monotonic()
        said = run(build, port, x, want)
        return said, monotonic() - start - MOST - SLACK


def run(build: gatewright.Build, port: str, x: Any, want: Any) -> str:
    try:
        with Device(build, port, timeout=TIMEOUT) as device:
            assert device.limit(0) + device.limit(STEPS) < MOST
            got = device.simulate(x, raw=True)
    except GatewrightError as error:
        return error.code
    return "right" if np.array_equal(got, want) else f"wrong: {got}"
