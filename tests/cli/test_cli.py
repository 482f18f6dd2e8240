"""The command line, as a user types it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from level_tools import every_level
from shared_model import Shared

import gatewright
from gatewright.boards import open_boards
from gatewright.boards.families import OPEN_FAMILIES
from gatewright.cli.commands import main

MODEL = '''
"""A tiny model folder."""
import numpy as np
import torch
from shared_model import Shared


def model():
    return Shared.network()


def example_input():
    return torch.zeros(1, Shared.STEPS, Shared.INPUTS)


def pair():
    return model(), example_input()


def dataset(split):
    x = np.random.default_rng(0).normal(size=(8, Shared.STEPS, Shared.INPUTS)).astype(np.float32)
    with torch.no_grad():
        return x, model()(torch.from_numpy(x)).argmax(1).numpy()
'''


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a model.py, as examples/digits."""
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "model.py").write_text(MODEL)
    return tmp_path / "tiny"


@pytest.fixture
def inputs(shared: Shared, tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", shared.x)
    return tmp_path / "x.npy"


def test_compile_a_folder(folder: Path, tmp_path: Path) -> None:
    done = call("compile", folder, "-o", tmp_path / "b", "--multipliers", 64)
    assert done.exit_code == 0, done.output
    assert "recurrent" in done.output
    assert "cycles for a sequence of 6 steps" in done.output
    assert gatewright.Build(tmp_path / "b").kernels.kernels[0].multiplies <= 64


def test_compile_a_file_to_json(shared: Shared, tmp_path: Path) -> None:
    model = shared.build.path / "1_traced.onnx"
    done = call("compile", model, "-o", tmp_path / "b", "--json")
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert facts["kernels"][0]["kind"] == "recurrent"
    again = gatewright.Build(tmp_path / "b")
    expected = shared.build.simulate(shared.x, "integer", raw=True)
    assert np.array_equal(again.simulate(shared.x, "integer", raw=True), expected)


def test_compile_a_factory(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(folder / "model.py", tmp_path / "factories.py")
    monkeypatch.syspath_prepend(tmp_path)
    done = call("compile", "factories:pair", "-o", tmp_path / "b", "--requantizer", "thresholds")
    assert done.exit_code == 0, done.output


@pytest.mark.compiles
@pytest.mark.parametrize("level", every_level())
def test_simulate_each_level(level: str, shared: Shared, inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "y.npy"
    done = call("simulate", shared.build.path, inputs, "--level", level, "--raw", "-o", out)
    assert done.exit_code == 0, done.output
    expected = shared.build.simulate(shared.x, "integer", raw=True)
    assert np.array_equal(np.load(out), expected)


@pytest.mark.compiles
def test_simulate_with_states(shared: Shared, inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "y.npz"
    done = call("simulate", shared.build.path, inputs, "--states", "-o", out)
    assert done.exit_code == 0, done.output
    stored = np.load(out)
    y, states = shared.build.simulate(shared.x, states=True)
    assert np.array_equal(stored["y"], y)
    assert all(np.array_equal(stored[name], value) for name, value in states.items())


@pytest.mark.compiles
def test_simulate_to_json(shared: Shared, inputs: Path) -> None:
    done = call("simulate", shared.build.path, inputs, "--json", "--raw")
    assert np.array_equal(json.loads(done.stdout)["y"], shared.build.simulate(shared.x, raw=True))


def test_simulate_prints_without_an_output(shared: Shared, inputs: Path) -> None:
    done = call("simulate", shared.build.path, inputs, "--level", "integer")
    assert done.exit_code == 0
    assert "[[" in done.stdout


@pytest.mark.compiles
def test_verify_a_good_build(own_build: gatewright.Build, folder: Path) -> None:
    done = call("verify", own_build.path, "--model", folder)
    assert done.exit_code == 0, done.output
    assert "PASS" in done.output
    assert "100.00%" in done.output


@pytest.mark.compiles
def test_verify_a_broken_build(shared: Shared, tmp_path: Path) -> None:
    shutil.copytree(shared.build.path, tmp_path / "b")
    header = tmp_path / "b" / "hls" / "params.hpp"
    text = header.read_text()
    at = text.index("k0_lstm_layers_0_0_cell_gate_table[")
    begin = text.index("{", at) + 1
    end = text.index(",", begin)
    header.write_text(text[:begin] + str(int(text[begin:end]) + 1) + text[end:])
    done = call("verify", tmp_path / "b", "--levels", "integer,csim")
    assert done.exit_code == 1, done.output
    assert "FAIL" in done.output
    words = " ".join(done.output.split())
    assert "layer lstm.layers.0.0 (forward), step 0, cell gate, unit" in words
    as_json = call("verify", tmp_path / "b", "--levels", "integer,csim", "--json")
    assert as_json.exit_code == 1
    report: dict[str, Any] = json.loads(as_json.stdout)
    assert report["mismatches"] > 0
    assert report["levels"][0]["divergence"]["gate"] == "cell"


ODD_NAMES = ("o[/b]:x:", "[bold]", ":smile:", "a\\[red]")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_are_shown_as_they_are(
    name: str, shared: Shared, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = call("compile", shared.build.path / "1_traced.onnx", "-o", name)
    assert done.exit_code == 0, done.output
    assert f"{name}: kernels" in done.stdout
    done = call("simulate", name, inputs, "--level", "integer", "-o", f"{name}.npy")
    assert done.exit_code == 0, done.output
    assert f"{name}.npy: y [24, 3] float32" in done.stdout
    done = call("compile", f"{name}.onnx", "-o", "b")
    assert done.exit_code == 2
    assert f"Where:  {name}.onnx" in done.stderr


def test_paths_of_tools_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    from gatewright.cli import display
    from gatewright.cli.doctor import Entry

    display.show_tools([Entry("g++", "/opt/[/b]/g++ :x: \udcff", "C-simulate", False)])
    shown = capsys.readouterr().out
    assert "/opt/[/b]/g++ :x: \\udcff" in shown


@pytest.mark.compiles
def test_doctor() -> None:
    done = call("doctor")
    assert done.exit_code == 0, done.output
    assert "C++ compiler" in done.output
    tools = {t["name"]: t for t in json.loads(call("doctor", "--json").stdout)}
    assert tools["onnx"]["found"]
    assert tools["onnx"]["enables"]


@pytest.mark.compiles
def test_doctor_lists_the_whole_open_flow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = tmp_path / "my-nextpnr"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("NEXTPNR_ECP5", str(own))
    monkeypatch.setenv("ICEPACK", "/nowhere/icepack")
    done = call("doctor", "--json")
    assert done.exit_code == 0, done.output  # nothing of it is needed to compile or verify
    tools = {t["name"]: t for t in json.loads(done.stdout)}
    assert tools["nextpnr-ecp5"]["found"] == str(own)
    assert tools["icepack"]["found"] is None
    assert "Correct the variable" in tools["icepack"]["problem"]
    assert {"verilator", "yosys", "pyserial"} < set(tools)
    for family in OPEN_FAMILIES.values():
        boards = [board.name for board in open_boards().values() if board.family is family]
        for program in (family.nextpnr, family.packer):
            tool = tools[program.name]
            words = tool["enables"].removesuffix(f"; {program.choice}")
            assert words.endswith(f" for {', '.join(boards)}")
            assert not tool["needed"]


@pytest.mark.compiles
def test_demo_on_another_folder(folder: Path, tmp_path: Path) -> None:
    done = call("demo", folder, "-o", tmp_path / "b", "--board", "none")
    assert done.exit_code == 0, done.output
    assert "Accuracy" in done.output
    assert "not one integer differs" in done.output or "boundary" in done.output


@pytest.mark.parametrize("command", [[], *([c] for c in main.commands)])
def test_help(command: list[str]) -> None:
    done = call(*command, "-h")
    assert done.exit_code == 0
    assert "Usage:" in done.output


def test_an_error_is_coded_and_leaves_with_2(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gatewright", "compile", str(tmp_path / "no.onnx"), "-o", "b"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert "GW-201" in done.stderr
    assert "no.onnx" in done.stderr
    assert "Remedy" in done.stderr
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "GW-201"
    assert not (tmp_path / "b").exists()


def test_an_array_that_cannot_be_read(shared: Shared, tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_text("no array")
    done = call("simulate", shared.build.path, tmp_path / "x.npy")
    assert done.exit_code == 2
    assert "GW-601" in done.stderr
    done = call("simulate", shared.build.path, tmp_path / "x.npy", "--json")
    assert json.loads(done.stdout)["error"]["where"].endswith("x.npy")


def coded(*arguments: object) -> dict[str, str]:
    """The error of a command line: code 2, the same facts for people and for machines."""
    done = call(*arguments, "--json")
    assert done.exit_code == 2, done.output
    error: dict[str, str] = json.loads(done.stdout)["error"]
    for fact in ("code", "where", "cause", "remedy"):
        assert error[fact]
        assert error[fact] in done.stderr
    assert "Traceback" not in done.output
    return error


def test_errors_of_compile(folder: Path, shared: Shared, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / "text.onnx").write_text("no model" * 50)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.tex").write_text("years of work")
    assert coded("compile", tmp_path / "text.onnx", "-o", out)["code"] == "GW-202"
    assert coded("compile", folder, "-o", tmp_path / "precious")["code"] == "GW-401"
    assert "zcu104" in coded("compile", folder, "-o", out, "--board", "x")["remedy"]
    assert coded("compile", shared.build.path, "-o", out)["code"] == "GW-603"
    assert (tmp_path / "precious" / "thesis.tex").read_text() == "years of work"
    assert not out.exists()


@pytest.mark.compiles
def test_errors_of_simulate_and_verify(shared: Shared, inputs: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "flat.npy", shared.x[0])
    build = shared.build.path
    assert coded("simulate", build, tmp_path / "flat.npy")["code"] == "GW-601"
    assert coded("simulate", build, tmp_path / "no.npy")["code"] == "GW-601"
    assert coded("simulate", tmp_path, inputs)["code"] == "GW-402"
    assert coded("verify", build, "--levels", "integer,silicon")["code"] == "GW-602"
    assert coded("verify", build, "--levels", "csim")["code"] == "GW-602"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def model(:", "SyntaxError in model.py, line 1"),
        ("import nothing_of_that_name", "ModuleNotFoundError in model.py, line 1"),
        ("\ndef model():\n    open('no.pt')", "FileNotFoundError in model.py, line 3"),
        ("def model():\n    return 1, 2, 3", "3 values"),
        ("def model():\n    return 1", "no function example_input()"),
        ("def model():\n    return 1\ndef example_input():\n    return 1 / 0", "line 4"),
        ("x = 1", "no function model()"),
        ("def model():\n    return ()", "0 values"),
        ("def model():\n    return 'a.onnx', None", "model() gives a path"),
        ("raise SystemExit", "SystemExit in model.py, line 1"),
        ("import sys\ndef model():\n    sys.exit(0)", "SystemExit in model.py, line 3: 0"),
        ("class E(BaseException): ...\nraise E('x')", "E in model.py, line 2: x"),
        (
            "class E(Exception):\n    def __str__(self):\n        return 1\nraise E",
            "its message fails with TypeError",
        ),
    ],
)
def test_a_model_folder_that_fails(code: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "model.py").write_text(code)
    error = coded("compile", tmp_path / "bad", "-o", tmp_path / "out")
    assert error["code"] == "GW-603"
    assert told in error["cause"]


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    error = coded("compile", tmp_path / "nothing", "-o", tmp_path / "out")
    assert error["code"] == "GW-603"
    assert "there is no such file or folder" in error["cause"]
    assert coded("demo", tmp_path / "nothing", "-o", tmp_path / "out")["code"] == "GW-603"


@pytest.mark.parametrize(
    "argument", [":x", "..:x", "x:", "x:y:z", "os.path:join", "json:dumps", "n" * 300]
)
def test_a_model_argument_that_is_odd(argument: str, tmp_path: Path) -> None:
    error = coded("compile", argument, "-o", tmp_path / "out")
    assert (error["code"], error["where"]) == ("GW-603", argument)
    assert not (tmp_path / "out").exists()


def test_verify_does_not_leave_torch_out_silently(shared: Shared) -> None:
    build = shared.build.path
    error = coded("verify", build, "--model", build / "1_traced.onnx")
    assert error["code"] == "GW-603"
    assert "torch" in error["cause"]


def test_an_unknown_split(shared: Shared, folder: Path) -> None:
    path = folder / "model.py"
    path.write_text(path.read_text().replace("(split):", "(split):\n    {'test': 1}[split]"))
    error = coded("verify", shared.build.path, "--model", folder, "--split", "none")
    assert error["code"] == "GW-603"
    assert "KeyError" in error["cause"]


@pytest.mark.parametrize(
    ("options", "name"),
    [((), "y"), ((), "y.npz"), (("--states",), "y.npy"), ((), "none/y.npy")],
)
def test_simulate_writes_the_file_it_was_told_or_none(
    options: tuple[str, ...], name: str, shared: Shared, inputs: Path, tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())
    done = call("simulate", shared.build.path, inputs, *options, "-o", tmp_path / name)
    assert done.exit_code == 2
    assert "Invalid value for -o" in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_compile_has_a_default_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("compile", folder).exit_code == 0
    assert gatewright.Build(tmp_path / "build" / "model").kernels.steps == 6


def test_doctor_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from gatewright.cli import doctor

    real = doctor._package
    monkeypatch.setattr(doctor, "_package", lambda n: None if n == "onnx" else real(n))
    done = call("doctor")
    assert done.exit_code == 1
    assert "needs onnx" in done.output
