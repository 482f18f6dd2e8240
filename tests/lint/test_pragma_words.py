"""How a pragma is split into its directive and its options."""

from __future__ import annotations

import pytest

from gatewright.lint.pragmas.grammar import resolved, wrong_words
from gatewright.lint.pragmas.parse import Pragma, pragmas_of, without_comments
from gatewright.lint.pragmas.table import DIRECTIVES, MODES, STORAGE, Kind


def one(text: str) -> Pragma:
    (pragma,) = pragmas_of("a.cpp", f"void f() {{\n{text}\n}}\n")
    assert pragma.line == 2
    return pragma


SPLIT = {
    "#pragma HLS inline": ("inline", {}),
    "#pragma HLS pipeline II=1 style=flp": ("pipeline", {"ii": "1", "style": "flp"}),
    "#pragma HLS PIPELINE Style=FLP": ("pipeline", {"style": "flp"}),
    "#pragma HLS unroll factor = (A + 2) * f(3, 4) skip_exit_check": (
        "unroll",
        {"factor": "(A+2)*f(3,4)", "skip_exit_check": ""},
    ),
    "#pragma HLS dependence variable = p->h[0].x inter distance = -N::D + 1 true": (
        "dependence",
        {"variable": "p->h[0].x", "type": "inter", "distance": "-N::D+1", "dependent": "true"},
    ),
    "#pragma HLS array_partition variable = a, b dim = 2 cyclic factor = 2": (
        "array_partition",
        {"variable": "a,b", "dim": "2", "type": "cyclic", "factor": "2"},
    ),
    "#pragma HLS unroll factor = A ? B : sizeof(int)": ("unroll", {"factor": "A?B:sizeof(int)"}),
    '#pragma HLS interface axis port = return name = "x y"': (
        "interface",
        {"mode": "axis", "port": "return", "name": '"x y"'},
    ),
}


@pytest.mark.parametrize("text", SPLIT)
def test_a_pragma_is_split(text: str) -> None:
    pragma = one(text)
    assert (pragma.directive, resolved(pragma)) == SPLIT[text]
    assert pragma.rest == ""


def test_what_cannot_be_split_is_kept() -> None:
    pragma = one("#pragma HLS pipeline II = 1 = 2")
    assert (pragma.value("ii"), pragma.rest) == ("1", "= 2")
    assert list(wrong_words(pragma)) == ["'= 2' is no option."]


def test_lines_are_those_of_the_text() -> None:
    text = "// #pragma HLS a\n/* \n#pragma HLS b\n*/\n#pragma HLS \\\n inline\n#pragma once\n"
    (pragma,) = pragmas_of("a.cpp", text)
    assert (pragma.line, pragma.last, pragma.directive) == (5, 6, "inline")
    assert without_comments(text).count("\n") == text.count("\n")


def test_a_comment_begins_outside_of_texts_only() -> None:
    assert without_comments('f("//", x); // "') == 'f("//", x);     '


def test_the_table_is_whole() -> None:
    """Each value belongs to a choice, and a word that stands alone is the value of one option."""
    for name, directive in DIRECTIVES.items():
        bare = [v for o in directive.options.values() if o.bare for v in o.values]
        assert len(set(bare)) == len(bare), name
        for option in directive.options.values():
            assert bool(option.values) == (option.kind is Kind.CHOICE), name
    assert {n for names in MODES.values() for n in names} <= DIRECTIVES["interface"].options.keys()
    impl = DIRECTIVES["bind_storage"].options["impl"].values
    assert {name for names in STORAGE.values() for name in names} == set(impl)
