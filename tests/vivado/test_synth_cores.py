"""``synth --flow vivado --core hls``: the kernel that Vitis HLS exported, on doubles of tools."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from exported import CYCLES, FOLD, MEMORY, STEPS, export
from tcl_model import tclsh
from yosys_double import count_at_once

import gatewright
from gatewright.boards.vivado.kernel import EXPORTED
from gatewright.build import Build
from gatewright.cli.commands import main
from gatewright.errors import GatewrightError

DOUBLE = Path(__file__).with_name("vivado_double.py")
PLACES = [str(DOUBLE.parent), str(DOUBLE.parents[1] / "helpers")]


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All of the PATH: ``tclsh`` and the double of Vivado."""
    for name in ("VIVADO", "XILINX_VIVADO", "VIVADO_DOUBLE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "tclsh").symlink_to(tclsh())
    places = [*PLACES, str(Path(gatewright.__file__).parents[1])]
    (folder / "vivado").write_text(
        f"#!{sys.executable}\nimport sys\nsys.path[:0] = {places!r}\n"
        "from vivado_double import main\nsys.exit(main(sys.argv[0], sys.argv[1:]))\n"
    )
    (folder / "vivado").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def place_of(build: Build) -> Path:
    return build.path / "synth" / "pynq-z2"


def refused(code: str, build: Build, **options: Any) -> GatewrightError:
    with pytest.raises(GatewrightError) as caught:
        build.synth(**{"board": "pynq-z2", "flow": "vivado", "core": "hls", **options})
    assert caught.value.code == code, caught.value
    return caught.value


@pytest.mark.slow
def test_the_exported_kernel_is_taken(own_build: Build, bare: Path) -> None:
    place = place_of(own_build)
    export(own_build, place)
    args = ["synth", str(own_build.path), "--board", "pynq-z2", "--flow", "vivado"]
    result = CliRunner().invoke(main, [*args, "--core", "hls", "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert (report["multipliers"], report["steps"], report["cycles"]) == (FOLD, STEPS, CYCLES)
    assert (place / "vivado/gatewright.bit").is_file()
    assert (place / f"kernel/{MEMORY}.dat").read_text() == "7f\n00\n"
    told = json.loads((place / "vivado/gatewright.json").read_text())
    own = json.loads((own_build.path / "ip/gatewright.json").read_text())
    assert {name for name in told if told[name] != own[name]} == {"addresses", "cycles", "seal"}
    # What Vitis HLS did is not lost, and a second run finds the copy.
    assert (place.with_name("pynq-z2.before") / EXPORTED).is_dir()
    again = own_build.synth("pynq-z2", flow="vivado", core="hls", stages=["ooc"])
    assert (again.multipliers, again.cycles) == (FOLD, CYCLES)


@pytest.mark.slow
def test_an_export_outlives_a_count(
    own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_at_once(bare, monkeypatch)
    export(own_build, place_of(own_build))
    own_build.synth("pynq-z2")
    assert (place_of(own_build).with_name("pynq-z2.before") / EXPORTED).is_dir()


def test_without_an_export(own_build: Build) -> None:
    error = refused("GW-806", own_build)
    assert error.where.endswith(f"{EXPORTED}/gatewright_hls.v")
    assert f"gatewright synth {own_build.path} --board pynq-z2 --flow vitis" in error.remedy
    assert not place_of(own_build).exists()


MISFITS = {
    "no module": (r"module gatewright_hls ", "module other ", "no module gatewright_hls"),
    "a port that is missing": (r"\n.*s_axis_TUSER;", "", "no port s_axis_TUSER"),
    "a port more": ("input   ap_clk;", "input   ap_clk;\ninput   ap_continue;", "ap_continue"),
    "another width": (r"\[\d+:0\] m_axis_TDATA", "[6:0] m_axis_TDATA", "has 7 bits"),
    "another direction": ("input   ap_start;", "output   ap_start;", "ap_start is an output"),
    "another reset": ("ap_rst_n", "ap_rst", "has a port ap_rst,"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_a_kernel_that_does_not_fit(name: str, own_build: Build) -> None:
    old, new, says = MISFITS[name]
    path = export(own_build, place_of(own_build)) / "gatewright_hls.v"
    text, count = re.subn(old, new, path.read_text())
    assert count
    path.write_text(text)
    error = refused("GW-806", own_build)
    assert says in error.cause, error.cause
    assert "--flow vitis" in error.remedy


def test_a_file_that_no_script_can_name(own_build: Build) -> None:
    folder = export(own_build, place_of(own_build))
    (folder / "a } exec x {.v").write_text("")
    assert "a script cannot name" in refused("GW-806", own_build).cause


@pytest.mark.parametrize(
    "options",
    [
        {"core": "vhdl"},
        {"core": 1},
        {"multipliers": 4},
        {"flow": "vitis"},
        {"flow": None},
        {"board": "basys3"},
    ],
)
def test_options_that_there_are_not(options: dict[str, Any], own_build: Build) -> None:
    refused("GW-405", own_build, **options)
    assert not (own_build.path / "synth").exists()
