"""check accepts what compile wrote, and nothing else."""

from __future__ import annotations

import inspect
import json
import random
from dataclasses import fields
from pathlib import Path
from typing import Any

import onnx
import pytest
from changes import CHANGES, MANIFEST, manifest_of, seal, write
from click.testing import CliRunner

import gatewright
from gatewright.builds.manifest import OPTIONS, ManifestJson
from gatewright.builds.options import BuildOptions
from gatewright.cli.commands import main
from gatewright.errors import GatewrightError

pytestmark = pytest.mark.slow

PER_CHANGE = 5


def refused(build: Path) -> GatewrightError:
    with pytest.raises(GatewrightError) as caught:
        gatewright.check(build)
    return caught.value


def test_a_build_is_what_compile_emits(small: Path) -> None:
    checked = gatewright.check(small)
    assert {*checked.emitted, "calibration.json"} == manifest_of(small)["files"].keys()
    assert checked.by_digest == ("calibration.json",)
    assert checked.no_part == ()


@pytest.mark.parametrize("seed", range(PER_CHANGE))
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_was_changed_is_rejected(change: Any, seed: int, copy: Path) -> None:
    draw = random.Random(f"{change.__name__}-{seed}")
    where = change(draw, copy)
    error = refused(copy)
    print(where, error)
    if error.code == "GW-406":
        assert isinstance(error, gatewright.ChangedBuildError)
        found = {finding.name for finding in error.findings}
        if change.__name__ == "option":  # where the same bytes come of both
            assert found & {where, "gatewright.json"}
        elif change.__name__ == "added":  # of a new folder its name
            assert found & {where, where.partition("/")[0]}
        else:
            assert where in found
    else:  # an entry that no manifest of ours has
        assert error.code in ("GW-402", "GW-403", "GW-405", "GW-407")
        assert change.__name__ in ("version", "option")


def test_there_are_sixty() -> None:
    assert len(CHANGES) * PER_CHANGE >= 60


@pytest.mark.parametrize("layout", [{}, {"indent": 7}, {"separators": (",", ":")}])
def test_formatting_is_nothing(layout: dict[str, Any], copy: Path) -> None:
    manifest = manifest_of(copy)
    files = manifest.pop("files")
    turned = {"files": dict(reversed(files.items())), **dict(reversed(manifest.items()))}
    (copy / MANIFEST).write_text("\n " + json.dumps(turned, **layout) + "\n\n")
    gatewright.check(copy)
    assert gatewright.Build(copy).integer


def test_one_name_twice_is_no_manifest(copy: Path) -> None:
    text = (copy / MANIFEST).read_text().strip()
    (copy / MANIFEST).write_text(f'{text[:-1]}, "board": "pynq-z2"}}')
    assert refused(copy).code == "GW-402"


def test_what_is_no_part_of_a_build_is_named(copy: Path) -> None:
    for name in ("synth", "waves", "csim", "cosim", ".verify.json.partial"):
        (copy / name).mkdir()
        (copy / name / "what").write_text("ever")
    (copy / "verify.json").write_text("[")
    (copy / "report.html").symlink_to("/nowhere")
    names = {"synth", "waves", "csim", "cosim", "verify.json", "report.html"}
    names.add(".verify.json.partial")
    assert {*gatewright.check(copy).no_part} == names
    done = CliRunner().invoke(main, ["check", str(copy)])
    assert done.exit_code == 0
    assert "calibration.json: held against its digest only" in done.stdout
    assert all(name in done.stdout for name in names)


def test_a_build_that_was_used_is_what_it_was(copy: Path) -> None:
    build = gatewright.Build(copy)
    build.verify(levels=("traced", "integer", "standard"))
    build.report()
    assert {"verify.json", "report.html"} <= {*gatewright.check(build).no_part}


