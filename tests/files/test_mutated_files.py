"""600 mutated files of five models: each a coded error or a right build, in 5 s and 1 GiB.

Half of them run, others with each commit, some of each kind; ``--rotating all`` runs all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

pytest.importorskip("brevitas", reason="needs brevitas")
pytest.importorskip("onnxoptimizer", reason="needs onnxoptimizer")

from commit_choice import drawn
from file_judge import judge
from file_models import calibration, export
from file_runner import Job, outcomes
from mutations import Mutant, mutants
from onnx import numpy_helper

import gatewright

pytestmark = pytest.mark.slow

COUNTS = {"classifier": 148, "both_ends": 148, "two_layers": 148, "qcdq": 78, "qcdq_both_ways": 78}
"""Of QONNX files four of each kind, of QCDQ files, whose builds take seconds, two."""


def test_there_are_600() -> None:
    assert sum(COUNTS.values()) >= 600


def kind(file: Mutant) -> str:
    """What was done to it; in that order, a draw has some of each."""
    return file.name.partition("_")[2]


@pytest.mark.parametrize("name", drawn(COUNTS, 2, "rotating"))
def test_a_mutated_file(
    name: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = list(COUNTS).index(name)
    sound = export(name, tmp_path)
    made = sorted(mutants(tmp_path / "files", sound, COUNTS[name], seed), key=kind)
    files = drawn(made, 2, "rotating")
    data = calibration(name, tmp_path)
    found = outcomes([Job(str(file.path), data, judge=True) for file in files], sound)
    faults = [(outcome.file, outcome.fault) for outcome in found if outcome.fault]
    assert not faults
    ends = Counter(outcome.end for outcome in found)
    builds = [outcome.says.partition(":")[0] for outcome in found if outcome.end == "build"]
    record_property("mutated files", f"{name} {len(found)}")
    record_property("coded", sum(count for end, count in ends.items() if end.startswith("GW-")))
    record_property("builds", dict(Counter(builds)))
    assert builds.count("compared") >= len(files) // 12
    assert len(ends) > 4


def test_a_build_of_another_model_is_seen(tmp_path: Path) -> None:
    path = export("classifier", tmp_path)
    build = gatewright.compile(path, output_dir=tmp_path / "build")
    assert judge(str(path), build, None) == ("build", "compared: 1 outputs")
    model = onnx.load(path)
    bias = next(t for t in model.graph.initializer if t.name == "head.bias")
    values = numpy_helper.to_array(bias) + np.float32([0, 2.0**-12])
    bias.CopyFrom(numpy_helper.from_array(values, bias.name))
    onnx.save(model, path)
    end, says = judge(str(path), build, None)
    assert end == "wrong" and "not [" in says
