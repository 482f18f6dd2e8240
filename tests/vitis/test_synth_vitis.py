"""``synth --flow vitis``: the real script, run by a double of the tool."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from shared_model import Shared

import gatewright
from gatewright.boards.vitis.csynth import CSYNTH_XML
from gatewright.boards.vitis.request import SOLUTION
from gatewright.build import Build
from gatewright.cli.commands import main
from gatewright.errors import GatewrightError

pytest.importorskip("tkinter", reason="needs tkinter, which is in Debian's python3-tk")
pytestmark = pytest.mark.slow
DOUBLE = Path(__file__).with_name("vitis_double.py")
HELPERS = DOUBLE.parents[1] / "helpers"
KERNEL = "k0_lstm_layers_0_0"


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the PATH, without Vitis anywhere."""
    for name in ("VITIS_HLS", "XILINX_VITIS", "XILINX_HLS", "VITIS_DOUBLE"):
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith("GW_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def install(folder: Path, name: str) -> None:
    """The double under a name of the tool's."""
    path = folder / name
    helpers = [str(DOUBLE.parent), str(HELPERS), str(Path(gatewright.__file__).parents[1])]
    path.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path[:0] = {helpers!r}\n"
        "from vitis_double import main\nsys.exit(main(sys.argv[0], sys.argv[1:]))\n"
    )
    path.chmod(0o755)


def tell(monkeypatch: pytest.MonkeyPatch, **told: Any) -> None:
    monkeypatch.setenv("VITIS_DOUBLE", json.dumps(told))


def test_a_build_with_a_name(shared: Shared, bare: Path, tmp_path: Path) -> None:
    """Its top is what the tool is told, and what reports are called after."""
    install(bare, "vitis_hls")
    build = gatewright.compile(shared.model, shared.example, tmp_path / "b", name="kws")
    hls = build.synth("pynq-z2", flow="vitis").hls
    assert hls is not None and hls.cosimulation is not None
    assert hls.cosimulation.latency == (90, 91, 95)
    assert {kernel.name for kernel in hls.kernels} == {k.name for k in build.kernels.kernels}
    assert all(kernel.interval is not None for kernel in hls.kernels)


def refused(code: str, build: Build, **options: Any) -> GatewrightError:
    with pytest.raises(GatewrightError) as caught:
        build.synth("pynq-z2", flow="vitis", **options)
    assert caught.value.code == code, caught.value
    return caught.value


@pytest.mark.parametrize(("name", "version"), [("vitis_hls", "2022.2"), ("vitis-run", "2024.1")])
def test_all_stages(
    name: str, version: str, own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bare, name)
    tell(monkeypatch, version=version, full=[KERNEL])
    before = {path: path.stat().st_mtime_ns for path in own_build.path.rglob("*")}
    said: list[tuple[str, str]] = []
    report = own_build.synth("pynq-z2", flow="vitis", progress=lambda *words: said.append(words))
    folder = own_build.path / "synth" / "pynq-z2"
    assert json.loads((folder / "synth.json").read_text()) == json.loads(
        json.dumps(report.to_json())
    )
    hls = report.hls
    assert hls is not None and hls.version == version
    reached = {kernel.name: kernel.interval for kernel in hls.kernels}
    assert set(reached) == {kernel.name for kernel in own_build.kernels.kernels}
    assert reached.pop(KERNEL) == 4 and set(reached.values()) == {1}
    assert [kernel.predicted_interval for kernel in hls.kernels] == [
        kernel.hls_interval for kernel in own_build.kernels.kernels
    ]
    assert hls.cosimulation and hls.cosimulation.latency == (90, 91, 95)
    assert hls.simulated_steps == 6
    assert hls.predicted_cycles == report.cycles == own_build.kernels.hls_predicted_cycles
    assert hls.hls_depth is None
    assert hls.implementation and hls.implementation.achieved_ns == 4.871
    assert report.usage["lut"].used == 2500 and report.usage["bram"].used == 3
    assert report.clock_mhz == 200 and report.bitstream == ""
    assert hls.messages[0].startswith("WARNING: [HLS 200-885]")
    assert hls.not_taken == ("recurrent.hpp:9: dependence variable=h",)
    assert ("Vitis HLS: csim, csynth", "INFO: gatewright: csynth") in said
    # The build is what it was.
    after = {path: path.stat().st_mtime_ns for path in before}
    assert after == before


