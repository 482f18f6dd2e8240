"""``ip/package_ip.tcl``: the IP as Vivado's packager gets it, and defects planted in that."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from vivado_model import Vivado

from gatewright.build import Build
from gatewright.hls_templates.ip.registers import REGISTERS

PAGE = Path(__file__).parents[2] / "docs/ip.md"
DEFECTS = {
    "a command of the packager misspelt": ("command", "ipx::save_core", "ipx::save_cores"),
    "a part that there is not": (
        "part",
        'lindex $argv 0] : "xc7z020clg400-1"',
        'lindex $argv 0] : "xc7"',
    ),
    "the wrapper left out": (
        "top",
        "add_files -norecurse $sources",
        "add_files -norecurse [lrange $sources 0 end-1]",
    ),
    "a kind of file that there is not": ("property", "{Memory Initialization Files}", "{Memory}"),
    "a map without an interface": ("memory-map", "set_property slave_memory_map_ref", "list"),
    "tables looked for where the tool runs": (
        "tables",
        "set tables [file normalize [file join $here .. rtl]]/",
        "set tables ./",
    ),
    "tables told to instances only": ("tables", "{hdl user}", "{user}"),
    "a register twice": ("object", "add_register $block MAP_VERSION", "add_register $block MAGIC"),
    "a register over another": ("register-place", "MAP_VERSION 0x004", "MAP_VERSION 0x002"),
    "a register outside": ("register-place", "MAP_VERSION 0x004", "MAP_VERSION 0x1000"),
    "a field outside": (
        "register-place",
        "set_property bit_offset $low",
        "set_property bit_offset [expr {$low + 31}]",
    ),
    "a register without a size": ("incomplete", "set_property size 32 $register\n", "\n"),
    "an access that there is not": ("property", "0x004 read-only", "0x004 readonly"),
    "no checksums": ("order", "ipx::update_checksums $core\n", ""),
    "a core before a project": ("order", "ipx::package_project", "list"),
}


@pytest.fixture
def packed(own_build: Build, tmp_path: Path) -> Path:
    for folder in ("rtl", "ip"):
        shutil.copytree(own_build.path / folder, tmp_path / "design" / folder)
    return tmp_path / "design" / "ip" / "package_ip.tcl"


def test_every_register_is_in_the_map(packed: Path) -> None:
    vivado = Vivado()
    assert vivado.run(packed) == ""
    (project,) = vivado.saved.values()
    found = {
        name.rpartition("/")[2]: int(properties["address_offset"], 0)
        for name, properties in project["core"].items()
        if name.startswith("register:")
    }
    wanted = {
        register.name + (f"_{i}" if register.count > 1 else ""): register.offset + 4 * i
        for register in REGISTERS
        for i in range(register.count)
    }
    assert found == wanted
    assert project["core"]["bus:s_axi"] == {"slave_memory_map_ref": "s_axi"}
    images = {path for path, kept in project["files"].items() if "file_type" in kept}
    assert images and {Path(path).suffix for path in images} == {".hex"}


def test_the_block_design_of_the_page(own_build: Build, tmp_path: Path) -> None:
    """What docs/ip.md says tells the design of the whole path of its tables."""
    build = tmp_path / "here/build/digits"
    for folder in ("rtl", "ip"):
        shutil.copytree(own_build.path / folder, build / folder)
    (block,) = re.findall(r"```tcl\n(.*?)```", PAGE.read_text(), re.DOTALL)
    sources = [(build / "ip" / line).resolve() for line in (build / "ip/ip.f").read_text().split()]
    script = tmp_path / "here/page.tcl"
    script.write_text(
        "create_project -force page [file normalize project] -part xc7z020clg400-1\n"
        f"add_files -norecurse [list {' '.join(map(str, sources))}]\n"
        f"create_bd_design design_1\n{block}save_bd_design\nclose_project\n"
    )
    vivado = Vivado()
    assert vivado.run(script) == ""
    (vivado.project,) = vivado.saved.values()
    told = vivado.bd.cells["gatewright_0"].parameters["ROM_DIR"]
    assert told == f"{build.resolve() / 'rtl'}/"
    assert list(Path(told).glob("rom/*.hex"))


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_caught(name: str, packed: Path) -> None:
    check, old, new = DEFECTS[name]
    text = packed.read_text()
    assert old in text
    packed.write_text(text.replace(old, new))
    vivado = Vivado()
    assert vivado.run(packed) and vivado.refused == check
