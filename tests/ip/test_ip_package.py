"""``package_ip.tcl`` under a model of the commands that it calls."""

from __future__ import annotations

from pathlib import Path

import pytest
from ip_designs import CASES
from ip_packager import Packager

from gatewright.hls_templates.ip.registers import REGISTERS, WORD

pytestmark = pytest.mark.compiles


@pytest.fixture
def script(tmp_path: Path) -> Path:
    CASES["stateful-16"].write(tmp_path / "build")
    return tmp_path / "build/ip/package_ip.tcl"


@pytest.mark.parametrize("infers", [False, True])
def test_it_packs_every_file_and_register(script: Path, infers: bool) -> None:
    tool = Packager(infers)
    assert tool.run(script) == ""
    assert tool.saved
    # A build holds only what compile wrote.
    beside = script.parents[2]
    assert tool.places == [beside / "build_packaged_project", beside / "build_packaged"]
    files = {
        handle.removeprefix("file:"): given
        for handle, given in tool.objects.items()
        if handle.startswith("file:")
    }
    listed = [
        (script.parent / line).resolve() for line in (script.parent / "ip.f").read_text().split()
    ]
    images = sorted((script.parents[1] / "rtl/rom").resolve().iterdir())
    assert list(map(Path, files)) == [*listed, *images]
    memories = {path for path, given in files.items() if given}
    assert memories == set(map(str, images))
    assert all(files[path]["file_type"] == "Memory Initialization Files" for path in memories)
    assert tool.of("fileset")["sources_1"]["top"] == "gatewright_ip"
    assert tool.of("block") == {"registers": {"usage": "register", "range": "4096", "width": "32"}}
    found = {name: int(given["address_offset"], 16) for name, given in tool.of("register").items()}
    assert found == {
        f"{r.name}_{i}" if r.count > 1 else r.name: r.offset + WORD * i
        for r in REGISTERS
        for i in range(r.count)
    }
    fields = tool.of("field")
    assert fields["CONTROL.KEEP"] == {
        "bit_offset": "1",
        "bit_width": "1",
        "access": "read-write",
        "description": fields["CONTROL.KEEP"]["description"],
    }
    assert len(fields) == sum(len(r.fields) * r.count for r in REGISTERS)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ipx::add_field", "ipx::add_fields", "invalid command name"),
        ("-norecurse $sources", "-recurse $sources", "there is no option -recurse"),
        ("set_property top gatewright_ip [current_fileset]", "", "has no top"),
        ("[file join $here ip.f]", "[file join $here .. rtl sources.f]", "there is no file"),
        ("read-write {what the IP is told}", "readwrite {what the IP is told}", "access cannot be"),
        ("CONTROL 0x010", "STATUS 0x010", "there is one STATUS already"),
        ("bit_width $bits", "bit_size $bits", "has no property bit_size"),
        ("close_project\n", "", "the project is still open"),
        ("set tables [file normalize [file join $here .. rtl]]/", "set tables ./", "a table is"),
        ("foreach kind {hdl user}", "foreach kind {hdl}", "user_parameter:ROM_DIR is ./"),
        ("foreach kind {hdl user}", "foreach kind {user}", "hdl_parameter:ROM_DIR is ./"),
        ("_parameters ROM_DIR", "_parameters ROMS", "has no ROM_DIR among its hdl"),
    ],
)
def test_a_defect_is_refused(script: Path, old: str, new: str, said: str) -> None:
    text = script.read_text()
    assert old in text
    script.write_text(text.replace(old, new, 1))
    assert said in Packager().run(script)
