"""The Python API: compile, simulate, reopen."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from level_tools import every_level
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from shared_model import Shared

import gatewright
from gatewright.boards.vitis.flow import MARKS
from gatewright.builds.folder import OLD, REPORT, SYNTH, VERIFY, WAVES
from gatewright.hls_templates.kernels.recurrent.kernel import RecurrentRecord
from gatewright.hls_templates.records import RequantizerRecord
from gatewright.ir.traced import respecialize

FEW = Path(__file__).parents[1] / "snapshot/model.onnx"
"""A model that takes a moment."""
ARTEFACTS = (
    "1_traced.onnx",
    "2_integer.onnx",
    "2_standard.onnx",
    "3_kernels.json",
    "certificate.json",
    "gatewright.json",
    "hls/params.hpp",
    "hls/top.cpp",
    "hls/tb.cpp",
    "hls/hls_config.cfg",
    "hls/run_hls.tcl",
    "hls/golden/s_axis.dat",
    "hls/golden/m_axis.dat",
    "rtl/sources.f",
    "rtl/gatewright_params_pkg.sv",
    "rtl/gw_recurrent_v1.sv",
    "rtl/gatewright_core.sv",
    "rtl/gatewright_top.sv",
    "rtl/rom/gatewright_k0_lstm_layers_0_0_weight_file.hex",
)


def contents(folder: Path) -> dict[str, bytes]:
    """What compile wrote: simulations and reports are kept beside it."""
    files = (p for p in folder.rglob("*") if p.is_file())
    named = {p.relative_to(folder).as_posix(): p for p in files}
    return {
        name: path.read_bytes()
        for name, path in named.items()
        if name.partition("/")[0] not in (*OLD.values(), WAVES, SYNTH, VERIFY, REPORT)
    }


def test_all_artefacts_are_there(shared: Shared) -> None:
    assert set(ARTEFACTS) <= set(contents(shared.build.path))


def test_a_long_example_gives_short_trials(shared: Shared, tmp_path: Path) -> None:
    from gatewright.verify.verify import random_input

    model = onnx.ModelProto()
    model.CopyFrom(shared.build.traced)
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 2**16
    build = gatewright.compile(model, None, tmp_path / "b")
    assert build.kernels.steps == 2**16
    first, _, _ = (build.path / "hls/golden/s_axis.dat").read_text().partition("\n\n")
    assert len(first.splitlines()) == 1024
    assert [x.shape for x in random_input(build, 2)] == [(2, 1024, Shared.INPUTS)]


@pytest.mark.compiles
@pytest.mark.parametrize("level", every_level())
def test_every_level_gives_torch_values(shared: Shared, level: str) -> None:
    with torch.no_grad():
        expected = shared.model(torch.from_numpy(shared.x)).numpy()
    (output,) = shared.build.integer.outputs
    (tensor,) = output.tensors
    codes = shared.build.simulate(shared.x, level=level, raw=True)
    assert codes.dtype == np.int64
    assert np.array_equal(codes, output.codes(output.nearest(expected)))
    floats = shared.build.simulate(shared.x, level=level)
    assert floats.dtype == np.float32
    assert np.array_equal(output.nearest(floats)[tensor], output.nearest(expected)[tensor])


@pytest.mark.compiles
@pytest.mark.parametrize("level", every_level())
def test_states_of_every_step(shared: Shared, level: str) -> None:
    reference = gatewright.frontend.TorchReference(shared.model).run(shared.x)
    _, codes = shared.build.simulate(shared.x, level, raw=True, states=True)
    _, floats = shared.build.simulate(shared.x, level, states=True)
    assert set(codes) == {"lstm.layers.0.0/h", "lstm.layers.0.0/c"}
    for name, value in codes.items():
        assert value.shape == (len(shared.x), shared.STEPS, shared.HIDDEN)
        assert np.array_equal(value, reference.taps[name])
        scale = float.fromhex(shared.build.kernels.states[name].scales[0])
        assert np.array_equal(floats[name], (value * scale).astype(np.float32))


@pytest.mark.compiles
def test_native_and_ap_builds_agree_on_every_value(shared: Shared) -> None:
    fast = shared.build.engine("csim", taps=True, native=True)((shared.x,))
    exact = shared.build.engine("csim", taps=True, native=False)((shared.x,))
    assert fast.n.keys() == exact.n.keys() == set(shared.build.integer.graph.outputs)
    assert all(np.array_equal(fast.n[k], exact.n[k]) for k in fast.n)
    assert fast.taps.keys() == exact.taps.keys()
    assert all(np.array_equal(fast.taps[k], exact.taps[k]) for k in fast.taps)


@pytest.mark.compiles
def test_thresholds_and_multipliers_agree_on_every_value(
    shared: Shared, shared_thresholds: Shared
) -> None:
    kinds = {r.variant for r in _requantizers(shared)}
    kept = {r.variant for r in _requantizers(shared_thresholds)}
    assert "affine" in kinds
    assert kept == {"thresholds"}
    a = shared.build.engine("csim", taps=True)((shared.x,))
    b = shared_thresholds.build.engine("csim", taps=True)((shared.x,))
    assert a.taps
    assert all(np.array_equal(a.taps[k], b.taps[k]) for k in a.taps)


def _requantizers(shared: Shared) -> list[RequantizerRecord]:
    kernel = shared.build.kernels.kernels[0]
    assert isinstance(kernel, RecurrentRecord)
    return list(kernel.requantizers.values())


@pytest.mark.compiles
def test_other_batches_and_lengths_need_no_new_build(shared: Shared) -> None:
    x = np.random.default_rng(0).normal(size=(3, 11, shared.INPUTS)).astype(np.float32)
    results = [shared.build.simulate(x, level, raw=True) for level in gatewright.FAST_LEVELS]
    assert all(np.array_equal(r, results[0]) for r in results)


def test_the_same_model_gives_the_same_bytes(shared: Shared, tmp_path: Path) -> None:
    again = gatewright.compile(Shared.network(), shared.example, tmp_path / "again")
    assert contents(again.path) == contents(shared.build.path)


def test_a_reopened_build_gives_the_same(shared: Shared) -> None:
    again = gatewright.Build(shared.build.path)
    assert np.array_equal(
        again.simulate(shared.x, "integer"), shared.build.simulate(shared.x, "integer")
    )


def test_qonnx_runs_the_traced_graph(shared: Shared) -> None:
    model = ModelWrapper(respecialize(shared.build.traced, [shared.x.shape]))
    y = execute_onnx(model, {"x": shared.x})["y"]
    (output,) = shared.build.integer.outputs
    expected = shared.build.simulate(shared.x, "integer", raw=True)
    assert np.array_equal(output.codes(output.nearest(y)), expected)


@pytest.mark.compiles
def test_onnxruntime_alone_runs_the_standard_graph(shared: Shared, tmp_path: Path) -> None:
    model = shared.build.path / "2_standard.onnx"
    assert {o.domain for o in onnx.load(str(model)).opset_import} == {""}
    np.save(tmp_path / "x.npy", shared.x)
    code = (
        "import sys, numpy, onnxruntime;"
        "s = onnxruntime.InferenceSession(sys.argv[1]);"
        "y = s.run(['y.codes'], {'x': numpy.load(sys.argv[2])})[0];"
        "assert not any(m.startswith(('gatewright', 'qonnx')) for m in sys.modules);"
        "numpy.save(sys.argv[3], y)"
    )
    paths = [str(model), str(tmp_path / "x.npy"), str(tmp_path / "y.npy")]
    subprocess.run([sys.executable, "-c", code, *paths], check=True, cwd=tmp_path)
    expected = shared.build.simulate(shared.x, "csim", raw=True)
    assert np.array_equal(np.load(tmp_path / "y.npy"), expected)


def test_the_standard_graph_passes_the_onnx_checker(shared: Shared) -> None:
    onnx.checker.check_model(str(shared.build.path / "2_standard.onnx"), full_check=True)


def test_qonnx_runs_one_step_of_the_cell(shared: Shared) -> None:
    from gatewright.ir.interpreter import run_body
    from gatewright.ir.onnx_io import step_model

    body = shared.build.integer.graph.scans()[0].body
    assert body is not None
    rng = np.random.default_rng(0)
    feeds = {
        name: rng.integers(body[name].type.lo, body[name].type.hi + 1, (4, body[name].shape[1]))
        for name in body.inputs
    }
    expected = run_body(body, list(feeds.values()))
    result = execute_onnx(ModelWrapper(step_model(body, batch=4)), feeds, True)
    for name in ("input_sum", "input_gate", "c", "h"):
        assert np.array_equal(result[name], expected[name]), name


@pytest.mark.compiles
def test_the_test_bench_passes_on_its_golden_vectors(shared: Shared, tmp_path: Path) -> None:
    from gatewright.tools.compiler import ap_types, find_compiler, warnings

    hls = shared.build.path / "hls"
    binary = tmp_path / "tb"
    includes = [f"-I{hls}", f"-I{hls / 'gatewright'}", f"-isystem{ap_types()}"]
    sources = [str(hls / "tb.cpp"), str(hls / "top.cpp")]
    # C++14 is what Vitis HLS compiles by default.
    compiler = find_compiler()
    flags = ["-std=c++14", *warnings(compiler), "-Werror=shadow"]
    command = [*compiler.command, *flags, *includes, *sources]
    subprocess.run([*command, "-o", str(binary)], check=True)
    done = subprocess.run([str(binary), str(hls / "golden")], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("PASS: 16 sequences, 0 values differ")
    broken = tmp_path / "golden"
    broken.mkdir()
    (broken / "s_axis.dat").write_text((hls / "golden/s_axis.dat").read_text())
    wrong = (hls / "golden/m_axis.dat").read_text().replace("1", "2", 1)
    (broken / "m_axis.dat").write_text(wrong)
    done = subprocess.run([str(binary), str(broken)], capture_output=True, text=True)
    assert done.returncode == 1
    assert "FAIL" in done.stdout


@pytest.mark.compiles
def test_an_exported_file_gives_the_module_s_integers(shared: Shared, tmp_path: Path) -> None:
    from brevitas.export import export_qonnx

    path = tmp_path / "model.onnx"
    export_qonnx(shared.model, shared.example, str(path), dynamo=False)
    for source in (path, str(path), onnx.load(str(path))):
        build = gatewright.compile(source, output_dir=tmp_path / "build")
        report = build.verify(shared.x, model=shared.model)
        assert report.mismatches == 0
        assert np.array_equal(
            build.simulate(shared.x, "csim", raw=True),
            shared.build.simulate(shared.x, "csim", raw=True),
        )


def test_onnxruntime_warns_of_nothing(shared: Shared, capfd: pytest.CaptureFixture[str]) -> None:
    onnxruntime.InferenceSession(str(shared.build.path / "2_standard.onnx"))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "made",
    [
        "pynq-z2/vivado/gatewright.bit",
        "pynq-z2.tried/vivado/vivado.log",
        "pynq-z2.before/vivado/utilization.rpt",
        f"pynq-z2/{MARKS}/csynth",
    ],
)
def test_what_a_vendors_tool_made_is_not_lost(made: str, shared: Shared, tmp_path: Path) -> None:
    target = shutil.copytree(shared.build.path, tmp_path / "build")
    result = target / SYNTH / made
    result.parent.mkdir(parents=True)
    result.write_text("hours of work")
    board = made.partition("/")[0]
    with pytest.raises(gatewright.GatewrightError, match=rf"GW-401.*{SYNTH}/{board}"):
        gatewright.compile(FEW, output_dir=target)
    assert result.read_text() == "hours of work"
    (target / SYNTH / board).rename(tmp_path / "kept")
    gatewright.compile(FEW, output_dir=target)
    assert not (target / SYNTH).exists()


def test_scripts_that_nobody_ran_are_replaced(shared: Shared, tmp_path: Path) -> None:
    target = shutil.copytree(shared.build.path, tmp_path / "build")
    script = target / SYNTH / "pynq-z2/vivado/project.tcl"
    script.parent.mkdir(parents=True)
    script.touch()
    gatewright.compile(FEW, output_dir=target)
    assert not script.exists()
