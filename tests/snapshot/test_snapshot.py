"""One small model: every generated file is the one in ``emitted/``, so that a diff shows a change.

``make snapshot`` updates them; what a change does to the output is then read in review.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import pytest

import gatewright
from gatewright.hls_templates.ip.write import ip_library
from gatewright.hls_templates.library import versioned_headers, versioned_modules
from gatewright.hls_templates.pynq import driver_text

HERE = Path(__file__).parent
KEPT = HERE / "emitted"
SHOWN = ("3_kernels.json", "certificate.json", "hls/params.hpp", "hls/top.cpp", "rtl/**/*", "ip/*")


def library() -> set[str]:
    """The text of every file that a build has a copy of."""
    modules = {**versioned_modules(), **ip_library()}
    return {*modules.values(), *versioned_headers().values(), driver_text()}


def texts(folder: Path, *patterns: str) -> dict[str, str]:
    """The files of a folder, by their path in it."""
    files = sorted(path for pattern in patterns for path in folder.glob(pattern) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the model's build shows, but for copies of the library."""
    build = gatewright.compile(
        HERE / "model.onnx", output_dir=tmp_path_factory.mktemp("snapshot") / "build"
    )
    copies = library()
    return {n: text for n, text in texts(build.path, *SHOWN).items() if text not in copies}


def differences(kept: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    """Line by line; of a file that is there only once, all lines."""
    for name in sorted(kept.keys() | now.keys()):
        old, new = (files.get(name, "").splitlines() for files in (kept, now))
        if name not in now or name not in kept or old != new:
            yield from unified_diff(old, new, f"kept/{name}", f"now/{name}", lineterm="")


def write(files: dict[str, str]) -> None:
    shutil.rmtree(KEPT, ignore_errors=True)
    for name, text in files.items():
        path = KEPT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_every_generated_file(emitted: dict[str, str], request: pytest.FixtureRequest) -> None:
    if request.config.getoption("update_snapshot"):
        write(emitted)
    kept = texts(KEPT, "**/*")
    if kept != emitted:
        shown = "\n".join(differences(kept, emitted))
        pytest.fail(f"{shown}\nIf that is what you want: make snapshot", pytrace=False)


def test_it_holds_what_is_generated(emitted: dict[str, str]) -> None:
    """Parameters, the design's own modules and its tables; no copy of the library."""
    assert {"3_kernels.json", "hls/params.hpp", "hls/top.cpp", "rtl/gatewright_top.sv"} <= {
        *emitted
    }
    assert any(name.endswith("_tail.sv") for name in emitted)
    assert any(name.startswith("rtl/rom/") for name in emitted)
    assert not any("gw_recurrent" in name or "gw_fifo" in name for name in emitted)


def test_a_difference_is_shown() -> None:
    kept, now = {"a": "1\n2\n", "b": "3\n", "c": ""}, {"a": "1\n4\n", "c": ""}
    shown = [line for line in differences(kept, now) if line[:3] not in ("---", "+++", "@@ ")]
    assert shown == [" 1", "-2", "+4", "-3"]
