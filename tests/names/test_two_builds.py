"""Two builds in one project: each gives its own integers, in one simulation and one synthesis."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from benches import AROUND, RIGHT
from choices import choice
from commit_choice import commit
from pair import NAMES, Pair
from simulators import answers, iverilog, verilator

from gatewright.errors import GatewrightError
from gatewright.hls_templates.project.names import LIBRARY_LIST
from gatewright.tools import find_yosys, run_yosys

pytestmark = pytest.mark.compiles

BENCH = ["both.sv", "tb.sv"]
WHOLE = [word for name in NAMES for word in ("-F", f"{name}/rtl/sources.f")]


def once(pair: Pair) -> list[str]:
    """The library once, and what is each build's own."""
    return [*pair.sources("kws"), *pair.sources("vad", "vad.f")]


def twice(pair: Pair) -> list[str]:
    """Both lists, whole."""
    return [*pair.sources("kws"), *pair.sources("vad")]


def test_they_compute_other_integers(pair: Pair) -> None:
    """Else nothing below could tell one from the other."""
    assert pair.golden("kws", "s_axis") == pair.golden("vad", "s_axis")
    first, second = (pair.golden(name, "m_axis") for name in NAMES)
    assert len(first) == len(second) > 10
    assert all(a != b for a, b in zip(first, second, strict=True))


def test_nothing_of_a_build_is_called_as_in_the_other(pair: Pair) -> None:
    """Files of one name are the library's, the same byte for byte, or lists and scripts."""
    first, second = (
        {
            path.relative_to(build.path).as_posix(): path.read_bytes()
            for part in ("rtl", "ip")
            for path in (build.path / part).rglob("*")
            if path.is_file()
        }
        for build in pair.builds.values()
    )
    common = first.keys() & second.keys()
    differ = {name for name in common if first[name] != second[name]}
    assert differ == {"rtl/sources.f", "ip/ip.f", "ip/package_ip.tcl"}
    library = {name for name in common - differ if name.startswith("rtl/")}
    listed = {f"rtl/{Path(line).name}" for line in pair.sources("kws", LIBRARY_LIST)}
    assert library == {*listed, f"rtl/{LIBRARY_LIST}"}


def test_verilator(place: Path) -> None:
    assert answers(verilator([*WHOLE, *BENCH], place)) == RIGHT


def test_verilator_with_the_library_once(pair: Pair, place: Path) -> None:
    assert answers(verilator([*once(pair), *BENCH], place)) == RIGHT


@pytest.mark.parametrize("listed", [twice, once], ids=["twice", "once"])
def test_iverilog(listed: Callable[[Pair], list[str]], pair: Pair, place: Path) -> None:
    assert answers(iverilog([*listed(pair), *BENCH], place)) == RIGHT


READERS = {
    "slang": f"read_slang -j 1 --single-unit --top {AROUND}",
    "read_verilog": "read_verilog -sv -defer",
}


def drawn() -> list[str]:
    """A reader, another one with each commit; with ``--boards all`` every one."""
    readers = list(READERS)
    return readers if choice("boards") else [readers[int(commit()[:8] or "0", 16) % len(readers)]]


@pytest.mark.slow
@pytest.mark.parametrize("reader", drawn())
def test_yosys_for_xilinx(reader: str, pair: Pair, place: Path) -> None:
    """One synthesis of both, of which a netlist of that family's cells is simulated."""
    read = f"{READERS[reader]} {' '.join(twice(pair))} both.sv"
    synthesize = f"synth_xilinx -family xc7 -flatten -top {AROUND} -noiopad"
    tool = find_yosys()
    run_yosys(tool, [read, synthesize, "write_verilog -noattr netlist.v"], place)
    assert tool.root is not None
    cells = tool.root / "xilinx" / "cells_sim.v"
    assert answers(iverilog(["netlist.v", str(cells), "tb.sv"], place)) == RIGHT


def test_slang_with_the_library_once(pair: Pair, place: Path) -> None:
    """Where each file is a unit of its own, the guard of one is not seen by the next."""
    read = f"read_slang -j 1 --top {AROUND}"
    run_yosys(find_yosys(), [f"{read} {' '.join(once(pair))} both.sv", "check -assert"], place)
    with pytest.raises(GatewrightError, match="duplicate definition"):
        run_yosys(find_yosys(), [f"{read} {' '.join(twice(pair))} both.sv"], place)
