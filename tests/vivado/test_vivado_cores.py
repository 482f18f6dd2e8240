"""The core of an IP, ours or that of Vitis HLS, in a project for Vivado: a misfit is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from exported import MEMORY, export
from shared_model import Shared
from vivado_contract import faults
from vivado_model import Vivado
from vivado_projects import run_stages, written

from gatewright.boards import boards
from gatewright.boards.folding import Candidate
from gatewright.synth import kernel_candidate, vendor_candidate

BOARD = boards()["pynq-z2"]
TOP, CORE = "rtl/gatewright_top.sv", "ip/gatewright_hls_adapter.v"
KERNEL = "kernel/gatewright_hls.v"


@dataclass(frozen=True)
class Defect:
    """A change of a core.

    Attributes:
        check: The rule that is to catch it.
        file: Of the project.
        old: What stands there, a regular expression.
        new: What stands there then.
    """

    check: str
    file: str
    old: str
    new: str


DEFECTS = {
    "a port of ours has another name": Defect("core-port", TOP, r"logic clear,", "logic clr,"),
    "a port of ours is missing": Defect("core-port", TOP, r"\n.*s_axis_tuser,", ""),
    "a port of ours more": Defect("core-open", TOP, "logic clear,", "logic clear, input logic go,"),
    "data of ours are wider": Defect(
        "core-width", TOP, r"\[\d+:0\] s_axis_tdata", "[511:0] s_axis_tdata"
    ),
    "a flag of ours goes in": Defect(
        "core-direction", TOP, "output logic too_long", "input logic too_long"
    ),
    "clear of ours goes out": Defect(
        "core-direction", TOP, "input  logic clear", "output logic clear"
    ),
    "our core has another name": Defect("core-module", TOP, "module gatewright_top", "module top"),
    "a port of the adapter is missing": Defect("core-port", CORE, r"\n.*wire framing,", ""),
    "the adapter's data are narrower": Defect(
        "core-width", CORE, r"wire \[\d+:0\] m_axis_tdata", "wire [6:0] m_axis_tdata"
    ),
    "the adapter's ready goes in": Defect(
        "core-direction", CORE, "output wire s_axis_tready", "input wire s_axis_tready"
    ),
    "the adapter is left out": Defect(
        "core-module", CORE, "module gatewright_hls_adapter", "module x"
    ),
    "the kernel has the name of our core": Defect(
        "core-module", KERNEL, "module gatewright_hls", "module gatewright_top"
    ),
    "the kernel's reset is active high": Defect("core-port", KERNEL, "ap_rst_n", "ap_rst"),
    "the kernel waits to go on": Defect(
        "core-open", KERNEL, "input   ap_start;", "input   ap_start;\ninput   ap_continue;"
    ),
    "the kernel's data are padded": Defect(
        "core-width", KERNEL, r"\[\d+:0\] s_axis_TDATA;", "[1023:0] s_axis_TDATA;"
    ),
    "the kernel has no keep": Defect("core-port", KERNEL, r"\n.*s_axis_TUSER;", ""),
    "the kernel's ready goes in": Defect(
        "core-direction", KERNEL, r"output   s_axis_TREADY;", "input   s_axis_TREADY;"
    ),
    "the kernel's strobes are bits": Defect(
        "core-width", KERNEL, r"\[\d+:0\] s_axis_TSTRB;", "[63:0] s_axis_TSTRB;"
    ),
    "a memory of the kernel is no source": Defect(
        "missing-file",
        "vivado/ooc.tcl",
        r"add_files -norecurse -fileset sources_1 \$memories\n",
        "",
    ),
    "a memory of the kernel is any file": Defect(
        "readmem", "vivado/ooc.tcl", r"set_property file_type [^\n]*\n", ""
    ),
}


@pytest.fixture(scope="module")
def cores(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Candidate]:
    place = tmp_path_factory.mktemp("board")
    export(shared.build, place)
    return {
        "rtl": vendor_candidate(shared.build, BOARD, 16),
        "hls": kernel_candidate(shared.build, BOARD, place),
    }


@pytest.mark.parametrize("core", ["rtl", "hls"])
def test_every_core_fits(core: str, cores: dict[str, Candidate], tmp_path: Path) -> None:
    vivado, folder = Vivado(), written(BOARD, tmp_path, cores[core])
    assert run_stages(vivado, folder) == ""
    assert list(faults(vivado, BOARD, folder)) == []
    facts = [(folder / "vivado" / f"gatewright.{end}").is_file() for end in ("bit", "hwh", "json")]
    assert all(facts)


def test_only_one_core_is_in_a_project(cores: dict[str, Candidate], tmp_path: Path) -> None:
    folder = written(BOARD, tmp_path, cores["hls"])
    assert not (folder / TOP).exists() and not (folder / "rtl" / "rom").exists()
    assert {path.name for path in (folder / "kernel").iterdir()} == {
        *("gatewright_hls.v", f"{MEMORY}.v", f"{MEMORY}.dat")
    }


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_caught(name: str, cores: dict[str, Candidate], tmp_path: Path) -> None:
    defect, vivado = DEFECTS[name], Vivado()
    folder = written(BOARD, tmp_path, cores["rtl" if defect.file == TOP else "hls"])
    path = folder / defect.file
    text, count = re.subn(defect.old, defect.new, path.read_text())
    assert count
    path.write_text(text)
    said = run_stages(vivado, folder, ["ooc"])
    assert vivado.refused == defect.check, said


def test_every_rule_has_a_defect() -> None:
    text = Path(__file__).with_name("vivado_instances.py").read_text()
    rules = set(re.findall(r'yield "([a-z-]+)"', text))
    assert rules and rules <= {defect.check for defect in DEFECTS.values()}
