"""Bad input: a coded error that names place and remedy, and nothing half written."""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brevitas.nn as qnn
import numpy as np
import onnx
import pytest
import torch
from shared_model import Shared
from torch import nn

import gatewright
from gatewright.builds.folder import NO_PART
from gatewright.cli.models import load_model
from gatewright.errors import CODES, GatewrightError

Bad = Callable[[Shared, Path], tuple[Any, Any]]


class Holder(nn.Module):
    """A QuantLSTM and a float layer behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = qnn.QuantLSTM(5, 7, batch_first=True)
        self.conv = nn.Conv1d(7, 7, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(self.lstm(x)[0])


def calibrated(model: nn.Module) -> nn.Module:
    model.train()
    with torch.no_grad():
        model.lstm(torch.randn(4, 6, 5))
    return model.eval()


def untrained(shared: Shared, folder: Path) -> tuple[Any, Any]:
    return qnn.QuantLSTM(5, 7, batch_first=True).eval(), shared.example


def in_training(shared: Shared, folder: Path) -> tuple[Any, Any]:
    return Shared.network().train(), shared.example


def unsupported(shared: Shared, folder: Path) -> tuple[Any, Any]:
    return calibrated(Holder()), shared.example


def wrong_shape(shared: Shared, folder: Path) -> tuple[Any, Any]:
    return Shared.network(), torch.zeros(2, 6, 9)


def nan_weight(shared: Shared, folder: Path) -> tuple[Any, Any]:
    model = Shared.network()
    with torch.no_grad():
        model.lstm.layers[0][0].cell_gate_params.input_weight.weight[1, 2] = float("nan")
    return model, shared.example


def traced_with_scale(value: float) -> Bad:
    def make(shared: Shared, folder: Path) -> tuple[Any, Any]:
        model = onnx.ModelProto()
        model.CopyFrom(shared.build.traced)
        quant = next(n for n in model.graph.node if n.op_type == "Quant")
        scale = next(i for i in model.graph.initializer if i.name == quant.input[1])
        scale.CopyFrom(onnx.numpy_helper.from_array(np.float32(value), scale.name))
        return model, None

    return make


def written(content: bytes) -> Bad:
    def make(shared: Shared, folder: Path) -> tuple[Any, Any]:
        path = folder / "model.onnx"
        path.write_bytes(content)
        return path, None

    return make


def truncated(shared: Shared, folder: Path) -> tuple[Any, Any]:
    whole = (shared.build.path / "1_traced.onnx").read_bytes()
    return written(whole[: len(whole) // 2])(shared, folder)


def dynamo_export(shared: Shared, folder: Path) -> tuple[Any, Any]:
    from brevitas.export import export_qonnx

    path = folder / "dynamo.onnx"
    lstm = calibrated_lstm()
    export_qonnx(lstm, torch.randn(2, 6, 5), str(path))
    assert not onnx.load(str(path)).graph.node
    return path, None


def calibrated_lstm() -> nn.Module:
    lstm = qnn.QuantLSTM(5, 7, batch_first=True).train()
    with torch.no_grad():
        lstm(torch.randn(4, 6, 5))
    return lstm.eval()


def missing_file(shared: Shared, folder: Path) -> tuple[Any, Any]:
    return folder / "nothing.onnx", None


BAD_MODELS: dict[str, tuple[Bad, str, str]] = {
    "untrained": (untrained, "GW-103", "train"),
    "in_training": (in_training, "GW-102", "eval()"),
    "unsupported": (unsupported, "GW-101", "QuantConv1d"),
    "wrong_shape": (wrong_shape, "GW-106", ""),
    "nan_weight": (nan_weight, "GW-104", ""),
    "zero_scale": (traced_with_scale(0.0), "GW-105", ""),
    "negative_scale": (traced_with_scale(-0.5), "GW-105", ""),
    "not_onnx": (written(b"\x89PNG\r\n\x1a\n not a model at all" * 20), "GW-202", ""),
    "truncated": (truncated, "GW-203", ""),
    "no_nodes": (dynamo_export, "GW-204", "dynamo=False"),
    "missing_file": (missing_file, "GW-201", ""),
}


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def check(error: GatewrightError, code: str, remedy: str) -> None:
    assert error.code == code, error
    assert error.where and error.cause and error.remedy
    assert remedy in error.remedy
    assert code in str(error)


@pytest.mark.parametrize("name", BAD_MODELS)
def test_a_bad_model_leaves_no_folder(name: str, shared: Shared, tmp_path: Path) -> None:
    make, code, remedy = BAD_MODELS[name]
    (tmp_path / "source").mkdir()
    model, example = make(shared, tmp_path / "source")
    with pytest.raises(GatewrightError) as caught:
        gatewright.compile(model, example, tmp_path / "out" / "build")
    check(caught.value, code, remedy)
    assert not list((tmp_path / "out").rglob("*"))


@pytest.mark.parametrize("name", ["untrained", "truncated", "zero_scale"])
def test_a_bad_model_leaves_the_old_build(name: str, shared: Shared, tmp_path: Path) -> None:
    shutil.copytree(shared.build.path, tmp_path / "build")
    before = snapshot(tmp_path)
    source = tmp_path.parent / f"{tmp_path.name}-source"
    source.mkdir()
    model, example = BAD_MODELS[name][0](shared, source)
    with pytest.raises(GatewrightError):
        gatewright.compile(model, example, tmp_path / "build")
    assert snapshot(tmp_path) == before
    assert [p.name for p in tmp_path.iterdir()] == ["build"]


def test_a_new_build_replaces_an_old_one_whole(shared: Shared, tmp_path: Path) -> None:
    shutil.copytree(shared.build.path, tmp_path / "build")
    edited = tmp_path / "build" / "hls" / "top.cpp"
    edited.write_text("to see what verify finds")
    for name in NO_PART:
        place = tmp_path / "build" / name
        place.write_text("ours") if "." in name else (place / "board.tried").mkdir(parents=True)
    gatewright.compile(shared.model, shared.example, tmp_path / "build")
    assert edited.read_bytes() == (shared.build.path / "hls" / "top.cpp").read_bytes()
    assert not [name for name in NO_PART if (tmp_path / "build" / name).exists()]
    assert [p.name for p in tmp_path.iterdir()] == ["build"]


@pytest.mark.parametrize("name", ["", "hls/", "hls/golden/", "rtl/", "rtl/rom/", "hls/mine/"])
def test_a_build_with_a_file_of_the_user_is_kept(name: str, shared: Shared, tmp_path: Path) -> None:
    shutil.copytree(shared.build.path, tmp_path / "build")
    (tmp_path / "build" / name).mkdir(exist_ok=True)
    (tmp_path / "build" / name / "notes.txt").write_text("years of work")
    before = snapshot(tmp_path)
    with pytest.raises(GatewrightError) as caught:
        gatewright.compile(shared.model, shared.example, tmp_path / "build")
    check(caught.value, "GW-401", "")
    assert ("hls/mine" if "mine" in name else f"{name}notes.txt") in caught.value.cause
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("name", ["hls", "hls/top.cpp"])
def test_a_folder_of_the_user_in_the_place_of_ours_is_kept(
    name: str, shared: Shared, tmp_path: Path
) -> None:
    build, mine = tmp_path / "build", tmp_path / "mine"
    shutil.copytree(shared.build.path, build)
    place = build / name
    if place.is_dir():
        place.rename(mine)
        place.symlink_to(mine)
    else:
        place.unlink()
        (place / "mine").mkdir(parents=True)
    before = snapshot(tmp_path)
    with pytest.raises(GatewrightError) as caught:
        gatewright.compile(shared.model, shared.example, build)
    check(caught.value, "GW-401", "")
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("kind", ["files", "file", "page"])
def test_an_output_folder_that_is_not_ours(kind: str, shared: Shared, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    if kind != "file":
        target.mkdir()
        (target / ("thesis.tex" if kind == "files" else "report.html")).write_text("years of work")
    else:
        target.write_text("years of work")
    before = snapshot(tmp_path)
    with pytest.raises(GatewrightError) as caught:
        gatewright.compile(shared.model, shared.example, target)
    check(caught.value, "GW-401", "")
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("content", ["", "{}", '{"files": 3}', '{"files": {"thesis.tex": ""}}'])
def test_a_file_of_our_name_does_not_make_a_folder_ours(
    content: str, shared: Shared, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    (home / "photos").mkdir(parents=True)
    (home / "photos" / "one.jpg").write_text("the only copy")
    (home / "gatewright.json").write_text(content)
    before = snapshot(tmp_path)
    with pytest.raises(GatewrightError) as caught:
        gatewright.compile(shared.model, shared.example, home)
    check(caught.value, "GW-401", "new folder")
    assert snapshot(tmp_path) == before
    assert [p.name for p in tmp_path.iterdir()] == ["home"]


def test_a_file_in_the_way(shared: Shared, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("years of work")
    before = snapshot(tmp_path)
    with pytest.raises(GatewrightError) as caught:
        gatewright.compile(shared.model, shared.example, tmp_path / "file" / "build")
    check(caught.value, "GW-404", "")
    assert snapshot(tmp_path) == before


def test_a_link_stays_a_link(shared: Shared, tmp_path: Path) -> None:
    shutil.copytree(shared.build.path, tmp_path / "real")
    (tmp_path / "real" / "hls" / "top.cpp").write_text("edited")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    gatewright.compile(shared.model, shared.example, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "hls" / "top.cpp").read_text() != "edited"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "real"]


def test_the_current_folder(
    shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GatewrightError) as caught:
        gatewright.compile(shared.model, shared.example, ".")
    check(caught.value, "GW-401", "build/model")
    assert not list(tmp_path.iterdir())


def test_an_unknown_board(shared: Shared, tmp_path: Path) -> None:
    with pytest.raises(GatewrightError) as caught:
        gatewright.compile(shared.model, shared.example, tmp_path / "b", board="nonsense")
    check(caught.value, "GW-403", "pynq-z2")


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("multipliers", -5, "GW-405"),
        ("multipliers", 0, "GW-405"),
        ("multipliers", 3, "GW-405"),
        ("multipliers", 2.5, "GW-405"),
        ("multipliers", "8", "GW-405"),
        ("multipliers", True, "GW-405"),
        ("max_steps", 1 << 40, "GW-405"),
        ("requantizer", "zzz", "GW-405"),
        ("requantizer", ["auto"], "GW-405"),
        ("board", ["pynq-z2"], "GW-403"),
        ("board", None, "GW-403"),
        ("output_dir", "a\0b", "GW-404"),
        ("output_dir", "n" * 300, "GW-404"),
        ("output_dir", None, "GW-404"),
        ("output_dir", "loop/b", "GW-404"),
    ],
)
def test_an_option_that_cannot_be(
    option: str,
    value: Any,
    code: str,
    shared: Shared,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.chdir(tmp_path)
    options = {"output_dir": "b", option: value}
    with pytest.raises(GatewrightError) as caught:
        gatewright.compile(shared.model, shared.example, **options)
    check(caught.value, code, "")
    assert [p.name for p in tmp_path.iterdir()] == ["loop"]


def test_an_integer_of_numpy_is_a_count(shared: Shared, tmp_path: Path) -> None:
    counts = {"multipliers": np.int64(64)}
    build = gatewright.compile(shared.model, shared.example, tmp_path / "b", **counts)
    assert build.kernels.kernels[0].multiplies <= 64


def test_a_path_through_a_folder_that_is_not_there(
    shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    build = gatewright.compile(shared.model, shared.example, "../zz/../yy")
    assert build.path == tmp_path / "yy"
    assert build.integer.graph.outputs == shared.build.integer.graph.outputs
    assert sorted(p.name for p in tmp_path.iterdir()) == ["work", "yy"]


def fresh(shared: Shared, folder: Path) -> gatewright.Build:
    """A build without compiled libraries."""
    shutil.copytree(shared.build.path, folder / "b", ignore=shutil.ignore_patterns("csim"))
    return gatewright.Build(folder / "b")


@pytest.mark.parametrize("named", [None, "no-such-compiler"])
def test_no_compiler(
    named: str | None, shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = fresh(shared, tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    if named:
        monkeypatch.setenv("CXX", named)
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *a: None if n == "ziglang" else real(n, *a)
    )
    with pytest.raises(GatewrightError) as caught:
        build.simulate(shared.x)
    check(caught.value, "GW-501", "g++")
    assert not list((tmp_path / "b").glob("csim/*"))


@pytest.mark.compiles
def test_a_compiler_that_fails(shared: Shared, tmp_path: Path) -> None:
    build = fresh(shared, tmp_path)
    (build.path / "hls/top.cpp").write_text("this is not C++")
    with pytest.raises(GatewrightError) as caught:
        build.simulate(shared.x)
    check(caught.value, "GW-502", "csim.so")
    assert not list((tmp_path / "b").glob("csim/*"))


def test_a_missing_file_in_a_build(shared: Shared, tmp_path: Path) -> None:
    build = fresh(shared, tmp_path)
    (build.path / "2_integer.onnx").unlink()
    with pytest.raises(GatewrightError) as caught:
        gatewright.Build(build.path)
    check(caught.value, "GW-402", "ompile")
    assert "2_integer.onnx" in caught.value.cause


@pytest.mark.parametrize("content", [None, "{", "[]", '{"files": 3}'])
def test_a_folder_that_is_no_build(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "gatewright.json").write_text(content)
    with pytest.raises(GatewrightError) as caught:
        gatewright.Build(tmp_path)
    check(caught.value, "GW-402", "ompile")


BAD_INPUTS: dict[str, Any] = {
    "rank": np.zeros((6, 5), np.float32),
    "features": np.zeros((2, 6, 4), np.float32),
    "no_sequence": np.zeros((0, 6, 5), np.float32),
    "no_step": np.zeros((2, 0, 5), np.float32),
    "text": np.full((2, 6, 5), "a"),
    "complex": np.zeros((2, 6, 5), np.complex64),
    "nan": np.full((2, 6, 5), np.nan, np.float32),
}


@pytest.mark.parametrize("name", BAD_INPUTS)
@pytest.mark.parametrize("call", ["simulate", "verify"])
def test_an_input_that_does_not_fit(name: str, call: str, shared: Shared) -> None:
    with pytest.raises(GatewrightError) as caught:
        getattr(shared.build, call)(BAD_INPUTS[name])
    check(caught.value, "GW-601", "[B, T, I]")
    assert "infinities saturate" in caught.value.remedy


@pytest.mark.compiles
def test_infinite_inputs_saturate(shared: Shared) -> None:
    far = np.full((1, 2, 5), np.inf, np.float32)
    large = np.full((1, 2, 5), 1e30, np.float32)
    for level in gatewright.FAST_LEVELS[1:]:
        a, b = (shared.build.simulate(x, level, raw=True) for x in (far, large))
        assert np.array_equal(a, b)


@pytest.mark.compiles
@pytest.mark.parametrize("levels", [("csim", "silicon"), ("csim",)])
def test_unknown_or_too_few_levels(levels: tuple[str, ...], shared: Shared) -> None:
    with pytest.raises(GatewrightError) as caught:
        shared.build.verify(shared.x, levels=levels)
    check(caught.value, "GW-602", "")


def test_the_level_of_the_model_itself(shared: Shared) -> None:
    with pytest.raises(gatewright.GatewrightError, match=r"GW-602.*--model"):
        shared.build.verify(shared.x, levels=("torch", "integer"))


@pytest.mark.parametrize("levels", [None, 3, "rtl"])
def test_levels_that_are_no_list(levels: Any, shared: Shared) -> None:
    with pytest.raises(gatewright.GatewrightError, match=r"GW-602.*no sequence of names"):
        shared.build.verify(shared.x, levels=levels)


@pytest.mark.parametrize("path", [None, 3, b"build"])
def test_a_build_that_is_no_path(path: Any) -> None:
    with pytest.raises(gatewright.GatewrightError, match=r"GW-402.*it is no path"):
        gatewright.Build(path)


def test_unknown_level(shared: Shared) -> None:
    with pytest.raises(GatewrightError) as caught:
        shared.build.simulate(shared.x, "silicon")
    check(caught.value, "GW-602", "csim")


@pytest.mark.parametrize(
    "argument", ["no_such_module:factory", "json:no_such_function", "json:dumps2", "{folder}"]
)
def test_a_model_argument_that_cannot_be_loaded(argument: str, tmp_path: Path) -> None:
    with pytest.raises(GatewrightError) as caught:
        load_model(argument.format(folder=tmp_path))
    check(caught.value, "GW-603", "Python first" if "no_such_module" in argument else ".onnx")


@pytest.mark.compiles
def test_a_design_that_answers_wrongly_is_refused(shared: Shared, tmp_path: Path) -> None:
    build = fresh(shared, tmp_path)
    top = build.path / "hls/top.cpp"
    text = top.read_text()
    # Without time-step selection there are more output beats than the model has.
    call = re.search(r"gatewright_v1::select_last<gatewright_params::\w+>", text)
    assert call is not None
    params = build.path / "hls/gatewright_v1/select_last.hpp"
    params.write_text(params.read_text().replace("if (x.last) out.write(x);", "out.write(x);"))
    with pytest.raises(GatewrightError) as caught:
        build.simulate(shared.x)
    check(caught.value, "GW-503", "not what compile wrote")


def test_every_code_has_a_test() -> None:
    here = Path(__file__).parents[1]
    tested = "".join(path.read_text() for path in here.rglob("test_*.py"))
    assert [code for code in CODES if code not in tested] == []


def test_an_unknown_code_cannot_be_raised() -> None:
    with pytest.raises(ValueError, match="GW-999"):
        GatewrightError("GW-999", where="a", cause="b", remedy="c")
