"""Where tools are looked for: one order for all of them, as docs/tools.md has it."""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from gatewright.boards.families import OPEN_FAMILIES
from gatewright.cli.commands import main
from gatewright.errors import GatewrightError
from gatewright.tools.programs import (
    COMPILER,
    IVERILOG,
    VERILATOR,
    VITIS,
    VIVADO,
    VVP,
    YOSYS,
    Program,
    find_program,
    python_package,
)

FLOW = [p for family in OPEN_FAMILIES.values() for p in (family.nextpnr, family.packer)]
PROGRAMS = [COMPILER, VERILATOR, YOSYS, IVERILOG, VVP, *FLOW, VITIS, VIVADO]
PAGE = Path(__file__).parents[2] / "docs" / "tools.md"
EVERYWHERE = Program(
    name="thing",
    code="GW-701",
    variable="THING",
    package=python_package("thing-wheel", "thing", "json:tool"),
    path=("thing", "thing2"),
    stand_in=python_package("other-wheel", "thing", "ast:tool"),
    install="pip install thing-wheel",
)
"""It may come from every place there is."""

of_each = pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)


def executable(path: Path) -> str:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Modules that are not installed: what a test adds to them."""
    names: set[str] = set()
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n in names else real(n))
    return names


def test_places_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hidden: set[str]
) -> None:
    """One place after the other is taken away, and the next one has it."""
    first, second = (executable(tmp_path / name) for name in ("thing", "thing2"))
    own = executable(tmp_path / "mine")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("THING", own)
    names = [find_program(EVERYWHERE).name]
    monkeypatch.setenv("THING", "")  # as if it were not set
    names.append(find_program(EVERYWHERE).name)
    hidden.add("json")
    for path in (first, second):
        names.append(find_program(EVERYWHERE).name)
        Path(path).unlink()
    names.append(find_program(EVERYWHERE).name)
    assert names == [own, "thing-wheel", "thing", "thing2", "other-wheel"]
    hidden.add("ast")
    with pytest.raises(GatewrightError) as caught:
        find_program(EVERYWHERE)
    assert caught.value.where == "pip package thing-wheel, PATH, pip package other-wheel"
    assert caught.value.remedy == "Run pip install thing-wheel, or set THING to choose one."


def test_the_folder_of_an_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the PATH, and the better name before the other wherever it is."""
    (tmp_path / "bin").mkdir()
    old, new = (executable(tmp_path / "bin" / name) for name in ("vitis_hls", "vitis-run"))
    monkeypatch.delenv(VITIS.variable, raising=False)
    for home in VITIS.homes:
        monkeypatch.delenv(home, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GatewrightError, match="XILINX_VITIS, XILINX_HLS"):
        find_program(VITIS)
    monkeypatch.setenv("XILINX_HLS", str(tmp_path))
    assert find_program(VITIS).command == (new,)
    monkeypatch.setenv("PATH", str(Path(old).parent))
    assert find_program(VITIS).command == (new,)
    Path(new).unlink()
    assert find_program(VITIS).command == (old,)


@of_each
def test_what_is_named_is_taken_or_refused(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not program.variable:
        return
    own = executable(tmp_path / "own")
    monkeypatch.setenv(program.variable, own)
    found = find_program(program)
    assert (found.command, found.origin) == ((own,), own)
    monkeypatch.setenv(program.variable, "/nowhere/tool")
    with pytest.raises(GatewrightError) as caught:
        find_program(program)
    assert caught.value.code == program.code
    assert caught.value.where == f"{program.variable}=/nowhere/tool"
    assert caught.value.remedy.startswith("Correct the variable, or unset it")


def test_where_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hidden: set[str]
) -> None:
    """Errors and ``doctor`` say the same."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for program in PROGRAMS:
        for name in (program.variable or "_", *program.homes):
            monkeypatch.delenv(name, raising=False)
        hidden |= {p.module for p in (program.package, program.stand_in) if p is not None}
    said = json.loads(CliRunner().invoke(main, ["doctor", "--json"]).stdout)
    problems = {line["name"]: line["problem"] for line in said}
    for program in PROGRAMS:
        with pytest.raises(GatewrightError) as caught:
            find_program(program)
        error = caught.value
        assert error.code == program.code
        assert error.where.split(", ") == program.places()
        assert program.install in error.remedy and program.choice in error.remedy
        assert problems[program.name] == f"{error.code}: {error.cause} {error.remedy}"


def test_a_package_that_brings_nothing_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VERILATOR", raising=False)
    assert VERILATOR.package is not None
    bare = replace(VERILATOR.package, command=lambda folder: (str(folder / "nothing"),))
    with pytest.raises(GatewrightError, match="GW-701"):
        find_program(replace(VERILATOR, package=bare, path=()))


def quoted(cell: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", cell))


def test_the_page_has_every_tool() -> None:
    rows = [line.split("|")[1:-1] for line in PAGE.read_text().splitlines() if line[:2] == "| "][2:]
    told = {
        name.strip(): (quoted(variable), quoted(package), quoted(path), quoted(stand_in))
        for name, _, variable, package, path, stand_in in rows
    }
    assert told == {
        program.name: (
            (program.variable,) if program.variable else (),
            (program.package.name,) if program.package else (),
            program.path,
            (program.stand_in.name,) if program.stand_in else (),
        )
        for program in PROGRAMS
    }
