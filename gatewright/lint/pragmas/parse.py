"""Pragmas in a text: their directive and options, as Vitis' parser splits them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SPACE = "HLS"
"""What a pragma of Vitis HLS begins with."""
_SPACES = (SPACE, "AP", "AUTOPILOT")
"""Also of older tools."""
_PRAGMA = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+(\w+)\b((?:[^\\\n]|\\[^\n]|\\\n)*)", re.M)
_OTHERS = ("once", "GCC", "clang", "STDC", "message", "pack", "push_macro", "pop_macro")
"""What pragmas of others begin with that mean nothing to Vitis HLS."""
_OPERATOR = re.compile(r"\b_Pragma\b")
_COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"', re.S)
_TOKEN = re.compile(
    r"""\s*(?:(?P<word>[A-Za-z_]\w*)|(?P<number>\d[\w.']*)|(?P<text>"(?:[^"\\]|\\.)*")
    |(?P<mark>::|->|<<|>>|<=|>=|==|!=|&&|\|\||\S))""",
    re.X,
)
_BETWEEN = {
    *("::", ".", "->", "+", "-", "*", "/", "%", "<<", ">>", "<", ">", "<=", ">=", "==", "!="),
    *("&", "|", "^", "&&", "||", "?", ":", ","),
}
"""What joins two operands."""
_BEFORE = {"&", "*", "-", "+", "!", "~", "::"}
"""What stands before one."""
_AROUND = {"(": ")", "[": "]"}


@dataclass(frozen=True)
class Setting:
    """An option as it is written.

    Attributes:
        name: In small letters.
        value: What follows ``=``; None of a word that stands alone.
    """

    name: str
    value: str | None = None


@dataclass(frozen=True)
class Pragma:
    """A ``#pragma HLS`` of a text.

    Attributes:
        file: The text's name.
        line: Its first line, from 1.
        last: Its last line, which a backslash may move.
        space: ``HLS``, or what stands in its place.
        directive: In small letters; empty if there is none.
        settings: Its options in order.
        rest: What cannot be split into options, and so ends them.
    """

    file: str
    line: int
    last: int
    space: str
    directive: str
    settings: tuple[Setting, ...]
    rest: str = ""

    def value(self, name: str) -> str | None:
        """Of the first option of a name."""
        return next((s.value for s in self.settings if s.name == name), None)

    def has(self, name: str) -> bool:
        """Whether there is an option of a name."""
        return any(s.name == name for s in self.settings)


def pragmas_of(file: str, text: str) -> Iterator[Pragma]:
    """Every pragma of Vitis in a text, in order.

    Args:
        file: The text's name.
        text: C++.
    """
    blank = without_comments(text)
    for found in _PRAGMA.finditer(blank):
        if found[1].upper() not in _SPACES:
            continue
        line = blank.count("\n", 0, found.start()) + 1
        last = line + found[0].count("\n")
        yield _pragma(file, line, last, found[1], found[2].replace("\\\n", " "))


def strange_pragmas(text: str) -> Iterator[tuple[int, str]]:
    """Lines of pragmas that are neither Vitis' nor known ones of others, with how they begin."""
    blank = without_comments(text)
    for found in _PRAGMA.finditer(blank):
        if found[1].upper() not in _SPACES and found[1] not in _OTHERS:
            yield blank.count("\n", 0, found.start()) + 1, f"#pragma {found[1]}"
    for found in _OPERATOR.finditer(blank):
        yield blank.count("\n", 0, found.start()) + 1, found[0]


def without_comments(text: str) -> str:
    """C++ with spaces for comments, line by line the same."""

    def blank(found: re.Match[str]) -> str:
        kept = found[0].startswith('"')
        return found[0] if kept else re.sub(r"[^\n]", " ", found[0])

    return _COMMENT.sub(blank, text)


def _pragma(file: str, line: int, last: int, space: str, text: str) -> Pragma:
    tokens = [next(v for v in found.groups() if v) for found in _TOKEN.finditer(text.rstrip())]
    directive = tokens.pop(0).lower() if tokens else ""
    settings = []
    while tokens and _is_word(tokens[0]):
        name, value = tokens.pop(0).lower(), None
        if tokens[:1] == ["="]:
            del tokens[0]
            value = _take_expression(tokens)
        settings.append(Setting(name, value))
    return Pragma(file, line, last, space, directive, tuple(settings), " ".join(tokens))


def _is_word(token: str) -> bool:
    return token[0].isalpha() or token[0] == "_"


def _take_expression(tokens: list[str]) -> str:
    """The tokens of one expression, taken from the front: operands, and what joins them."""
    taken: list[str] = []
    while tokens and tokens[0] in _BEFORE:
        taken.append(tokens.pop(0))
    while tokens:
        taken += _take_operand(tokens)
        if not tokens or tokens[0] not in _BETWEEN:
            break
        taken.append(tokens.pop(0))
        while tokens and tokens[0] in _BEFORE:
            taken.append(tokens.pop(0))
    return "".join(taken)


def _take_operand(tokens: list[str]) -> list[str]:
    """A word, number or text, and what stands in brackets behind or instead of it."""
    taken = [] if tokens[0] in _AROUND else [tokens.pop(0)]
    while tokens and tokens[0] in _AROUND:
        closing, depth = [_AROUND[tokens[0]]], 1
        taken.append(tokens.pop(0))
        while tokens and depth:
            token = tokens.pop(0)
            if token in _AROUND:
                closing.append(_AROUND[token])
            elif token == closing[-1]:
                closing.pop()
            depth = len(closing)
            taken.append(token)
    return taken
