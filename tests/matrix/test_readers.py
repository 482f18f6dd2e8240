"""Four tools read what a build holds, and iverilog computes its golden vectors with no X.

CI takes the shared model, which has a head, and a small row of the matrix; ``--matrix`` more.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from choices import choice
from commit_choice import commit
from core_bench import VECTORS, simulate, write_bench
from level_tools import missing_tools
from matrix_choice import CHOSEN
from matrix_model import make
from matrix_run import EXAMPLE_LENGTH, ROWS, compile_row, describe, max_bits
from rtl_lint import lint
from shared_model import Shared

from gatewright.build import Build
from gatewright.builds.folder import RTL
from gatewright.errors import GatewrightError
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.hls_templates.project.names import SOURCES, library_module
from gatewright.tools import find_verilator, find_yosys, run_yosys
from gatewright.tools.iverilog import find_iverilog, find_vvp

pytestmark = pytest.mark.compiles

needs_iverilog = missing_tools(find_iverilog, find_vvp)
needs_linters = missing_tools(find_verilator, find_yosys)
SMALL = [
    n
    for n, row in enumerate(ROWS)
    if row["layers"] * (1 + row["bidirectional"]) <= 2 and max_bits(row) <= 8
]
"""Rows that four states do not take a minute for."""
ALL = bool(choice("matrix"))
NUMBERS = CHOSEN if ALL else [SMALL[int(commit()[:8] or "0", 16) % len(SMALL)]]
SEQUENCES = 16 if ALL else 4


@pytest.fixture(scope="module", params=["shared", *NUMBERS])
def design(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """A build, and a folder of its own for each tool."""
    if request.param == "shared":
        yield request.getfixturevalue("shared").build
        return
    number = request.param
    print(describe(number))  # shown where it fails
    row = ROWS[number] | ({"origin": "brevitas"} if ROWS[number]["origin"] == "jit" else {})
    model = make(row, number, EXAMPLE_LENGTH)
    folder = tmp_path_factory.mktemp("drawn") / "build"
    yield compile_row(row, number, model, EXAMPLE_LENGTH, folder, linted=False)


def rtl_of(build: Build, folder: Path) -> Path:
    return Path(shutil.copytree(build.path / RTL, folder / RTL))


def read_verilog(build: Build, folder: Path) -> str:
    """What yosys' own front end says of a build."""
    sources = " ".join((folder / SOURCES).read_text().split())
    top = Ports.of(build.kernels).names.top
    lines = [f"read_verilog -sv -defer {sources}", f"hierarchy -check -top {top}"]
    return run_yosys(find_yosys(), [*lines, "proc", "check -assert"], folder)


@needs_linters
def test_verilator_slang_and_read_verilog(design: Build, tmp_path: Path) -> None:
    """The first two without a word; the third says where an array becomes registers."""
    folder = rtl_of(design, tmp_path)
    said = read_verilog(design, folder)
    warnings = [line for line in said.splitlines() if "warning" in line.lower()]
    assert not [line for line in warnings if "list of registers" not in line], said
    lint(Build(shutil.copytree(design.path, tmp_path / "build")), netlist=False)


@needs_iverilog
def test_iverilog_computes_the_golden_vectors(design: Build, tmp_path: Path) -> None:
    """Without a word of its compiler."""
    folder = tmp_path / RTL
    bench = write_bench(design, folder, SEQUENCES)
    assert simulate(folder, bench).splitlines() == ["PASS"]
    # Where a word of an array is read outside of a process, iverilog 11 may miss its change.
    assert ".array/port" not in (folder / "bench.vvp").read_text()


BROKEN = {
    "a register without its reset": (
        "gw_fifo",
        "if (rst_i) valid_q <= 1'b0;\n      else valid_q",
        "valid_q",
        "valid is x",
    ),
    "a counter without its reset": ("gw_recurrent", "      slot_q <= '0;\n", "", "ready x"),
    "a product that is one too large": (
        "gw_dot",
        "* P_BITS'(value)",
        "* P_BITS'(value) + P_BITS'(1)",
        r": word \d+ is .*, not",
    ),
    "a beat that does not wait": ("gw_fifo", "if (ready_o) data_q", "data_q", "together x"),
}
"""A module, what is changed in it, and what is said of it."""


@needs_iverilog
@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_seen(name: str, shared: Shared, tmp_path: Path) -> None:
    module, old, new, said = BROKEN[name]
    folder = tmp_path / RTL
    bench = write_bench(shared.build, folder, 2)
    path = folder / f"{library_module(module)}.sv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(GatewrightError, match=said) as caught:
        simulate(folder, bench)
    assert caught.value.code == "GW-702"


@needs_iverilog
@pytest.mark.parametrize("file", ["rom", VECTORS])
def test_a_file_that_is_short(file: str, shared: Shared, tmp_path: Path) -> None:
    folder = tmp_path / RTL
    bench = write_bench(shared.build, folder, 2)
    short = sorted((folder / file).iterdir())[0]
    short.write_text("".join(short.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(GatewrightError, match=r"is not there, or (not \d+ words|is short)"):
        simulate(folder, bench)
