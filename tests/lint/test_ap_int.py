"""Our ap_int equals AMD's, as hls4ml brings it, and Python's integers, operator by operator.

Types and operands are drawn, widths from 1 to 70 with both signs; ``--compilers all`` draws more.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from choices import choice
from commit_choice import commit
from compilers import CLANG, needs
from own_operators import COMPARISONS, Number, line, wrapped

from gatewright.lint.headers import own_headers
from gatewright.tools.compiler import Compiler, ap_types, find_compiler, run_compiler

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

SEED = int(commit()[:8] or "0", 16)
PAIRS = 60 if choice("compilers") else 8
OPERANDS = 24
WIDEST = 70
Type = tuple[int, bool]


def draw_type(rng: np.random.Generator) -> Type:
    """Half of them of few bits, or of about as many as a machine word."""
    corner = int(rng.choice([1, 2, 7, 8, 31, 32, 33, 63, 64, 65]))
    width = corner if rng.random() < 0.5 else int(rng.integers(1, WIDEST + 1))
    return width, bool(rng.random() < 0.5)


def draw_value(rng: np.random.Generator, width: int) -> int:
    """Any pattern, or one near an end or zero."""
    near = int(rng.choice([0, 2 ** (width - 1), 2**width])) + int(rng.integers(-2, 3))
    return near if rng.random() < 0.4 else int.from_bytes(rng.bytes(9), "little")


class Case:
    """Types, operands, and what each line of the program has to be."""

    def __init__(self, rng: np.random.Generator, a: Type, b: Type) -> None:
        self.types = (a, b)
        self.stdin: list[str] = []
        self.expected: list[list[str]] = []
        self.operands: list[tuple[Number, Number, Number]] = []
        for _ in range(OPERANDS):
            x, y = (wrapped(*type_, draw_value(rng, type_[0])) for type_ in (a, b))
            shift = int(rng.integers(-a[0] - 3, a[0] + 4))
            i = wrapped(32, True, draw_value(rng, int(rng.choice([3, 16, 32]))))
            low, high = sorted(int(v) for v in rng.integers(0, a[0], 2))
            words = [w for n in (x, y) for w in divmod(n.pattern, 2**64)]
            self.stdin.append(" ".join(map(str, [*words, shift, i.value, high, low])))
            self.expected.append([str(v) for v in line(x, y, shift, i.value, high, low)])
            self.operands.append((x, y, i))

    @property
    def declared(self) -> str:
        (w1, s1), (w2, s2) = self.types
        return f"pair<{w1}, {str(s1).lower()}, {w2}, {str(s2).lower()}>(count);"


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    print(f"seed {SEED}")
    rng = np.random.default_rng(SEED)
    types = [(draw_type(rng), draw_type(rng)) for _ in range(PAIRS)]
    types[0] = ((1, True), (1, True))
    types[1] = ((WIDEST, True), (WIDEST, False))
    return [Case(rng, a, b) for a, b in types]


def run(compiler: Compiler, flags: list[str], cases: list[Case], folder: Path) -> list[list[str]]:
    """What the program prints, line by line."""
    (folder / "pairs.inc").write_text("\n".join(case.declared for case in cases) + "\n")
    source = Path(__file__).with_name("own_operators.cpp")
    arguments = ["-std=c++14", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{folder}", *flags]
    run_compiler(compiler, [*arguments, str(source), "-o", "operators"], folder)
    stdin = "\n".join([str(OPERANDS), *(text for case in cases for text in case.stdin)])
    done = subprocess.run(
        [folder / "operators"], input=stdin, capture_output=True, text=True, check=True
    )
    assert "runtime error" not in done.stderr
    return [text.split() for text in done.stdout.splitlines()]


def differing(case: Case, lines: list[list[str]]) -> list[tuple[int, int]]:
    """The line and the place in it of all that is not as expected."""
    return [
        (n, place)
        for n, (got, expected) in enumerate(zip(lines, case.expected, strict=True))
        for place, (g, e) in enumerate(zip(got, expected, strict=True))
        if g != e
    ]


def all_differing(
    cases: list[Case],
    lines: list[list[str]],
    known: Callable[[Case, int, int], bool] = lambda case, n, place: False,
) -> list[object]:
    """The types, the line and the place of all that differs and is not known to."""
    found: list[object] = []
    for number, case in enumerate(cases):
        mine = lines[OPERANDS * number : OPERANDS * (number + 1)]
        found += [(case.types, *at) for at in differing(case, mine) if not known(case, *at)]
    return found


def test_ours_over_bitint(cases: list[Case], tmp_path: Path) -> None:
    """No shift or overflow of it is undefined, either."""
    needs("ziglang")
    flags = ["-fsanitize=undefined", f"-I{own_headers()}"]
    assert all_differing(cases, run(CLANG, flags, cases, tmp_path)) == []


def test_ours_without_bitint(cases: list[Case], tmp_path: Path) -> None:
    """Products of up to 128 bits."""
    compiler = needs("g++")
    narrow = [c for c in cases if c.types[0][0] + c.types[1][0] <= 128]
    flags = ["-fsanitize=undefined", f"-I{own_headers()}"]
    assert all_differing(narrow, run(compiler, flags, narrow, tmp_path)) == []


def amd_compares_by_pattern(case: Case, n: int, place: int) -> bool:
    """Whether AMD's open headers take the signed one of two operands for unsigned there."""
    x, y, i = case.operands[n]
    which = (place - COMPARISONS) // 6
    if not 0 <= which < 3:
        return False
    a, b = [(x, y), (x, i), (i, y)][which]
    signed, unsigned = (a, b) if a.signed else (b, a)
    mixed = signed.signed != unsigned.signed
    return mixed and unsigned.width >= max(signed.width, 32) and signed.value < 0


def test_amd_s(cases: list[Case], tmp_path: Path) -> None:
    """But for comparisons of mixed signs, which its open headers take for unsigned ones."""
    flags = ["-w", f"-isystem{ap_types()}"]
    lines = run(find_compiler(), flags, cases, tmp_path)
    assert all_differing(cases, lines, amd_compares_by_pattern) == []
