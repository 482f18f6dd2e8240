"""Compilers and FPGA tools that do not run, or do not do what they should, are named."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from level_tools import needs
from shared_model import Shared

import gatewright
from gatewright.boards.families.ice40 import ICE40
from gatewright.boards.plan import ToolRun
from gatewright.boards.run import ToolError, run_command
from gatewright.cli.commands import main
from gatewright.errors import GatewrightError
from gatewright.hls_templates.csim import find_compiler
from gatewright.tools import find_verilator, find_yosys
from gatewright.tools.programs import VITIS

pytestmark = pytest.mark.compiles

BROKEN = {
    "garbage": b"\x01garbage",
    "no interpreter": b"#!/no/interpreter\n",
    "no text": b"#!/bin/sh\nprintf '\\377\\376'; printf 'error \\377\\376\\n' >&2; exit 1\n",
    "nothing": b"#!/bin/sh\n",
    "no library": b'#!/bin/sh\nfor last; do :; done; echo junk > "$last"\n',
}
NOT_RUN = ("garbage", "no interpreter")


def program(name: str, folder: Path) -> str:
    path = folder / "tool"
    path.write_bytes(BROKEN[name])
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def build(shared: Shared, tmp_path: Path) -> gatewright.Build:
    """Without compiled simulations."""
    skipped = shutil.ignore_patterns("cosim", "csim", "synth")
    return gatewright.Build(shutil.copytree(shared.build.path, tmp_path / "b", ignore=skipped))


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_compiler(
    name: str, build: gatewright.Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", program(name, tmp_path))
    with pytest.raises(GatewrightError) as caught:
        build.engine("csim")
    assert caught.value.code == "GW-502"
    if name in NOT_RUN:
        assert caught.value.where == str(tmp_path / "tool")
    done = CliRunner().invoke(main, ["doctor", "--json"])
    assert done.exit_code == 1, done.output
    tool = next(t for t in json.loads(done.stdout) if t["name"] == "C++ compiler")
    assert tool["found"] is None and "GW-502" in tool["problem"]


def test_a_compiler_that_is_named_from_the_working_folder(
    build: gatewright.Build,
    shared: Shared,
    tmp_path: Path,
    own_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is run in another one."""
    monkeypatch.chdir(tmp_path)
    Path("tool").write_text(f'#!/bin/sh\nexec {shlex.join(find_compiler().command)} "$@"\n')
    Path("tool").chmod(0o755)
    monkeypatch.setenv("CXX", "./tool")
    assert find_compiler().command == (str(tmp_path / "tool"),)
    np.testing.assert_array_equal(build.simulate(shared.x), shared.build.simulate(shared.x))


@needs("rtl")
@pytest.mark.parametrize("name", NOT_RUN)
def test_a_broken_compiler_of_rtl(
    name: str, build: gatewright.Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", program(name, tmp_path))
    with pytest.raises(GatewrightError, match="GW-502"):
        build.engine("rtl")


@pytest.mark.parametrize("name", ["garbage", "no interpreter", "no text", "nothing"])
def test_a_broken_simulator(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERILATOR", program(name, tmp_path))
    with pytest.raises(GatewrightError, match="GW-702"):
        find_verilator()
    monkeypatch.setenv("YOSYS", program("garbage", tmp_path))
    with pytest.raises(GatewrightError, match="GW-702"):
        find_yosys()


@pytest.mark.parametrize("name", NOT_RUN)
def test_a_broken_placer(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXTPNR_ICE40", program(name, tmp_path))
    command = ToolRun("place", ICE40.nextpnr, (), "place.log")
    with pytest.raises(GatewrightError, match=r"GW-804.*does not run.*NEXTPNR_ICE40"):
        run_command(command, tmp_path, lambda stage, line: None)


def test_a_placer_that_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "placer"
    tool.write_text("#!/bin/sh\necho placing\nkill -9 $$\n")
    tool.chmod(0o755)
    monkeypatch.setenv("NEXTPNR_ICE40", str(tool))
    command = ToolRun("place", ICE40.nextpnr, (), "place.log")
    with pytest.raises(ToolError, match="SIGKILL ended it after: placing"):
        run_command(command, tmp_path, lambda stage, line: None)


@pytest.mark.parametrize("name", NOT_RUN)
def test_a_broken_tool_of_the_path(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its remedy names no variable that nobody set."""
    (tmp_path / "bin").mkdir()
    Path(program(name, tmp_path)).rename(tmp_path / "bin" / "vitis-run")
    for variable in (VITIS.variable, *VITIS.homes):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    command = ToolRun("csim", VITIS, (), "csim.log")
    with pytest.raises(GatewrightError) as caught:
        run_command(command, tmp_path, lambda stage, line: None)
    assert caught.value.code == "GW-804"
    assert caught.value.remedy.startswith("Run ")
