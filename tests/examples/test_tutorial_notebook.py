"""The notebook of the tutorial gives what it stores: another two models with each commit."""

from __future__ import annotations

import json
import os
import random
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from choices import choice
from commit_choice import commit

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "examples" / "tutorial.ipynb"
MODEL = "gatewright"
"""The metadata of a cell that say which model it is about; those without it are about all."""
DRAWN = 2
# torch computes alike on every processor.
ALIKE = {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE", "OMP_NUM_THREADS": "1"}


def stored() -> Any:
    return json.loads(NOTEBOOK.read_text())


def models(notebook: Any) -> list[str]:
    """Every model that it is about, in order."""
    named = (cell["metadata"].get(MODEL) for cell in notebook["cells"])
    return [name for name in dict.fromkeys(named) if name is not None]


def about(notebook: Any, chosen: list[str]) -> Any:
    """The cells about some of its models, and those about all."""
    cells = [c for c in notebook["cells"] if c["metadata"].get(MODEL) in (None, *chosen)]
    return {**notebook, "cells": cells}


def outputs(notebook: Any) -> list[tuple[str, Any]]:
    """What each cell shows, without the numbers of cells."""
    shown = []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            kept = {k: v for k, v in output.items() if k not in ("execution_count", "metadata")}
            shown.append(("".join(cell["source"]), kept))
    return shown


def run(notebook: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same cells without what they store, run in a kernel of their own, as a file."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    for name, value in {**ALIKE, "PYTHONPATH": path}.items():
        monkeypatch.setenv(name, value)
    asked = nbformat.reads(json.dumps(notebook), as_version=4)
    for cell in asked.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    options = {"timeout": 300, "kernel_name": "python3", "record_timing": False}
    resources = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(asked, resources=resources, **options).execute()
    return str(nbformat.writes(asked)) + "\n"


@pytest.mark.compiles
@pytest.mark.slow
def test_it_shows_what_it_stores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    names, seed = models(stored()), commit()
    update = request.config.getoption("--update-snapshot")
    everything = update or choice("notebook") == "all"
    chosen = names if everything else random.Random(seed).sample(names, DRAWN)
    print(f"of commit {seed}: {chosen}")
    ran = run(about(stored(), chosen), tmp_path, monkeypatch)
    if update:
        NOTEBOOK.write_text(ran)
    assert outputs(json.loads(ran)) == outputs(about(stored(), chosen))


def test_every_model_is_verified_and_drawn() -> None:
    """By what is stored: no error, no difference, a dataflow, schedules and the cycles."""
    notebook = stored()
    for name in models(notebook):
        first = next(c for c in notebook["cells"] if c["metadata"].get(MODEL) == name)
        shown = [output for _, output in outputs(about(notebook, [name]))]
        said = ["".join(output["data"]["text/plain"]) for output in shown]
        assert {output["output_type"] for output in shown} <= {"display_data", "execute_result"}
        assert said[-1].startswith("<Report: PASS"), name
        assert f"Build('build/{name}')" in said
        drawn = ["".join(output["data"].get("image/svg+xml", "")) for output in shown]
        assert said.count("<Drawing: the dataflow>") == 1
        assert said.count("<Drawing: where the cycles go>") == 1
        schedules = [text for text in said if text.startswith("<Drawing: the tile schedule of ")]
        assert len(schedules) == len(set(schedules)) >= 1
        assert sum(text.startswith("<svg ") for text in drawn) == 2 + len(schedules)
        assert "".join(first["source"]).startswith(f"## `{name}`")


def test_it_has_every_model_of_the_tutorial() -> None:
    """Those of ``tests/levels/test_tutorial.py``, by the same names and in the same order."""
    text = (ROOT / "tests/levels/test_tutorial.py").read_text()
    tables = text.split("QUANTIZED: dict")[1].split("\ndef ")[0]
    names = re.findall(r'^    "(\w+)": (?:lambda|\w+,$)', tables, re.MULTILINE)
    assert models(stored()) == names and len(names) == 19


def test_a_difference_would_be_seen() -> None:
    notebook = stored()
    before = deepcopy(outputs(notebook))
    cell = next(c for c in notebook["cells"] if c.get("outputs"))
    cell["outputs"][0]["data"]["text/html"][0] += " "
    assert outputs(notebook) != before


def test_it_holds_nothing_of_where_it_was_run() -> None:
    text = NOTEBOOK.read_text()
    for word in ("/tmp", "/home", "/work", "<script", "Warning"):
        assert word not in text
