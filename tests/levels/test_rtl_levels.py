"""The levels that run cycle by cycle, as users meet them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from brevitas.nn import QuantRNN
from click.testing import CliRunner, Result
from level_tools import AWKWARD, every_level, needs
from shared_model import Shared
from torch import nn

import gatewright
from gatewright import ChangedBuildWarning
from gatewright.builds.folder import WAVES
from gatewright.cli.commands import main
from gatewright.errors import GatewrightError
from gatewright.hls_templates.cosim import Drive, Waveform
from gatewright.hls_templates.kernels import timing
from gatewright.levels.run import CHUNK

pytestmark = [pytest.mark.compiles, pytest.mark.slow]
as_users_have_it = pytest.mark.usefixtures("as_users_have_it")

LAYER = "lstm.layers.0.0"
LEVELS = ("integer", "rtl")
KERNEL = "k0_lstm_layers_0_0"
rtl = needs("rtl")


def call(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def copied(shared: Shared, folder: Path) -> gatewright.Build:
    """The build once more."""
    return gatewright.Build(shutil.copytree(shared.build.path, folder / f"b {AWKWARD}"))


def sequences(shared: Shared, count: int, steps: int) -> Any:
    rng = np.random.default_rng(count)
    return rng.normal(0, 1, (count, steps, shared.INPUTS)).astype(np.float32)


@as_users_have_it
@pytest.mark.parametrize("level", every_level("rtl", "cxxrtl"))
def test_cycles_are_those_predicted(level: str, shared: Shared) -> None:
    build, predicted = shared.build, shared.build.kernels.predicted_cycles
    y, states, stats = build.simulate(shared.x, level, states=True, return_stats=True)
    assert y.shape == (24, 3)
    assert states[f"{LAYER}/h"].shape == states[f"{LAYER}/c"].shape == (24, 6, 7)
    assert stats.cycles_per_sequence.shape == (24,)
    assert (stats.cycles_per_sequence == predicted).all()
    assert stats.cycles_per_step == pytest.approx(predicted / shared.STEPS)
    y_alone, stats_alone = build.simulate(shared.x, level, return_stats=True)
    assert np.array_equal(y_alone, y)
    assert stats_alone.to_json() == stats.to_json()


@rtl
def test_stalls_change_cycles_only(shared: Shared) -> None:
    drive = Drive(seed=2, input_stall=0.5, output_stall=0.5, gap=64)
    y, stats = shared.build.simulate(shared.x, "rtl", raw=True, return_stats=True, drive=drive)
    assert np.array_equal(y, shared.build.simulate(shared.x, "integer", raw=True))
    cycles, predicted = stats.cycles_per_sequence, shared.build.kernels.predicted_cycles
    assert (cycles >= predicted).all()
    assert (cycles > predicted).any()


@rtl
@as_users_have_it
def test_simulate_from_the_command_line(shared: Shared, tmp_path: Path) -> None:
    x = sequences(shared, 3, 4)
    np.save(tmp_path / "x.npy", x)
    out, trace = tmp_path / "y.npy", tmp_path / "x.vcd"
    options = ["--level", "rtl", "--raw", "--stats"]
    files = ["--trace", trace, "-o", out, "--json"]
    done = call("simulate", shared.build.path, tmp_path / "x.npy", *options, *files)
    assert done.exit_code == 0, done.output
    y, stats = shared.build.simulate(x, "rtl", raw=True, return_stats=True)
    assert np.array_equal(np.load(out), y)
    assert np.array_equal(y, shared.build.simulate(x, "integer", raw=True))
    assert json.loads(done.stdout)["stats"] == stats.to_json()
    signals = set(re.findall(r"\$var \w+ +\d+ \S+ (\w+)", trace.read_text()))
    assert {"aclk", "s_axis_tuser", "m_axis_tdata", f"{KERNEL}_tap_h", "slot_q"} <= signals
    shown = call("simulate", shared.build.path, tmp_path / "x.npy", "--level", "rtl", "--stats")
    assert shown.exit_code == 0, shown.output
    assert "cycles" in shown.output


@rtl
def test_verify_from_the_command_line(shared: Shared, own_build: gatewright.Build) -> None:
    done = call("verify", own_build.path, "--levels", ",".join(LEVELS), "--json")
    assert done.exit_code == 0, done.output
    (pair,) = json.loads(done.stdout)["levels"]
    assert (pair["reference"], pair["level"], pair["waveform"]) == ("integer", "rtl", None)
    size = 64 * shared.STEPS * shared.HIDDEN
    assert pair["compared"] == {"h": size, "c": size, "gates": 0, "output": 64 * 3}
    assert not any(pair["differing"].values())


@rtl
def test_verify_takes_levels_of_both_kinds(shared: Shared, own_build: gatewright.Build) -> None:
    report = own_build.verify(shared.x, levels=("integer", "csim", "rtl"))
    assert report.mismatches == 0, report.divergence
    assert [c.level for c in report.comparisons] == ["csim", "rtl"]


def with_a_wrong_weight(shared: Shared, folder: Path) -> gatewright.Build:
    build = copied(shared, folder)
    image = build.path / f"rtl/rom/gatewright_{KERNEL}_weight_file.hex"
    words = image.read_text().splitlines()
    # The sign of the first weight: the lowest byte of the first tile.
    words[0] = f"{words[0][:-2]}{int(words[0][-2], 16) ^ 8:x}{words[0][-1]}"
    image.write_text("\n".join(words) + "\n")
    return build


@rtl
@pytest.mark.filterwarnings("ignore::gatewright.ChangedBuildWarning")
def test_a_waveform_that_cannot_be_kept_costs_nobody_the_result(
    shared: Shared, tmp_path: Path
) -> None:
    """Where it would lie is a link that leads out of the build."""
    build, elsewhere = with_a_wrong_weight(shared, tmp_path), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (build.path / WAVES).symlink_to(elsewhere)
    with pytest.warns(gatewright.UnsavedReportWarning, match="vcd could not be written: it is"):
        (pair,) = build.verify(shared.x[:3], levels=LEVELS).comparisons
    assert pair.divergence is not None and pair.waveform is None
    assert not list(elsewhere.iterdir())


@rtl
def test_a_wrong_weight_is_found_named_and_shown(shared: Shared, tmp_path: Path) -> None:
    build = with_a_wrong_weight(shared, tmp_path)
    np.save(tmp_path / "x.npy", shared.x[:3])
    verify = ["verify", build.path, tmp_path / "x.npy", "--levels", ",".join(LEVELS)]
    done = call(*verify, "--json")
    assert done.exit_code == 1, done.output
    (pair,) = json.loads(done.stdout)["levels"]
    first = pair["divergence"]
    assert first["layer"] == LAYER
    # The first step that differs in any sequence, by the taps of both levels.
    taps = [build.simulate(shared.x[:3], level, raw=True, states=True)[1] for level in LEVELS]
    wrong = np.any([np.any(taps[0][n] != taps[1][n], axis=2) for n in taps[0]], axis=0)
    assert first["step"] == int(np.argmax(wrong.any(axis=0)))
    assert wrong[first["sequence"], first["step"]]
    wave = Path(pair["waveform"])
    assert wave == build.path / WAVES / f"rtl-sequence{first['sequence']}.vcd"
    assert "$enddefinitions" in wave.read_text()
    shown = call(*verify)
    assert shown.exit_code == 1
    assert "FAIL" in shown.output
    flat = "".join(shown.output.split())
    assert LAYER in flat
    assert "".join(str(wave).split()) in flat


@pytest.mark.parametrize("level", gatewright.FAST_LEVELS)
@pytest.mark.parametrize("option", ["return_stats", "drive"])
def test_levels_without_a_clock_refuse_its_options(level: str, option: str, shared: Shared) -> None:
    value: Any = Drive() if option == "drive" else True
    with pytest.raises(GatewrightError, match="cxxrtl") as caught:
        shared.build.simulate(shared.x, level, **{option: value})
    assert caught.value.code == "GW-606"
    assert caught.value.where == f"level {level}"


@pytest.mark.parametrize("option", [["--stats"], ["--trace", "x.vcd"]])
def test_the_command_line_refuses_them_too(
    option: list[str], shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", shared.x)
    done = call("simulate", shared.build.path, "x.npy", *option, "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["code"] == "GW-606"
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]


@rtl
def test_a_waveform_of_one_sequence_in_a_later_part(shared: Shared, tmp_path: Path) -> None:
    short = sequences(shared, CHUNK + 3, 2)
    whole, late = (tmp_path / f"{name}.vcd" for name in ("whole", "late"))
    shared.build.simulate(short[-2:], "rtl", drive=Drive(trace=Waveform(whole, 1), gap=64))
    shared.build.simulate(short, "rtl", drive=Drive(trace=Waveform(late, CHUNK + 2), gap=64))
    signals = [path.read_text().partition("$enddefinitions")[2] for path in (whole, late)]
    assert len(signals[0]) > 1000
    assert signals[0].count("\n#") == signals[1].count("\n#")


@pytest.mark.parametrize("place", [(24, 0), (0, 6)])
def test_a_waveform_of_what_is_not_there(
    place: tuple[int, int], shared: Shared, tmp_path: Path
) -> None:
    drive = Drive(trace=Waveform(tmp_path / "a.vcd", *place))
    with pytest.raises(GatewrightError, match="there are 24 sequences of 6 steps") as caught:
        shared.build.simulate(shared.x, "rtl", drive=drive)
    assert caught.value.code == "GW-606"
    assert not (tmp_path / "a.vcd").exists()


@pytest.mark.parametrize("drive", [3, "fast", Drive])
def test_what_is_no_drive(drive: Any, shared: Shared) -> None:
    with pytest.raises(GatewrightError, match="GW-606"):
        shared.build.simulate(shared.x, "rtl", drive=drive)


@rtl
def test_a_waveform_that_cannot_be_written(shared: Shared, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", shared.x[:1])
    for trace in (tmp_path / "none" / "x.vcd", Path("/dev/full")):
        refuse_waveform(shared, tmp_path / "x.npy", trace)


def refuse_waveform(shared: Shared, x: Path, trace: Path) -> None:
    done = call(
        "simulate", shared.build.path, x, "--level", "rtl", "--trace", trace, "--json",
    )  # fmt: skip
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["code"] == "GW-606"


@pytest.mark.parametrize(("level", "variable"), [("rtl", "VERILATOR"), ("cxxrtl", "YOSYS")])
def test_a_level_without_its_tool(
    level: str, variable: str, shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "/nowhere/tool")
    for run in (
        lambda: shared.build.simulate(shared.x, level),
        lambda: shared.build.verify(shared.x, levels=("integer", level)),
    ):
        with pytest.raises(GatewrightError) as caught:
            run()
        assert caught.value.code == "GW-701"
        assert variable in caught.value.where


@pytest.mark.parametrize("level", every_level("rtl", "cxxrtl"))
def test_a_memory_image_that_went_away(level: str, shared: Shared, tmp_path: Path) -> None:
    build = copied(shared, tmp_path)
    (build.path / f"rtl/rom/gatewright_{KERNEL}_weight_file.hex").unlink()
    with pytest.raises(GatewrightError, match=f"{KERNEL}_weight_file") as caught:
        build.simulate(shared.x, level)
    assert caught.value.code == "GW-402"


@pytest.mark.parametrize("level", every_level("rtl", "cxxrtl"))
def test_a_list_of_sources_that_was_emptied(level: str, shared: Shared, tmp_path: Path) -> None:
    build = copied(shared, tmp_path)
    (build.path / "rtl/sources.f").write_text("")
    with (
        pytest.warns(ChangedBuildWarning, match=r"sources\.f"),
        pytest.raises(GatewrightError, match=r"sources\.f") as caught,
    ):
        build.simulate(shared.x, level)
    assert caught.value.code == "GW-705"


def sources(folder: Path) -> dict[str, bytes]:
    files = (path for path in (folder / "rtl").rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_another_process_writes_the_same_bytes(shared: Shared, tmp_path: Path) -> None:
    code = "from pathlib import Path; from shared_model import Shared; Shared(Path())"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONHASHSEED": "12", "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    expected = sources(shared.build.path)
    assert len(expected) > 30
    assert sources(tmp_path / "build") == expected


def texts(build: gatewright.Build) -> dict[str, str]:
    return {name: data.decode() for name, data in sources(build.path).items()}


def named(text: str, idents: list[str], own: list[str]) -> str:
    """With other identifiers of the kernels, in every case in which they stand."""
    for ident, other in zip(idents, own, strict=True):
        for case in (str, str.upper, str.lower):
            text = text.replace(case(ident), case(other))
    return text


HOSTILE = (
    '"); $system("touch owned"); //',
    "endmodule\nmodule gw_rom;",
    '`include "/etc/passwd" ',
    "*/ initial $finish; /*",
    "/rom/{0}\\escaped ",
)


class Renamed(nn.Module):
    """The shared network with other names of its modules."""

    def __init__(self, network: Any, prefix: str) -> None:
        super().__init__()
        self.names = [f"{prefix}{n}" for n in ("lstm", "hidden", "relu", "classes")]
        for name, part in zip(self.names, network.children(), strict=True):
            self.add_module(name, part)

    def forward(self, x: torch.Tensor) -> Any:
        lstm, *head = (getattr(self, name) for name in self.names)
        y = lstm(x)[0][:, -1]
        for layer in head:
            y = layer(y)
        return y


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_of_a_model_reaches_the_hardware(name: str, shared: Shared, tmp_path: Path) -> None:
    model = Renamed(Shared.network(), name).eval()
    build = gatewright.compile(model, shared.example, tmp_path / "b")
    # But for kernels' identifiers, which say where they come from, not a byte is another.
    idents, own = ([kernel.name for kernel in b.kernels.kernels] for b in (build, shared.build))
    assert idents != own
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", ident) for ident in idents)
    got = {named(k, idents, own): named(v, idents, own) for k, v in texts(build).items()}
    assert got == texts(shared.build)


@rtl
def test_a_layer_of_more_than_a_thousand_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """State registers of more than 8,192 bits, and thousands of cycles between two beats."""
    monkeypatch.setattr(timing, "FOREVER", 100)
    torch.manual_seed(0)
    x = torch.randn(2, 2, 2)
    model = QuantRNN(2, 1030, batch_first=True)
    with torch.no_grad():
        model(x)
    build = gatewright.compile(model.eval(), x[:1], tmp_path / "b")
    report = build.verify(x, levels=LEVELS)
    assert report.mismatches == 0
    _, stats = build.simulate(x[:1], "rtl", return_stats=True)
    assert stats.cycles_per_sequence.tolist() == [build.kernels.predicted_cycles]
