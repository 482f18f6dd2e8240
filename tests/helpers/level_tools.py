"""The levels as parameters of tests; one whose tools are missing is skipped, by their name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gatewright
from gatewright.errors import GatewrightError
from gatewright.hls_templates.cosim.verilator import run_time
from gatewright.hls_templates.csim import find_compiler
from gatewright.tools import find_verilator, find_yosys

AWKWARD = """a $LIB '"#;& b"""
"""A folder's name with words for shells, loaders and simulators, none of which is a word here."""

# ``rtl`` runs in CXXRTL, too, but where there is no Verilator that is the level ``cxxrtl`` again.
TOOLS = {"rtl": find_verilator, "cxxrtl": find_yosys}


def every_level(*levels: str) -> list[Any]:
    """Some levels, or all but the netlists, which take minutes and have tests of their own."""
    shown = [level for level in gatewright.LEVELS if not level.startswith("netlist")]
    return [_level(level) for level in levels or shown]


def needs(level: str) -> pytest.MarkDecorator:
    """Skips a test where the tool of a level is missing."""
    return missing_tools(TOOLS.get(level, str), what=f"level {level}: ")


def missing_tools(*finders: Callable[[], object], what: str = "") -> pytest.MarkDecorator:
    """Skips a test where a tool is missing, and says how to get it."""
    missing = ""
    try:
        for find in finders:
            find()
    except GatewrightError as error:
        missing = f"{error.code}: {error.remedy}"
    return pytest.mark.skipif(bool(missing), reason=f"{what}{missing}")


def new_cache(folder: Path, *, rtl: bool = False) -> Path:
    """A cache that is empty; for RTL, but for what takes longest to compile and is always the same.

    Args:
        folder: Gets it.
        rtl: Whether Verilator is going to be run.
    """
    cache = folder / f"cache {AWKWARD}"
    cache.mkdir(mode=0o700)
    if rtl and not needs("rtl").args[0]:
        common = run_time(find_verilator(), find_compiler(), trace=False).folder().parent
        (cache / common.name).symlink_to(common)
    return cache


def _level(level: str) -> Any:
    return pytest.param(level, marks=needs(level))
