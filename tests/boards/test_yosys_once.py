"""A command of yosys runs again where a file that it reads is another one, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatewright.boards.plan import ToolRun
from gatewright.boards.run import run_all
from gatewright.tools.programs import YOSYS

COMMAND = ToolRun("map", YOSYS, ("-s", "a.ys"), "a.log", gives="cells.json")


@pytest.mark.usefixtures("yosys_once")
def test_the_same_once_and_another_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, runs = tmp_path / "yosys", tmp_path / "runs"
    tool.write_text(f"#!/bin/sh\necho run >> {runs}\ncat a.ys > cells.json\necho said\n")
    tool.chmod(0o755)
    monkeypatch.setenv("YOSYS", str(tool))
    heard: list[str] = []
    for name, text in (("one", "x"), ("two", "x"), ("three", "y")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "a.ys").write_text(text)
        run_all([COMMAND], folder, lambda stage, line: heard.append(stage))
        assert (folder / "cells.json").read_text() == text
        assert (folder / "a.log").read_text() == "said\n"
    assert heard == ["map"] * 3
    assert runs.read_text() == "run\nrun\n"
