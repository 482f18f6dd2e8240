"""``lint-hls`` on projects of hls4ml: it finds nothing in our layers, and what is planted there."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from hls4ml_grid import IO_TYPES, drawn
from hls4ml_models import LAST, H, I, Model, T, calibrated, layer, linear
from hls4ml_runs import convert
from test_hls4ml_around import two
from test_hls4ml_states import GivenLstm

from gatewright.cli.commands import main
from gatewright.errors import GatewrightError
from gatewright.lint.foreign import project_report
from gatewright.tools.compiler import find_compiler

pytestmark = pytest.mark.compiles


def lstm(**options: Any) -> Model:
    return calibrated(Model(LAST["all"], rnn=layer("lstm", **options)))


def given() -> torch.nn.Module:
    model = GivenLstm("lstm", bidirectional=True).train()
    with torch.no_grad():
        model(torch.randn(2, T, I), *(torch.randn(2, 2, H) for _ in range(2)))
    return model.eval()


MODELS = {
    "stack": lambda: lstm(num_layers=2, bits=4),
    "bidirectional": lambda: lstm(bidirectional=True),
    "two": lambda: calibrated(two()),
    "last": lambda: calibrated(
        Model(lambda m, x: m.out(m.rnn(x)[0][:, -1]), rnn=layer("rnn"), out=linear(H, 3))
    ),
}


CASES = list(itertools.product(MODELS, IO_TYPES))


@pytest.mark.parametrize(("name", "io_type"), drawn(CASES, 1))
def test_nothing_is_found(name: str, io_type: str, tmp_path: Path) -> None:
    convert(MODELS[name](), tmp_path, (T, I), io_type=io_type, reuse=4).write()
    report = project_report(tmp_path)
    assert report.findings == ()
    assert {pipeline.interval for pipeline in report.pipelines} == {1}
    kernels = {pipeline.kernel for pipeline in report.pipelines}
    assert "s_axis_end" in kernels and len(kernels) > 1


@pytest.mark.parametrize("io_type", drawn(IO_TYPES, 1))
def test_nothing_is_found_where_states_are_given(io_type: str, tmp_path: Path) -> None:
    convert(given(), tmp_path, [(T, I), (2, H), (2, H)], io_type=io_type).write()
    report = project_report(tmp_path)
    assert report.findings == ()
    assert {"read_x1", "read_x2"} <= {pipeline.kernel for pipeline in report.pipelines}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    convert(lstm(), tmp_path, (T, I), io_type="io_stream").write()
    return tmp_path


def test_the_command(project: Path) -> None:
    done = CliRunner().invoke(main, ["lint-hls", str(project)])
    assert done.exit_code == 0 and "0 findings" in done.output, done.output


PLANTED = {
    "a loop that is no pipeline": (
        "gatewright_hls4ml.hpp",
        "#pragma HLS pipeline II = 1 style = flp\n",
        "",
        "loops-outside",
    ),
    "a port without an interface": (
        "myproject_rnn_2_hls.cpp",
        "#pragma HLS interface mode=axis port=y\n",
        "",
        "port-interface",
    ),
    "a memory of the library": (
        "gatewright_v1/recurrent.hpp",
        "#pragma HLS array_partition variable = x type = complete dim = 0\n",
        "",
        "memory-ports",
    ),
}


@pytest.mark.parametrize("name", drawn(list(PLANTED), 1))
def test_what_is_planted_is_found(name: str, project: Path) -> None:
    file, text, other, rule = PLANTED[name]
    path = project / "firmware" / file
    assert text in path.read_text()
    path.write_text(path.read_text().replace(text, other))
    done = CliRunner().invoke(main, ["lint-hls", str(project), "--json"])
    found = {(f["rule"], f["file"]) for f in json.loads(done.stdout)["findings"]}
    assert done.exit_code == 1 and (rule, f"firmware/{file}") in found, found


@pytest.mark.parametrize("gone", ["myproject_rnn_2.json", "gatewright_hls4ml.hpp"])
def test_a_file_that_is_missing(gone: str, project: Path) -> None:
    (project / "firmware" / gone).unlink()
    with pytest.raises(GatewrightError, match="GW-402"):
        project_report(project)


def test_a_project_without_a_layer_of_ours(tmp_path: Path) -> None:
    (tmp_path / "hls4ml_config.yml").write_text("ProjectName: other\n")
    done = CliRunner().invoke(main, ["lint-hls", str(tmp_path)])
    assert done.exit_code == 2 and "GW-402" in done.output


def test_vitis_is_told_the_standard_of_ours(project: Path) -> None:
    """And a layer alone compiles by it, without a warning."""
    script = (project / "build_prj.tcl").read_text()
    assert "-std=c++14" in script and "c++0x" not in script
    command = [*find_compiler().command, "-std=c++14", "-fsyntax-only", "-Wall", "-Wextra"]
    flags = ["-Wno-unknown-pragmas", "-Werror", "-isystem", "ap_types", "myproject_rnn_2_hls.cpp"]
    subprocess.run([*command, *flags], cwd=project / "firmware", check=True)
