"""The scripts of ``hls/`` under models of the commands and keys that Vitis HLS documents."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from cfg_keys import faults
from recorder import Recorder
from shared_model import Shared
from tcl_commands import COMMANDS

from gatewright.boards import boards

STAGES = ["csim_design", "csynth_design", "cosim_design", "export_design"]
SETUP = [
    *("open_project", "set_top", "add_files", "add_files", "open_solution", "set_part"),
    *("create_clock", "set_clock_uncertainty", "config_array_partition"),
]


@pytest.fixture
def hls(shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ``hls/``; the working folder is another one, empty."""
    for name in [name for name in os.environ if name.startswith("GW_")]:
        monkeypatch.delenv(name)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return Path(shutil.copytree(shared.build.path / "hls", tmp_path / "hls"))


def run(hls: Path, code: int = 0) -> Recorder:
    recorder = Recorder()
    assert recorder.run(hls / "run_hls.tcl") == code, recorder.said
    return recorder


def test_what_the_tcl_says(hls: Path) -> None:
    """Part, clock and uncertainty are stated; the project lies in the working folder."""
    recorder = run(hls)
    assert recorder.names() == SETUP + STAGES[:3]
    calls = {call.name: call for call in recorder.calls}
    board = boards()["pynq-z2"]
    assert calls["open_project"].arguments == (str(Path.cwd() / "gatewright_top_project"),)
    assert calls["set_top"].arguments == ("gatewright_hls",)
    assert calls["set_part"].arguments == (board.part,)
    assert float(calls["create_clock"].options["-period"]) == board.clock_ns
    assert calls["set_clock_uncertainty"].arguments == ("27%",)
    assert calls["config_array_partition"].options == {
        "-complete_threshold": "0",
        "-throughput_driven": "off",
    }
    assert calls["open_solution"].options["-flow_target"] == "vivado"
    for stage in ("csim_design", "cosim_design"):
        assert calls[stage].options["-argv"] == str(hls / "golden")
    sources = [call for call in recorder.calls if call.name == "add_files"]
    assert [call.arguments for call in sources] == [
        (str(hls / "top.cpp"),),
        (str(hls / "tb.cpp"),),
    ]
    assert ["-tb" in call.options for call in sources] == [False, True]


