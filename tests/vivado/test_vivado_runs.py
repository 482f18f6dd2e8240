"""``synth --flow vivado``: stages, failures, going on, and without Vivado; on a double of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tcl_model import tclsh
from yosys_double import count_at_once

import gatewright
from gatewright.boards.vivado.project import VIVADO_STAGES
from gatewright.build import Build
from gatewright.cli.commands import main
from gatewright.errors import GatewrightError

pytestmark = pytest.mark.slow
DOUBLE = Path(__file__).with_name("vivado_double.py")
HELPERS = DOUBLE.parents[1] / "helpers"


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of the PATH, with ``tclsh`` and without Vivado."""
    interpreter = tclsh()
    for name in ("VIVADO", "XILINX_VIVADO", "VIVADO_DOUBLE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "tclsh").symlink_to(interpreter)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def install(folder: Path) -> None:
    path = folder / "vivado"
    places = [str(DOUBLE.parent), str(HELPERS), str(Path(gatewright.__file__).parents[1])]
    path.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path[:0] = {places!r}\n"
        "from vivado_double import main\nsys.exit(main(sys.argv[0], sys.argv[1:]))\n"
    )
    path.chmod(0o755)


def tell(monkeypatch: pytest.MonkeyPatch, **told: Any) -> None:
    monkeypatch.setenv("VIVADO_DOUBLE", json.dumps(told))


def refused(code: str, build: Build, **options: Any) -> GatewrightError:
    with pytest.raises(GatewrightError) as caught:
        build.synth("pynq-z2", flow="vivado", **options)
    assert caught.value.code == code, caught.value
    return caught.value


@pytest.mark.parametrize(("board", "version"), [("pynq-z2", "2022.2"), ("zcu104", "2024.1")])
def test_all_stages(
    board: str, version: str, own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bare)
    tell(monkeypatch, version=version)
    said: list[tuple[str, str]] = []
    report = own_build.synth(board, flow="vivado", progress=lambda *words: said.append(words))
    folder = own_build.path / "synth" / board
    written = json.loads((folder / "synth.json").read_text())
    assert written == json.loads(json.dumps(report.to_json()))
    found = report.vivado
    assert found is not None and (found.version, found.state) == (version, "Routed")
    assert found.timing and found.timing.met and found.timing.wns_ns == 0.412
    assert found.power and found.power.total == 1.731
    assert {name: use.used for name, use in found.alone.items()} == {
        "lut": 4321,
        "ff": 5000,
        "bram": 7,
        "dsp": 66,
    }
    assert report.usage["lut"].used == 9876 and report.usage["bram"].used == 9
    assert report.bitstream == "vivado/gatewright.bit" and report.clock_mhz == 100
    names = {path.name for path in (folder / "vivado").iterdir()}
    assert {"gatewright.bit", "gatewright.hwh", "gatewright.json"} <= names
    assert {f"{stage}.log" for stage in VIVADO_STAGES} <= names
    facts = json.loads((folder / "vivado" / "gatewright.json").read_text())["addresses"]
    assert facts["clock_mhz"] == 100 and facts["dma"][0]["base"] in (0x4040_0000, 0xA000_0000)
    assert [stage for stage, line in said if not line] == [f"Vivado: {s}" for s in VIVADO_STAGES]
    assert ("Vivado: ooc", "CRITICAL WARNING: [Timing 38-282] made up") in said


def test_the_page_and_the_terminal_show_it(
    own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bare)
    args = ["synth", str(own_build.path), "--board", "basys3", "--flow", "vivado"]
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 0, result.output
    shown = " ".join(result.output.split())
    loads = "openFPGALoader -b basys3 vivado/gatewright.bit"
    for words in ("0.412 ns left", "1.731 W", "the clock is met", loads, "gatewright run"):
        assert words in shown, shown
    page = own_build.report().read_text()
    for words in ("Vivado 2024.1", "1.731 W", "out of context", "4,321"):
        assert words in page, words


def test_without_vivado(own_build: Build, bare: Path) -> None:
    error = refused("GW-801", own_build)
    for stage in VIVADO_STAGES:
        assert f"vivado -mode batch -source {stage}.tcl" in error.remedy
    assert "--resume" in error.remedy
    tried = own_build.path / "synth" / "pynq-z2.tried"
    assert (tried / "vivado" / "project.tcl").is_file()


def test_it_is_found_by_the_folder_of_its_installation(
    own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare.parent / "amd" / "bin").mkdir(parents=True)
    install(bare.parent / "amd" / "bin")
    monkeypatch.setenv("XILINX_VIVADO", str(bare.parent / "amd"))
    report = own_build.synth("pynq-z2", flow="vivado", stages=["ooc"])
    assert report.bitstream == "" and report.vivado and report.vivado.state == "Synthesized"
    assert report.usage["lut"].used == 4321 and report.vivado.timing is None


def test_a_stage_that_fails_is_gone_on_from(
    own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bare)
    tell(monkeypatch, fails="bitstream")
    assert "told to" in refused("GW-804", own_build).cause
    tell(monkeypatch)
    said: list[str] = []
    report = own_build.synth(
        "pynq-z2", flow="vivado", resume=True, progress=lambda stage, line: said.append(stage)
    )
    assert set(said) == {"Vivado: bitstream", "Vivado: export"}
    assert report.bitstream
    # Another clock is another project: nothing of it is done.
    tell(monkeypatch, fails="ooc")
    refused("GW-804", own_build, resume=True, clock=50)


