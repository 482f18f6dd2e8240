"""The library as builds have it: the bytes that its version stands for, its guards, its words.

``library.json`` holds a digest of each file. While ``released`` is false, ``make snapshot`` writes
it anew; a release sets it, and from then on a change of any byte needs another
``LIBRARY_VERSION``: a project may hold builds of both.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from gatewright.hls_templates.ip.write import ip_library, ip_modules
from gatewright.hls_templates.library import (
    library,
    versioned_cpp,
    versioned_headers,
    versioned_modules,
    versioned_sv,
)
from gatewright.hls_templates.project.names import LIBRARY, LIBRARY_VERSION, MACROS

KEPT = Path(__file__).parent / "library.json"
MODULES = [*(name.removesuffix(".sv") for name in library(".sv")), *ip_modules()]


def digests() -> dict[str, str]:
    """Of every file, by name."""
    files = {**versioned_modules(), **ip_library(), **versioned_headers()}
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}


def refused(kept: dict[str, Any], version: int, files: dict[str, str]) -> str:
    """Why the library may not be what it is now, or nothing."""
    if kept["version"] == version and kept["files"] == files:
        return ""
    if kept["version"] == version and kept["released"]:
        return f"a release has version {version} with other bytes: raise LIBRARY_VERSION"
    return "if that is what you want: make snapshot"


def test_the_bytes_are_those_of_the_version(request: pytest.FixtureRequest) -> None:
    kept, files = json.loads(KEPT.read_text()), digests()
    said = refused(kept, LIBRARY_VERSION, files)
    if "make snapshot" in said and request.config.getoption("update_snapshot"):
        now = {"files": files, "released": False, "version": LIBRARY_VERSION}
        KEPT.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n")
        return
    changed = sorted({name for name, _ in kept["files"].items() ^ files.items()})
    assert not said, f"{said} {changed}"


def test_after_a_release_only_another_version_changes_a_byte() -> None:
    kept = {"version": 1, "released": True, "files": {"a": "1"}}
    assert refused(kept, 1, {"a": "1"}) == ""
    assert "raise LIBRARY_VERSION" in refused(kept, 1, {"a": "2"})
    assert "raise LIBRARY_VERSION" in refused(kept, 1, {"a": "1", "b": "1"})
    assert "make snapshot" in refused(kept, 2, {"a": "2"})
    assert "make snapshot" in refused({**kept, "released": False}, 1, {"a": "2"})


def test_a_module_is_a_file_that_guards_itself() -> None:
    files = versioned_modules() | ip_library()
    assert len(files) == len(MODULES) > 30
    for name, text in files.items():
        module = name.removesuffix(".sv")
        guard = f"{module}_sv".upper()
        assert module.endswith(f"_v{LIBRARY_VERSION}")
        assert re.findall(r"^(?:package|module) (\w+)", text, re.MULTILINE) == [module]
        assert text.startswith(f"`ifndef {guard}\n`define {guard}\n")
        assert text.endswith("\n`endif\n")


def test_a_header_guards_itself() -> None:
    for name, text in versioned_headers().items():
        guard = f"{MACROS}_{name.upper().replace('.', '_')}"
        assert "#pragma once" not in text
        assert f"#ifndef {guard}\n#define {guard}\n" in text
        assert text.endswith(f"#endif  // {guard}\n")


def test_nothing_keeps_a_name_without_a_version() -> None:
    """But for headers, which lie in a folder of the version, and switches, which users set."""
    for text in (versioned_modules() | ip_library()).values():
        assert set(re.findall(r"\bgw_\w+", text)) <= {f"{m}_v{LIBRARY_VERSION}" for m in MODULES}
    for text in versioned_headers().values():
        assert not re.search(r"\bgw\b", text)
        assert set(re.findall(r"^#define (\w+)", text, re.MULTILINE)) <= {
            word for word in re.findall(r"\w+", text) if word.startswith(MACROS)
        }
        assert all(name == LIBRARY for name in re.findall(r"^namespace (\w+)", text, re.MULTILINE))


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("gw_fifo u_gw_fifo (", "gw_fifo_v1 u_gw_fifo ("),
        ("my_gw_fifo gw_fifo_x", None),
        ("gw_fifo(gw_ram)", "gw_fifo_v1(gw_ram_v1)"),
        ("gw_rom_q", None),
    ],
)
def test_words_of_systemverilog(text: str, now: str | None) -> None:
    if now is None:
        with pytest.raises(ValueError, match="is no name of the library"):
            versioned_sv(text, MODULES)
        return
    assert versioned_sv(text, MODULES) == now.replace("_v1", f"_v{LIBRARY_VERSION}")


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("gw::word x; // gw", f"{LIBRARY}::word x; // {LIBRARY}"),
        ('#include "gw_types.hpp"', '#include "gw_types.hpp"'),
        ("GW_TAP(1) GW_TAPS", f"{MACROS}_TAP(1) GW_TAPS"),
        ("GW_OTHER", None),
        ("gw_other.hpp", None),
    ],
)
def test_words_of_cpp(text: str, now: str | None) -> None:
    if now is None:
        with pytest.raises(ValueError, match="is no name of the library"):
            versioned_cpp(text, ["gw_types"])
        return
    assert versioned_cpp(text, ["gw_types"]) == now