@pytest.mark.parametrize(
    ("stages", "done"),
    [
        ("csim", STAGES[:1]),
        ("csynth", STAGES[1:2]),
        ("cosim", STAGES[1:3]),
        ("export csim", [STAGES[0], STAGES[1], STAGES[3]]),
    ],
)
def test_stages_are_chosen(
    stages: str, done: list[str], hls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In their order, and with what they need."""
    monkeypatch.setenv("GW_STAGES", stages)
    assert run(hls).names() == SETUP + done


@pytest.mark.parametrize(
    ("name", "value"), [("GW_STAGES", "csim synth"), ("GW_VIVADO", "place"), ("GW_STAGES", "csi")]
)
def test_a_choice_that_there_is_not(
    name: str, value: str, hls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    recorder = run(hls, 1)
    assert recorder.calls == [] and recorder.said[-1].startswith("ERROR: ")


@pytest.mark.parametrize(("flow", "given"), [("impl", "impl"), ("syn", "syn"), ("none", None)])
def test_how_far_export_goes(
    flow: str, given: str | None, hls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GW_STAGES", "export")
    monkeypatch.setenv("GW_VIVADO", flow)
    assert run(hls).calls[-1].options.get("-flow") == given


def resets(recorder: Recorder) -> list[bool]:
    opens = [call for call in recorder.calls if call.name in ("open_project", "open_solution")]
    return ["-reset" in call.options for call in opens]


def test_what_is_done_is_not_done_again(hls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GW_STAGES", "csim csynth")
    first = run(hls)
    assert resets(first) == [True, True]
    monkeypatch.setenv("GW_STAGES", "csim csynth cosim")
    second = run(hls)
    assert second.names() == [*SETUP, "cosim_design"] and resets(second) == [False, False]
    assert run(hls).names() == SETUP
    monkeypatch.setenv("GW_RESET", "1")
    again = run(hls)
    assert again.names() == SETUP + STAGES[:3] and resets(again) == [True, True]


@pytest.mark.parametrize(
    "name", ["top.cpp", "params.hpp", "gatewright_v1/recurrent.hpp", "run_hls.tcl", "golden"]
)
def test_a_change_does_all_again(name: str, hls: Path) -> None:
    run(hls)
    path = min((hls / name).iterdir()) if (hls / name).is_dir() else hls / name
    path.write_text(path.read_text() + "\n")
    again = run(hls)
    assert again.names() == SETUP + STAGES[:3] and resets(again) == [True, True]


def test_a_stage_that_fails_ends_the_script(hls: Path) -> None:
    from recorder import RefusedError

    def fail(*_: object) -> None:
        raise RefusedError("CSim failed with errors")

    recorder = Recorder({"csim_design": fail})
    assert recorder.run(hls / "run_hls.tcl") == 1
    assert recorder.names() == SETUP
    assert recorder.said[-1] == "ERROR: gatewright: csim_design: CSim failed with errors"
    assert run(hls).names() == SETUP + STAGES[:3]  # it is not done


def test_a_path_with_a_space(hls: Path) -> None:
    recorder = run(hls.rename(hls.with_name("h ls")), 1)
    assert "has a space" in recorder.said[-1]


PLANTED_TCL = {
    "unknown command": ("set_top gatewright_hls", "set_topmost gatewright_hls"),
    "unknown option": ("-complete_threshold 0", "-complete_treshold 0"),
    "option of another command": ("csynth_design", "csynth_design -clean"),
    "unknown value": ("-throughput_driven off", "-throughput_driven never"),
    "no number": ("-complete_threshold 0", "-complete_threshold none"),
    "unknown flow": ("-flow_target vivado", "-flow_target ip"),
    "unknown language": ("-rtl verilog -argv", "-rtl systemverilog -argv"),
    "no uncertainty": ("set_clock_uncertainty 27%", "set_clock_uncertainty low"),
    "no period": ("create_clock -period 5.0", "create_clock -period fast"),
    "an argument too many": ("set_top gatewright_hls", "set_top gatewright_hls 1"),
    "relative source": ("add_files $here/top.cpp", "add_files top.cpp"),
    "relative include": ("-I$here ", "-I. "),
    "relative vectors": ("do_stage $stage $here/golden", "do_stage $stage golden"),
    "relative project": ("[list $project]", "gatewright_top_project"),
    "missing source": ("$here/tb.cpp", "$here/test.cpp"),
    "no project": ("eval open_project $reset [list $project]", ""),
    "no solution": ("eval open_solution $reset -flow_target vivado solution1", ""),
}


@pytest.mark.parametrize("name", PLANTED_TCL)
def test_planted_in_the_tcl(name: str, hls: Path) -> None:
    script = hls / "run_hls.tcl"
    right, wrong = PLANTED_TCL[name]
    text = script.read_text()
    assert right in text
    script.write_text(text.replace(right, wrong))
    recorder = run(hls, 1)
    assert re.match(r"ERROR: gatewright: (\w+: |invalid command name)", recorder.said[-1])


def test_every_command_of_the_model_takes_something() -> None:
    assert all(command.options or command.needs for command in COMMANDS.values())


def test_the_cfg(hls: Path) -> None:
    text = (hls / "hls_config.cfg").read_text()
    assert faults(text, hls) == []
    said = dict(line.split("=", 1) for line in text.splitlines() if re.match(r"[\w.]+=", line))
    board = boards()["pynq-z2"]
    assert said["part"] == board.part and said["clock"] == f"{board.clock_ns}ns"
    assert said["clock_uncertainty"] == "27%"
    assert said["syn.array_partition.complete_threshold"] == "0"
    assert said["syn.array_partition.throughput_driven"] == "off"
    vectors = {f"tb.file=golden/{path.name}" for path in (hls / "golden").iterdir()}
    assert vectors and vectors < set(text.splitlines())


PLANTED_CFG = {
    "unknown key": ("syn.top=", "syn.topmost="),
    "key of another section": ("part=", "clock="),
    "unknown section": ("[hls]", "[HLS2]"),
    "unknown value": ("throughput_driven=off", "throughput_driven=never"),
    "unknown format": ("format=ip_catalog", "format=ip"),
    "no number": ("complete_threshold=0", "complete_threshold=none"),
    "no value": ("cosim.rtl=verilog", "cosim.rtl="),
    "missing file": ("syn.file=top.cpp", "syn.file=src/top.cpp"),
    "absolute file": ("syn.file=top.cpp", "syn.file=/top.cpp"),
    "missing include": ("-I. ", "-Iinclude "),
    "said twice": ("cosim.rtl=verilog", "csim.argv=."),
}


@pytest.mark.parametrize("name", PLANTED_CFG)
def test_planted_in_the_cfg(name: str, hls: Path) -> None:
    right, wrong = PLANTED_CFG[name]
    text = (hls / "hls_config.cfg").read_text()
    assert right in text
    assert faults(text.replace(right, wrong), hls)
