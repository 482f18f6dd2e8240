"""Defects planted in an IP: the shipped bench finds each by the check that is meant for it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from ip_builds import passed
from ip_defects import DEFECTS, Defect
from ip_designs import CASES, COUNTED, WHOLE
from ip_drawn_defects import DRAWN_DEFECTS, HARMLESS
from ip_icarus import simulate
from ip_planted import change, complaint, drawn

from gatewright.hls_templates.project.names import library_module

pytestmark = pytest.mark.compiles

RUN = (*DEFECTS, *drawn(DRAWN_DEFECTS))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of the designs, with nothing wrong."""
    folders = {}
    for case in sorted({defect.case for defect in (*RUN, *HARMLESS)}):
        folders[case] = tmp_path_factory.mktemp(case)
        {**CASES, **COUNTED, **WHOLE}[case].write(folders[case])
    return folders


@pytest.mark.parametrize("case", sorted({defect.case for defect in (*RUN, *HARMLESS)}))
def test_without_a_defect_nothing_is_found(case: str, written: dict[str, Path]) -> None:
    said = simulate(written[case])
    assert passed(said), said


@pytest.mark.parametrize("defect", RUN, ids=lambda defect: defect.what)
def test_a_defect_is_found(defect: Defect, written: dict[str, Path], tmp_path: Path) -> None:
    said = with_defect(defect, written, tmp_path)
    assert re.fullmatch(defect.check, complaint(said)), said


@pytest.mark.parametrize("defect", HARMLESS, ids=lambda defect: defect.what)
def test_what_makes_no_difference(defect: Defect, written: dict[str, Path], tmp_path: Path) -> None:
    said = with_defect(defect, written, tmp_path)
    assert passed(said), said


def with_defect(defect: Defect, written: dict[str, Path], tmp_path: Path) -> str:
    """What the bench says of it."""
    folder = shutil.copytree(written[defect.case], tmp_path / "ip")
    name = defect.file if defect.file.endswith(".sv") else f"{library_module(defect.file)}.sv"
    name = "gatewright_ip.v" if defect.file == "wrapper" else name
    (path,) = folder.glob(f"*/{name}")
    change(path, defect.changes)
    return simulate(folder)
