"""Defects planted in an IP: the shipped bench finds each by the check that is meant for it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from ip_builds import passed
from ip_defects import DEFECTS, Defect
from ip_designs import CASES, COUNTED
from ip_icarus import simulate

from gatewright.hls_templates.project.names import library_module

pytestmark = pytest.mark.compiles


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of the designs, with nothing wrong."""
    folders = {}
    for case in sorted({defect.case for defect in DEFECTS}):
        folders[case] = tmp_path_factory.mktemp(case)
        {**CASES, **COUNTED}[case].write(folders[case])
    return folders


@pytest.mark.parametrize("case", sorted({defect.case for defect in DEFECTS}))
def test_without_a_defect_nothing_is_found(case: str, written: dict[str, Path]) -> None:
    said = simulate(written[case])
    assert passed(said), said


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.what)
def test_a_defect_is_found(defect: Defect, written: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(written[defect.case], tmp_path / "ip")
    name = "gatewright_ip.v" if defect.file == "wrapper" else f"{library_module(defect.file)}.sv"
    (path,) = folder.glob(f"*/{name}")
    text = path.read_text()
    assert text.count(defect.old) == 1, f"{name} has {defect.old!r} {text.count(defect.old)} times"
    path.write_text(text.replace(defect.old, defect.new))
    said = simulate(folder)
    found = re.search(r"^FAIL (\w+):", said, re.MULTILINE)
    assert found and re.fullmatch(defect.check, found[1]), said