def test_the_page_and_the_terminal_show_it(
    own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bare, "vitis-run")
    tell(monkeypatch, full=[KERNEL], estimated="5.5")
    args = ["synth", str(own_build.path), "--board", "pynq-z2", "--flow", "vitis"]
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 0, result.output
    for words in (
        "HLS 200-885",
        KERNEL,
        "co-simulated 91 (90 to 95)",
        "181.82 MHz, which misses it",
        "205.30 MHz.",
        "not taken",
    ):
        assert words in " ".join(result.output.split())
    page = own_build.report().read_text()
    for words in ("Vitis HLS 2024.1", KERNEL, "HLS 200-885", "91", "181.818 MHz, which misses it"):
        assert words in page


def test_without_the_tool(own_build: Build, bare: Path) -> None:
    """What to run, where; and it is there."""
    error = refused("GW-801", own_build)
    folder = own_build.path / "synth" / "pynq-z2.tried"
    assert "XILINX_VITIS" in error.where
    assert f"copy {folder / 'hls'}" in error.remedy
    assert "vitis-run --mode hls --tcl hls/run_hls.tcl" in error.remedy
    assert (folder / "hls" / "run_hls.tcl").is_file() and (folder / "hls" / "golden").is_dir()


def test_reports_of_a_run_elsewhere(
    own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As the message says: the project goes there and comes back."""
    tried = own_build.path / "synth" / "pynq-z2.tried"
    command = refused("GW-801", own_build).remedy.split("run: ")[1].split(";")[0]
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(tried / "hls", elsewhere / "hls")
    install(bare, "vitis-run")
    tell(monkeypatch, version="2022.2")
    subprocess.run(["/bin/sh", "-c", command], cwd=elsewhere, check=True)
    (bare / "vitis-run").unlink()
    shutil.copytree(elsewhere / "gatewright_top_project", tried / "gatewright_top_project")
    report = own_build.synth("pynq-z2", flow="vitis", resume=True)
    assert report.hls and report.hls.version == "2022.2" and report.hls.implementation
    # They are of that design only, and nothing of them is used unasked.
    for options in ({"resume": True, "clock": 100}, {}):
        shutil.rmtree(tried, ignore_errors=True)
        shutil.copytree(tried.with_name("pynq-z2"), tried)
        refused("GW-801", own_build, **options)
        assert not (tried / "gatewright_top_project").exists()


def test_stages_that_are_chosen(
    own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an installation that is only in XILINX_VITIS; resources are estimates then."""
    (bare / "tools" / "bin").mkdir(parents=True)
    install(bare / "tools" / "bin", "vitis-run")
    monkeypatch.setenv("XILINX_VITIS", str(bare / "tools"))
    command = [str(own_build.path), "--board", "pynq-z2", "--flow", "vitis"]
    report = own_build.synth("pynq-z2", flow="vitis", stages=["csim"], clock=150, multipliers=8)
    hls = report.hls
    assert hls and hls.stages == ("csim", "csynth")
    assert hls.cosimulation is None and hls.implementation is None
    assert report.usage["lut"].used == 6200 and "estimates" in report.note
    assert report.multipliers == 8 and report.clock_mhz == pytest.approx(150, rel=1e-4)
    script = (own_build.path / "synth" / "pynq-z2" / "hls" / "run_hls.tcl").read_text()
    assert "create_clock -period 6.667" in script
    shown = CliRunner().invoke(main, ["synth", *command, "--stages", "csynth"]).output
    assert "not co-simulated" in shown
    assert "by C synthesis 293.08 MHz." in " ".join(shown.split())
    assert "not co-simulated" in own_build.report().read_text()


def distance(params: Path) -> int:
    found = re.search(r"\bDISTANCE = (\d+);", params.read_text())
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("beyond", [0, 1, 30])
def test_a_longer_way_from_h_to_h(
    beyond: int, own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The schedule is made again, where it has to be, so that an interval of one is reached."""
    install(bare, "vitis-run")
    first = distance(own_build.path / "hls" / "params.hpp")
    tell(monkeypatch, latencies={KERNEL: first + beyond})
    report = own_build.synth("pynq-z2", flow="vitis")
    folder = own_build.path / "synth" / "pynq-z2"
    hls, second = report.hls, distance(folder / "hls" / "params.hpp")
    assert hls is not None
    assert all(kernel.interval == 1 for kernel in hls.kernels) and hls.messages == ()
    if beyond == 0:
        assert hls.hls_depth is None and second == first
        return
    # Two intervals cover the latency; a pass of the loop takes 8 cycles more than that.
    assert hls.hls_depth == min(2 * first, first + beyond + 8)
    assert first + beyond <= hls.hls_depth <= second
    assert f"compile --hls-depth {hls.hls_depth}" in report.note
    assert report.cycles > own_build.kernels.hls_predicted_cycles
    stages = [
        line.removeprefix("INFO: gatewright: ")
        for log in ("vitis_1.log", "vitis_2.log")
        for line in (folder / log).read_text().splitlines()
        if line.startswith("INFO: gatewright: ")
    ]
    assert stages == ["csim", "csynth", "csim", "csynth", "cosim", "export"]


def test_what_was_done_of_the_first_schedule_is_not_taken_for_the_second(
    own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bare, "vitis-run")
    tell(monkeypatch, latencies={KERNEL: distance(own_build.path / "hls" / "params.hpp") + 1})
    hls = own_build.synth("pynq-z2", flow="vitis", stages=["csim"]).hls
    assert hls is not None and hls.hls_depth is not None
    assert all(kernel.interval == 1 for kernel in hls.kernels)


def test_a_second_schedule_is_gone_on_from(
    own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bare, "vitis-run")
    slow = {KERNEL: distance(own_build.path / "hls" / "params.hpp") + 1}
    tell(monkeypatch, latencies=slow, fails="cosim_design")
    refused("GW-804", own_build)
    folder, csynth = own_build.path / "synth" / "pynq-z2", f"{SOLUTION}/{CSYNTH_XML}"
    made = (folder.with_name("pynq-z2.tried") / csynth).stat().st_mtime_ns
    tell(monkeypatch, latencies=slow)
    hls = own_build.synth("pynq-z2", flow="vitis", resume=True).hls
    assert hls is not None and hls.hls_depth is not None and hls.cosimulation is not None
    assert (folder / csynth).stat().st_mtime_ns == made


def test_a_stage_that_fails(own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(bare, "vitis-run")
    tell(monkeypatch, fails="cosim_design")
    error = refused("GW-804", own_build)
    assert "HLS 200-1715" in error.cause and "vitis_2.log" in error.remedy
    # Another attempt may go on from there, and one after a success begins anew.
    tell(monkeypatch)
    folder, csynth = own_build.path / "synth" / "pynq-z2", f"{SOLUTION}/{CSYNTH_XML}"
    made = [(folder.with_name("pynq-z2.tried") / csynth).stat().st_mtime_ns]
    for _ in range(2):
        assert own_build.synth("pynq-z2", flow="vitis", resume=True).hls is not None
        made.append((folder / csynth).stat().st_mtime_ns)
    assert made[0] == made[1] < made[2]


def test_an_attempt_at_another_fold(
    own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bare, "vitis-run")
    tell(monkeypatch, fails="cosim_design")
    refused("GW-804", own_build)
    tell(monkeypatch)
    own_build.synth("pynq-z2", flow="vitis", multipliers=8, resume=True)
    log = own_build.path / "synth" / "pynq-z2" / "vitis_1.log"
    assert "is done" not in log.read_text()


def test_a_report_that_cannot_be_read(
    own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bare, "vitis-run")
    tell(monkeypatch, garbles=True)
    assert "csynth.xml" in refused("GW-804", own_build).where


def test_a_limit(own_build: Build, bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done before can be gone on from."""
    install(bare, "vitis-run")
    tell(monkeypatch, sleeps=600)
    error = refused("GW-805", own_build, limit=0.03)
    assert "within 0.03 minutes" in error.cause and "--tcl hls/run_hls.tcl" in error.remedy


@pytest.mark.parametrize(
    ("board", "options", "code"),
    [
        ("icebreaker", {"flow": "vitis"}, "GW-403"),
        ("pynq-z2", {"flow": "quartus"}, "GW-405"),
        ("pynq-z2", {"flow": "vitis", "seeds": 3}, "GW-405"),
        ("pynq-z2", {"flow": "vitis", "stages": "csim"}, "GW-405"),
        ("pynq-z2", {"flow": "vitis", "stages": ["synth"]}, "GW-405"),
        ("pynq-z2", {"flow": "vitis", "limit": 0}, "GW-405"),
        ("pynq-z2", {"flow": "vitis", "limit": True}, "GW-405"),
        ("pynq-z2", {"flow": "vitis", "multipliers": 1}, "GW-405"),
        ("pynq-z2", {"stages": ["csim"]}, "GW-405"),
        ("pynq-z2", {"limit": 3}, "GW-405"),
        ("pynq-z2", {"resume": True}, "GW-405"),
    ],
)
def test_options_that_cannot_be(
    board: str, options: dict[str, Any], code: str, shared: Any, bare: Path
) -> None:
    with pytest.raises(GatewrightError) as caught:
        shared.build.synth(board, **options)
    assert caught.value.code == code
    assert not (shared.build.path / "synth" / f"{board}.tried").exists()
