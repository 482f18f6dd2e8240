"""Emitted test benches under each compiler and standard, on AMD's headers and on ours, sanitized.

CI takes one row of the matrix, another one with each commit, under every compiler and standard, and
of headers and streams what is their turn; ``--compilers all`` takes rows that show all that shapes
a design, with every combination.
"""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from choices import choice
from commit_choice import commit
from compilers import needs, program
from matrix_model import make
from matrix_run import EXAMPLE_LENGTH, ROWS, compile_row, describe
from matrix_shapes import few

from gatewright.lint.headers import own_headers
from gatewright.tools.compiler import SIGNS, Compiler, ap_types

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

COMPILERS = ("g++", "ziglang", *(["clang++"] if shutil.which("clang++") else []))
STANDARDS = ("c++14", "c++17")
HEADERS = ("amd", "ours")
STREAMS = ("queue", "hls")
TURNS = 4
STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Wno-unknown-pragmas", "-Wshadow", "-Werror", *SIGNS)
SANITIZERS = {"g++": "address,undefined", "clang++": "address,undefined", "ziglang": "undefined"}
"""The wheel's clang has no runtime of the address sanitizer."""


class Setup(NamedTuple):
    """How a test bench is compiled: a value of each of the tuples above."""

    compiler: str
    standard: str
    headers: str
    streams: str


def setups(turn: int) -> list[Setup]:
    """Every compiler with every standard; what they run on changes with the turn."""
    return [
        Setup(
            compiler,
            standard,
            HEADERS[(c + s + turn) % 2],
            STREAMS[(s + turn // 2) % 2],
        )
        for c, compiler in enumerate(COMPILERS)
        for s, standard in enumerate(STANDARDS)
    ]


EVERY = [Setup(*each) for each in itertools.product(COMPILERS, STANDARDS, HEADERS, STREAMS)]


def chosen() -> list[tuple[int, Setup]]:
    if choice("compilers"):
        return list(itertools.product(few(), EVERY))
    head = int(commit()[:8] or "0", 16)
    return [(head % len(ROWS), setup) for setup in setups(head // len(ROWS) % TURNS)]


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """``hls/`` of each row, made when it is first asked for."""
    return {number: tmp_path_factory.mktemp("row") for number in {n for n, _ in chosen()}}


def project(number: int, folder: Path) -> Path:
    """``hls/`` of a row."""
    if not (folder / "build").exists():
        row = ROWS[number] | ({"origin": "brevitas"} if ROWS[number]["origin"] == "jit" else {})
        model = make(row, number, EXAMPLE_LENGTH)
        compile_row(row, number, model, EXAMPLE_LENGTH, folder / "build")
    return folder / "build/hls"


def flags_of(compiler: Compiler, setup: Setup) -> list[str]:
    """Headers of others are theirs to keep clean."""
    name = compiler.name
    flags = [f"-std={setup.standard}", *STRICT, f"-fsanitize={SANITIZERS[name]}"]
    if setup.streams == "hls":
        flags.append("-DGW_VITIS")
    if setup.headers == "ours":
        return [*flags, f"-I{own_headers()}"]
    if name != "g++":  # what they specialise of std::complex is libstdc++'s
        flags += ["-D__AP_INT_SPECIAL_H__", "-D__AP_FIXED_SPECIAL_H__"]
    # Of ours only what theirs do not have: hls::axis.
    return [*flags, f"-isystem{ap_types()}", f"-idirafter{own_headers()}"]


def run(hls: Path, setup: Setup, folder: Path) -> subprocess.CompletedProcess[str]:
    """What a test bench says of its golden vectors."""
    compiler = needs(setup.compiler)
    flags = [*flags_of(compiler, setup), f"-I{hls}", f"-I{hls / 'gatewright'}"]
    bench = program(compiler, flags, [hls / "tb.cpp", hls / "top.cpp"], folder)
    command = [bench, hls / "golden"]
    return subprocess.run(command, capture_output=True, text=True, timeout=600)


def undefined(stderr: str) -> list[str]:
    """What a sanitizer says of code that is not in AMD's headers."""
    words = ("runtime error", "ERROR", "panic:")
    said = [line for line in stderr.splitlines() if any(word in line for word in words)]
    return [line for line in said if str(ap_types()) not in line]


@pytest.mark.parametrize(("number", "setup"), chosen(), ids=str)
def test_no_warning_no_finding_no_difference(
    number: int, setup: Setup, builds: dict[int, Path], tmp_path: Path
) -> None:
    print(describe(number))
    done = run(project(number, builds[number]), setup, tmp_path)
    assert undefined(done.stderr) == []
    # One line: no stream was read while empty, or has values left.
    assert re.fullmatch(r"PASS: 16 sequences, 0 values differ\n", done.stdout), done.stdout
    assert done.returncode == 0


def test_every_combination_has_its_turn() -> None:
    assert sorted(itertools.chain(*map(setups, range(TURNS)))) == sorted(EVERY)


OVERFLOW = "int main(int n, char**) { return (2147483647 + n) % 2; }\n"
BEYOND = "int main(int n, char**) { int* p = new int[1](); n = p[n]; delete[] p; return n; }\n"


@pytest.mark.parametrize("name", COMPILERS)
def test_what_is_undefined_is_found(name: str, tmp_path: Path) -> None:
    compiler = needs(name)
    flags = flags_of(compiler, Setup(name, "c++14", "ours", "hls"))
    for text in [OVERFLOW, *([BEYOND] if "address" in SANITIZERS[name] else [])]:
        (tmp_path / "wrong.cpp").write_text(text)
        wrong = program(compiler, flags, [tmp_path / "wrong.cpp"], tmp_path)
        done = subprocess.run([wrong], capture_output=True, text=True)
        assert undefined(done.stderr) != [], text