def test_another_version_is_said_to_be_that(copy: Path) -> None:
    manifest = manifest_of(copy)
    manifest["gatewright"] = "0.0.1"
    write(copy, manifest)
    seal(copy)
    error = refused(copy)
    assert error.code == "GW-407"
    assert f"made by Gatewright 0.0.1; this is {gatewright.__version__}" in error.cause
    assert gatewright.Build(copy).integer  # it is opened all the same


def test_the_command_line_names_what_differs(copy: Path) -> None:
    (copy / "hls" / "ap_int.h").write_text("#error\n")
    (copy / "certificate.json").unlink()
    done = CliRunner().invoke(main, ["check", str(copy), "--json"])
    assert done.exit_code == 2
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "GW-406"
    assert {(f["kind"], f["name"]) for f in error["findings"]} == {
        ("added", "hls/ap_int.h"),
        ("missing", "certificate.json"),
    }
    done = CliRunner().invoke(main, ["check", str(copy)])
    assert done.exit_code == 2
    assert "hls/ap_int.h was added" in done.stdout
    assert "GW-406" in done.stderr


def test_a_graph_that_is_not_written_as_we_write_it(copy: Path) -> None:
    """The same model, with a field that nobody knows behind it."""
    with (copy / "1_traced.onnx").open("ab") as file:
        file.write(b"\xfa\x7f\x01x")  # field 2047, one byte
    seal(copy, "1_traced.onnx")
    error = refused(copy)
    assert isinstance(error, gatewright.ChangedBuildError)
    assert ("differs", "1_traced.onnx") in {(f.kind, f.name) for f in error.findings}


def test_a_model_that_cannot_be_compiled(copy: Path) -> None:
    model = onnx.load(copy / "1_traced.onnx")
    for node in model.graph.node:
        node.op_type = "Flatten" if node.op_type == "MatMul" else node.op_type
    (copy / "1_traced.onnx").write_bytes(model.SerializeToString(deterministic=True))
    seal(copy, "1_traced.onnx")
    assert refused(copy).code in ("GW-205", "GW-207", "GW-402")


def test_a_model_that_would_take_for_ever(copy: Path) -> None:
    model = onnx.load(copy / "1_traced.onnx")
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1 << 23
    (copy / "1_traced.onnx").write_bytes(model.SerializeToString(deterministic=True))
    seal(copy, "1_traced.onnx")
    assert refused(copy).code == "GW-106"


@pytest.mark.parametrize("path", ["nowhere", 3, "a\0b"])
def test_what_is_no_build(path: Any) -> None:
    assert refused(path).code == "GW-402"


def test_every_option_of_compile_is_in_the_manifest(small: Path) -> None:
    """One that is added later cannot be forgotten: emission sees nothing else."""
    beside = {"model", "example_input", "output_dir", "calibration", "progress"}
    options = inspect.signature(gatewright.compile).parameters.keys() - beside
    assert options == {field.name for field in fields(BuildOptions)} == {*OPTIONS}
    assert options < ManifestJson.__annotations__.keys()  # each is read back as what it is
    manifest = manifest_of(small)
    assert {name: manifest[name] for name in OPTIONS} == {
        "multipliers": 256,
        "requantizer": "auto",
        "max_steps": 128,
        "board": "pynq-z2",
        "hls_depth": None,
        "name": "gatewright",
        "rom_dir": "",
        "bus_bits": None,
        "clock": None,
        "sequences": 1,
    }


@pytest.mark.parametrize(
    "options",
    [
        {"multipliers": 8, "max_steps": 7},
        {"requantizer": "thresholds", "board": "zcu104"},
        {"hls_depth": 50, "clock": 60, "sequences": 2},
        {"name": "kws", "rom_dir": "/opt/kws/"},
    ],
)
def test_other_options(options: dict[str, Any], small: Path, tmp_path: Path) -> None:
    model = onnx.load(small / "1_traced.onnx")
    build = gatewright.compile(model, output_dir=tmp_path / "build", **options)
    gatewright.check(build)
    assert manifest_of(build.path).items() >= options.items()
