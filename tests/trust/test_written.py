"""What is written into a build that others made goes nowhere else, and waits for nobody."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import gatewright


def test_a_report_does_not_follow_a_link(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("years of work")
    (copy / "report.html").symlink_to(tmp_path / "mine")
    with pytest.raises(gatewright.GatewrightError, match=r"GW-404.*report\.html.*link"):
        gatewright.Build(copy).report()
    assert (tmp_path / "mine").read_text() == "years of work"
    gatewright.Build(copy).report(copy / "report.html")  # who names a link means it
    assert "</html>" in (tmp_path / "mine").read_text()


@pytest.mark.parametrize("pipe", [True, False], ids=["pipe", "link"])
def test_verify_keeps_its_report_to_itself(pipe: bool, copy: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("years of work")
    if pipe:
        os.mkfifo(copy / "verify.json")
    else:
        (copy / "verify.json").symlink_to(tmp_path / "mine")
    with pytest.warns(gatewright.UnsavedReportWarning, match=r"verify\.json"):
        gatewright.Build(copy).verify(levels=("traced", "integer"))
    assert (tmp_path / "mine").read_text() == "years of work"


@pytest.mark.parametrize("name", ["synth", "synth/icebreaker"])
def test_synth_replaces_nothing_behind_a_link(name: str, copy: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine" / "icebreaker"
    mine.mkdir(parents=True)
    (mine / "thesis.tex").write_text("years of work")
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).symlink_to(mine.parent if name == "synth" else mine)
    with pytest.raises(gatewright.GatewrightError, match=r"GW-404.*synth.*link"):
        gatewright.Build(copy).synth("icebreaker")
    assert [path.name for path in mine.parent.iterdir()] == ["icebreaker"]
    assert (mine / "thesis.tex").read_text() == "years of work"
