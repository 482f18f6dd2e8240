"""Options of pytest: how much runs of what is drawn (``pytest --help``, group gatewright)."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import Any

import pytest


def form(pattern: str) -> Callable[[str], str]:
    """The type of an option whose words have a form."""

    def check(word: str) -> str:
        if re.fullmatch(pattern, word) is None:
            raise argparse.ArgumentTypeError(f"{word!r} is not of the form {pattern}")
        return word

    return check


OPTIONS: dict[str, tuple[str, Callable[[str], Any], Any, str]] = {
    "matrix": (
        "all|0..4|row:N",
        form(r"all|[0-4]|row:\d+"),
        "",
        "rows of the matrix: all, a fifth of them by its number, or one (a fifth, another one with "
        "each commit)",
    ),
    "part": ("N", int, 1, "one in N of the test files runs, another with each commit (all)"),
    "models": ("N", int, None, "how many random models run (a fifth of 20; in RTL half of 6)"),
    "extreme": ("N", int, None, "how many extreme models run, in their order (20 of 500, drawn)"),
    "first": ("N", int, 0, "number of the first of such models; seed of --kills (0)"),
    "streams": (
        "all",
        form("all"),
        "",
        "all streamed models run (a tenth, another one with each commit)",
    ),
    "nodes": ("N", int, None, "how many models become a node of QONNX (12, drawn)"),
    "draws": ("N|seed:N", form(r"\d+|seed:\d+"), "2", "how many drawn graphs run, or which (2)"),
    "kills": ("N", int, 12, "how many compiles are killed at random (12)"),
    "boards": (
        "all",
        form("all"),
        "",
        "every board is placed and routed (a few of each family), and two builds in one synthesis "
        "are read by both front ends (one, another one with each commit)",
    ),
    "compilers": (
        "all",
        form("all"),
        "",
        "every compiler, standard and header on designs of each shape, their processes at the same "
        "time, and more operands of ap_int (one design, and what has its turn)",
    ),
    "beats": (
        "all",
        form("all"),
        "",
        "a million beats for each case of a kernel and of an IP (for all of the kernel; 20,000 of "
        "an IP, another one with each commit), and 10,000 of an IP in cocotb (300)",
    ),
    "windows": (
        "all",
        form("all"),
        "",
        "all models with windows over time run, in RTL too (an eighth, one in RTL, others with "
        "each commit), and all whole models in RTL (half of them, likewise)",
    ),
    "written": (
        "all",
        form("all"),
        "",
        "all models as people write them run at every level (a quarter to half of them, others "
        "with each commit); what they are made of is looked at in all",
    ),
    "rotating": (
        "all",
        form("all"),
        "",
        "all of large grids of cases that are alike runs (from half to a sixth, another one "
        "with each commit)",
    ),
    "notebook": (
        "all",
        form("all"),
        "",
        "all of the tutorial's notebook is run (two of its models, others with each commit)",
    ),
    "inside": (
        "all",
        form("all"),
        "",
        "the whole grid of models inside other tools (a few, others with each commit)",
    ),
}
"""By name: the words it takes, their type, its default, and what it says."""

_chosen: dict[str, Any] = {name: default for name, (_, _, default, _) in OPTIONS.items()}


def add_options(parser: pytest.Parser) -> None:
    """Make pytest take them."""
    group = parser.getgroup("gatewright", "gatewright (without an option: what CI runs)")
    for name, (words, kind, _, text) in OPTIONS.items():
        group.addoption(f"--{name}", metavar=words, type=kind, help=text)


def read_options(config: pytest.Config) -> None:
    """Keep what this run was given, for test modules, which ask as they are imported."""
    given = {name: config.getoption(name) for name in OPTIONS}
    _chosen.update({name: word for name, word in given.items() if word is not None})


def choice(name: str) -> Any:
    """What this run was given, or the default."""
    return _chosen[name]
