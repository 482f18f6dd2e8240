"""What a build may be called, where its name shows, and what of it stays the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from pair import MODEL, Pair

import gatewright
from gatewright.boards.shell.ports import IDENTITY_FILES, identity
from gatewright.builds.options import check_options
from gatewright.cli import main
from gatewright.errors import GatewrightError
from gatewright.files.reading import digest_of
from gatewright.hls_templates.project.keywords import KEYWORDS
from gatewright.hls_templates.project.names import DEFAULT_NAMES, Names, fault_of_name

RIGHT = ["k", "kws", "kws_2", "a1_b2_c3", "gatewright", "gatewright_v", "gwx", "a" * 40]
WRONG = [
    "",
    "Kws",
    "2kws",
    "_kws",
    "kws_",
    "kws__2",
    "kws-2",
    "kws.2",
    "kws 2",
    "kws\n",
    "kwé",
    "a" * 41,
    "gw",
    "gw_fifo",
    "gatewright_v1",
    "gatewright_v2",
    "module",
    "logic",
    "entity",
    "namespace",
    None,
    7,
    b"kws",
]


@pytest.mark.parametrize("name", RIGHT)
def test_a_name_that_may_be(name: str) -> None:
    assert fault_of_name(name) is None
    assert check_options(None, "auto", name=name).names == Names(name)


@pytest.mark.parametrize("name", WRONG, ids=repr)
def test_a_name_that_may_not_be(name: object) -> None:
    with pytest.raises(GatewrightError) as caught:
        check_options(None, "auto", name=name)
    assert (caught.value.code, caught.value.where) == ("GW-405", "name")


def test_no_keyword_is_a_name() -> None:
    """Of each language there is one that the others lack."""
    assert len(KEYWORDS) > 350
    assert {"always_ff", "unique0", "architecture", "vunit", "constexpr", "wchar_t"} <= KEYWORDS
    assert all(fault_of_name(word) is not None for word in KEYWORDS)


@pytest.mark.parametrize(
    ("folder", "kept"),
    [("", ""), ("/opt/ip", "/opt/ip/"), ("rtl//", "rtl/"), (Path("a b"), "a b/"), ("/", "/")],
)
def test_a_folder_of_memory_images(folder: object, kept: str) -> None:
    assert check_options(None, "auto", rom_dir=folder).rom_dir == kept


@pytest.mark.parametrize("folder", ['a"b', "a\\b", "a`b", "a\nb", "é", "a$b", None, 7], ids=repr)
def test_a_folder_that_no_string_can_hold(folder: object) -> None:
    """It stands in a macro of SystemVerilog, where it must not end."""
    with pytest.raises(GatewrightError) as caught:
        check_options(None, "auto", rom_dir=folder)
    assert (caught.value.code, caught.value.where) == ("GW-405", "rom_dir")


def test_the_tops_are_called_as_ever() -> None:
    assert (DEFAULT_NAMES.top, DEFAULT_NAMES.core) == ("gatewright_top", "gatewright_core")


def test_the_command_says_the_same(pair: Pair, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main, ["compile", str(MODEL), "-o", str(tmp_path / "kws"), "--name", "kws"]
    )
    assert done.exit_code == 0, done.output
    same = json.loads((tmp_path / "kws/gatewright.json").read_text())
    assert same == json.loads((pair.builds["kws"].path / "gatewright.json").read_text())
    assert same["name"] == "kws" and same["rom_dir"] == ""
    done = CliRunner().invoke(
        main, ["compile", str(MODEL), "-o", str(tmp_path / "b"), "--name", "gw_x"]
    )
    assert done.exit_code != 0 and "GW-405" in done.output
    assert not (tmp_path / "b").exists()


def test_a_name_changes_only_names(pair: Pair, tmp_path: Path) -> None:
    """File by file: with the usual name in its place it is the usual build."""
    usual = gatewright.compile(MODEL, None, tmp_path / "usual")

    def texts(build: gatewright.Build) -> dict[str, str]:
        digest = identity(digest_of(build.path, name) for name in IDENTITY_FILES).hex()
        shown = {}
        for path in (path for path in build.path.rglob("*") if path.is_file()):
            where = path.relative_to(build.path).as_posix()
            text = path.read_bytes().decode("latin")
            # It depends on the name; some files have it whole, some its beginning.
            text = re.sub(rf"{digest[:16]}({digest[16:]})?", "DIGEST", text)
            text = re.sub(r'"seal": "[0-9a-f]{64}"', "SEAL", text)
            if where != "gatewright.json":  # the manifest
                name, text = (
                    said.replace("kws", "gatewright").replace("KWS", "GATEWRIGHT")
                    for said in (where, text)
                )
                shown[name] = text
        return shown

    first, second = texts(pair.builds["kws"]), texts(usual)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_check_takes_it_and_misses_another(pair: Pair, tmp_path: Path) -> None:
    """Name and folder are options: what is emitted again is held against them."""
    assert gatewright.check(pair.builds["kws"]).emitted
    build = gatewright.compile(MODEL, None, tmp_path / "b", name="kws", rom_dir="absolute")
    folder = (tmp_path / "b").resolve() / "rtl"
    for top in ("top", "core"):
        text = (folder / f"kws_{top}.sv").read_text()
        assert f'`define KWS_ROM_DIR "{folder}/"\n' in text
    assert gatewright.check(build).emitted
    manifest = build.path / "gatewright.json"
    manifest.write_text(manifest.read_text().replace('"name": "kws"', '"name": "kwt"'))
    with pytest.raises(GatewrightError, match="GW-406"):
        gatewright.check(build.path)


def test_a_name_in_a_changed_file_is_looked_at(pair: Pair, tmp_path: Path) -> None:
    """It would become identifiers and flags of tools."""
    build = gatewright.compile(MODEL, None, tmp_path / "b")
    kernels = build.path / "3_kernels.json"
    wrong = kernels.read_text().replace('"name": "gatewright"', '"name": "x; rm -rf"')
    kernels.write_text(wrong)
    with pytest.raises(GatewrightError, match="GW-402"):
        _ = gatewright.Build(build.path).kernels