def test_a_clock_that_is_missed(
    own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bare)
    tell(monkeypatch, slack=["-2.500", "0.031"])
    error = refused("GW-803", own_build)
    assert "7 of 21734 endpoints" in error.cause and "--clock 80" in error.remedy
    folder = own_build.path / "synth" / "pynq-z2.tried" / "vivado"
    assert not (folder / "gatewright.bit").exists() and not (folder / "bitstream.log").exists()
    report = own_build.synth("pynq-z2", flow="vivado", stages=["implement"])
    assert report.vivado and report.vivado.timing and not report.vivado.timing.met


@pytest.mark.parametrize("kind", ["utilization", "timing", "power"])
def test_a_report_that_cannot_be_read(
    kind: str, own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bare)
    tell(monkeypatch, garbles=kind)
    error = refused("GW-804", own_build, stages=["implement"])
    assert "cannot be read" in error.cause and kind in error.where


def test_a_limit(own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(bare)
    tell(monkeypatch, sleeps=30)
    assert "--resume" in refused("GW-805", own_build, limit=0.02).remedy


@pytest.mark.parametrize(
    "options",
    [
        {"stages": ["csim"]},
        {"stages": "ooc"},
        {"stages": []},
        {"limit": 0},
        {"seeds": 2},
        {"clock": 0},
    ],
)
def test_options_that_there_are_not(options: dict[str, Any], own_build: Build) -> None:
    refused("GW-405", own_build, **options)
    assert not (own_build.path / "synth").exists()


def test_stages_bring_what_they_need(own_build: Build, bare: Path) -> None:
    install(bare)
    own_build.synth("pynq-z2", flow="vivado", stages=["implement"])
    done = own_build.path / "synth" / "pynq-z2" / "vivado" / "done"
    assert sorted(os.listdir(done)) == ["implement", "project"]


def test_a_board_of_which_too_little_is_known(own_build: Build, tmp_path: Path) -> None:
    path = tmp_path / "bare-part.toml"
    path.write_text(
        'title = "Mine"\npart = "xc7z020clg400-1"\nclock_ns = 5.0\nfamily = "xc7"\n'
        "[resources]\nlut = 1\nff = 1\nbram = 1\ndsp = 1\n"
    )
    with pytest.raises(GatewrightError, match="GW-403"):
        own_build.synth(str(path), flow="vivado")


@pytest.mark.parametrize("kind", ["utilization", "timing", "power"])
def test_a_report_that_is_not_there(
    kind: str, own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bare)
    tell(monkeypatch, forgets=kind)
    error = refused("GW-804", own_build, stages=["implement"])
    assert "no such report" in error.cause and kind in error.where


def run_by_hand(folder: Path, bare: Path) -> None:
    """The commands that ``synth`` shows."""
    for stage in VIVADO_STAGES:
        line = [str(bare / "vivado"), "-mode", "batch", "-source", f"{stage}.tcl"]
        subprocess.run(line, cwd=folder / "vivado", check=True, capture_output=True)


def test_results_are_not_lost(
    own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bare)
    count_at_once(bare, monkeypatch)
    place = own_build.path / "synth" / "pynq-z2"
    own_build.synth("pynq-z2")
    own_build.synth("pynq-z2")
    assert {path.name for path in place.parent.iterdir()} == {"pynq-z2"}  # nothing has run there
    run_by_hand(place, bare)
    made = (place / "vivado/gatewright.bit").read_bytes()
    result = CliRunner().invoke(main, ["synth", str(own_build.path), "--board", "pynq-z2"])
    assert result.exit_code == 0 and "synth/pynq-z2.before" in result.output, result.output
    shown = " ".join(result.output.split())
    assert "Copy vivado/gatewright.bit, gatewright.hwh, gatewright.json" in shown, shown
    assert "gatewright_pynq.py" in shown and "one folder of the board" in shown
    assert not (place / "vivado/gatewright.bit").exists()
    before = place.with_name("pynq-z2.before")
    assert (before / "vivado/gatewright.bit").read_bytes() == made
    run_by_hand(place, bare)
    said: list[str] = []
    own_build.synth("pynq-z2", flow="vivado", progress=lambda stage, line: said.append(stage))
    assert "results of Vivado are kept in synth/pynq-z2.before.2" in said
    for name in ("pynq-z2", "pynq-z2.before", "pynq-z2.before.2"):
        assert (place.with_name(name) / "vivado/gatewright.hwh").is_file()
    tell(monkeypatch, fails="export")
    refused("GW-804", own_build)
    refused("GW-804", own_build)
    assert (place.with_name("pynq-z2.before.3") / "vivado/done/bitstream").is_file()


def test_how_the_bitstream_is_loaded(
    own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_at_once(bare, monkeypatch)
    result = CliRunner().invoke(main, ["synth", str(own_build.path), "--board", "arty-a7-35t"])
    shown = " ".join(result.output.split())
    assert "openFPGALoader -b arty_a7_35t vivado/gatewright.bit" in shown, shown
    assert "gatewright run" in shown


def test_what_was_run_by_hand_is_read(
    own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the multipliers of the count, which are fewer than the build's, and without Vivado."""
    install(bare)
    count_at_once(bare, monkeypatch, (999, 6))
    counted = own_build.synth("pynq-z2")
    assert [attempt.fits for attempt in counted.attempts] == [False, True]
    place = own_build.path / "synth" / "pynq-z2"
    run_by_hand(place, bare)
    (bare / "vivado").unlink()
    report = own_build.synth("pynq-z2", flow="vivado", resume=True)
    assert report.multipliers == counted.multipliers < counted.attempts[0].multipliers
    assert report.vivado and report.vivado.timing and report.bitstream
    assert report.usage["lut"].used == 9876
    assert (place / "vivado/gatewright.bit").is_file()
    assert {path.name for path in place.parent.iterdir()} == {"pynq-z2"}
    # A count that is asked for is another design.
    refused("GW-801", own_build, resume=True, multipliers=4)
    assert (place / "vivado/gatewright.bit").is_file()
