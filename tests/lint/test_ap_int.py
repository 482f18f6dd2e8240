"""Our ap_int equals AMD's, as hls4ml brings it, and Python's integers, operator by operator.

Types and operands are drawn, widths from 1 to 70 with both signs; ``--compilers all`` draws more.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from choices import choice
from commit_choice import commit, has_turn
from compilers import needs, program
from own_operators import COMPARISONS, Number, line, word, wrapped

from gatewright.lint.headers import own_headers
from gatewright.tools.compiler import Compiler, ap_types

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

SEED = int(commit()[:8] or "0", 16)
PAIRS = 60 if choice("compilers") else 5
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


@dataclass
class Case:
    """What a line of ``pairs.inc`` makes the program print.

    Attributes:
        call: That line.
        widest: Bits of the widest product.
        stdin: Operands, a line for each time.
        expected: What is printed then.
        known: Whether AMD's headers are known to print something else at a place of a line.
    """

    call: str
    widest: int
    stdin: list[str] = field(default_factory=list)
    expected: list[list[str]] = field(default_factory=list)
    known: list[Callable[[int], bool]] = field(default_factory=list)


def pair(rng: np.random.Generator, a: Type, b: Type) -> Case:
    """Every operator of two types."""
    types = ", ".join(f"{w}, {str(s).lower()}" for w, s in (a, b))
    case = Case(f"pair<{types}>(count);", a[0] + b[0])
    for _ in range(OPERANDS):
        x, y = (wrapped(*type_, draw_value(rng, type_[0])) for type_ in (a, b))
        shift = int(rng.integers(-a[0] - 3, a[0] + 4))
        i = wrapped(32, True, draw_value(rng, int(rng.choice([3, 16, 32]))))
        low, high = sorted(int(v) for v in rng.integers(0, a[0], 2))
        words = [w for n in (x, y) for w in divmod(n.pattern, 2**64)]
        case.stdin.append(" ".join(map(str, [*words, shift, i.value, high, low])))
        case.expected.append([str(v) for v in line(x, y, shift, i.value, high, low)])
        case.known.append(partial(compared_by_pattern, [(x, y), (x, i), (i, y)]))
    return case


def compared_by_pattern(compared: list[tuple[Number, Number]], place: int) -> bool:
    """Whether AMD's open headers take the signed one of two operands for unsigned there."""
    which = (place - COMPARISONS) // 6
    if not 0 <= which < len(compared):
        return False
    a, b = compared[which]
    signed, unsigned = (a, b) if a.signed else (b, a)
    mixed = signed.signed != unsigned.signed
    return mixed and unsigned.width >= max(signed.width, 32) and signed.value < 0


def axis_word(rng: np.random.Generator, bits: int, lanes: int) -> Case:
    """A word of AXI4-Stream."""
    case = Case(f"word<{lanes}, {bits}>(count);", 0)
    for _ in range(OPERANDS):
        values = [wrapped(bits, True, draw_value(rng, bits)).value for _ in range(lanes)]
        low, high = sorted(int(v) for v in rng.integers(0, bits * lanes, 2))
        case.stdin.append(" ".join(map(str, [*values, high, low])))
        case.expected.append([str(v) for v in word(bits, values, high, low)])
        case.known.append(lambda place: False)
    return case


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    print(f"seed {SEED}")
    rng = np.random.default_rng(SEED)
    types = [(draw_type(rng), draw_type(rng)) for _ in range(PAIRS)]
    types[0] = ((1, True), (1, True))
    types[1] = ((WIDEST, True), (WIDEST, False))
    lanes = [(8, 64), (24, 5), *((int(rng.choice([8, 16, 32])), int(rng.integers(1, 17))),)]
    return [*(pair(rng, a, b) for a, b in types), *(axis_word(rng, *each) for each in lanes)]


def run(compiler: Compiler, flags: list[str], cases: list[Case], folder: Path) -> list[list[str]]:
    """What the program prints, line by line."""
    (folder / "pairs.inc").write_text("\n".join(case.call for case in cases) + "\n")
    source = Path(__file__).with_name("own_operators.cpp")
    strict = ["-std=c++14", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{folder}", *flags]
    operators = program(compiler, strict, [source], folder)
    stdin = "\n".join([str(OPERANDS), *(text for case in cases for text in case.stdin)])
    done = subprocess.run([operators], input=stdin, capture_output=True, text=True, check=True)
    assert "runtime error" not in done.stderr
    return [text.split() for text in done.stdout.splitlines()]


def differing(
    cases: list[Case], lines: list[list[str]], but_for: bool = False
) -> list[tuple[str, str, int]]:
    """The call, the operands and the place in the line of all that is not as expected.

    Args:
        cases: What the program did.
        lines: What it printed.
        but_for: Whether what is known of AMD's headers may differ.
    """
    calls = [(case, n) for case in cases for n in range(OPERANDS)]
    return [
        (case.call, case.stdin[n], place)
        for (case, n), got in zip(calls, lines, strict=True)
        for place, (g, e) in enumerate(zip(got, case.expected[n], strict=True))
        if g != e and not (but_for and case.known[n](place))
    ]


@pytest.mark.skipif(not has_turn(3, "rotating"), reason="has its turn with another commit")
def test_ours_over_bitint(cases: list[Case], tmp_path: Path) -> None:
    """No shift or overflow of it is undefined, either."""
    flags = ["-fsanitize=undefined", f"-I{own_headers()}"]
    assert differing(cases, run(needs("ziglang"), flags, cases, tmp_path)) == []


def test_ours_without_bitint(cases: list[Case], tmp_path: Path) -> None:
    """Products of up to 128 bits."""
    narrow = [case for case in cases if case.widest <= 128]
    flags = ["-fsanitize=undefined", f"-I{own_headers()}"]
    assert differing(narrow, run(needs("g++"), flags, narrow, tmp_path)) == []


def test_amd_s(cases: list[Case], tmp_path: Path) -> None:
    """But for comparisons of mixed signs, which its open headers make of patterns."""
    flags = ["-w", f"-isystem{ap_types()}"]
    lines = run(needs("g++"), flags, cases, tmp_path)
    assert differing(cases, lines, but_for=True) == []
