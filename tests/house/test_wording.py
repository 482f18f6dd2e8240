"""How errors speak: every cause is a clause, every remedy a sentence, wherever it is written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gatewright"
ROLES = ("cause", "remedy")
NAMES = (
    *("Flatten", "Gatewright", "QuantTensor", "Quant takes", "BipolarQuant", "Gather", "W and R"),
    "No space left",
)
"""What a cause may begin with besides a small letter: names, and the system's own words."""
TEXT = (ast.Constant, ast.JoinedStr, ast.BinOp, ast.IfExp, ast.BoolOp)


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@dataclass(frozen=True)
class Source:
    """A module: what it defines, and what it imports of ours."""

    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text())

    @cached_property
    def parameters(self) -> dict[str, list[str]]:
        """Of each function, or class with fields, by name."""
        found = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef):
                found[node.name] = [a.arg for a in node.args.args if a.arg not in ("self", "cls")]
            elif isinstance(node, ast.ClassDef):
                fields = [n for n in node.body if isinstance(n, ast.AnnAssign)]
                found[node.name] = [f.target.id for f in fields if isinstance(f.target, ast.Name)]
        return found

    @cached_property
    def constants(self) -> dict[str, ast.expr]:
        """Module-level names with one value each."""
        return {
            target.id: node.value
            for node in self.tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    @cached_property
    def imported(self) -> dict[str, Source]:
        """Where a name comes from, if it is ours."""
        return {
            alias.asname or alias.name: SOURCES[node.module]
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom) and node.module in SOURCES
            for alias in node.names
        }

    def signature(self, name: str) -> list[str]:
        """Parameters of what is called; none if it is not ours."""
        home = self if name in self.parameters else self.imported.get(name)
        return [] if home is None else home.parameters.get(name, [])

    def value(self, name: str) -> ast.expr | None:
        """Of a constant of this module or of one that it imports from."""
        home = self if name in self.constants else self.imported.get(name)
        return None if home is None else home.constants.get(name)


SOURCES = {dotted(path): Source(path) for path in sorted(PACKAGE.rglob("*.py"))}


def role_of(name: str) -> str | None:
    """Of a parameter, variable, constant or function by its name."""
    words = name.lower().strip("_").replace("remedies", "remedy").split("_")
    return next((role for role in ROLES if role in words), None)


def texts(source: Source) -> Iterator[tuple[str, ast.expr]]:
    """What a module says in a role, literal or put together, each with its role."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            yield from given(source, node)
        elif isinstance(node, ast.FunctionDef):
            yield from of_function(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                yield from assigned(target, node.value)


def given(source: Source, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    yield from ((key.arg, key.value) for key in call.keywords if key.arg in ROLES)
    called = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    for name, value in zip(source.signature(called), call.args, strict=False):
        if name in ROLES:
            yield name, value


def of_function(node: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    """Defaults, and what a function gives that is called as a role."""
    names = [argument.arg for argument in node.args.args]
    defaults = zip(reversed(names), reversed(node.args.defaults), strict=False)
    yield from ((name, value) for name, value in defaults if name in ROLES)
    role = role_of(node.name)
    for inner in ast.walk(node):
        if role and isinstance(inner, ast.Return) and isinstance(inner.value, TEXT):
            yield role, inner.value


def assigned(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for element, part in zip(target.elts, value.elts, strict=False):
            yield from assigned(element, part)
    elif isinstance(target, ast.Name) and (role := role_of(target.id)):
        parts = value.values if isinstance(value, ast.Dict) else [value]
        yield from ((role, part) for part in parts if isinstance(part, TEXT) and not number(part))


def number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not isinstance(node.value, str)


Side = tuple[str, ast.expr | None]
"""A literal, or "" and the expression of a placeholder."""


def sides(source: Source, node: ast.expr, last: bool) -> Iterator[Side]:
    """How a text begins, or ends: once for each of its branches."""
    if isinstance(node, ast.IfExp):
        yield from sides(source, node.body, last)
        yield from sides(source, node.orelse, last)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from sides(source, value, last)
    elif isinstance(node, ast.BinOp):
        yield from sides(source, node.right if last else node.left, last)
    elif isinstance(node, ast.JoinedStr):
        part = node.values[-1 if last else 0]
        yield from sides(source, part, last)
    elif isinstance(node, ast.FormattedValue):
        yield from sides(source, node.value, last)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value, None
    elif isinstance(node, ast.Name) and (value := source.value(node.id)) is not None:
        yield from sides(source, value, last)
    else:
        yield "", node


def is_whole(node: ast.expr) -> bool:
    """What comes with its own end: a cause, words of a tool, a command that is to be copied."""
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) in ("shlex.join", "self._said")
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and node.attr in ROLES)


def wrong(source: Source, role: str, node: ast.expr) -> str | None:
    for text, _ in sides(source, node, last=False):
        if role == "remedy" and text and not text[0].isupper():
            return f"begins {text[:20]!r}"
        if role == "cause" and text[:1].isupper() and not text.startswith(NAMES):
            return f"begins {text[:20]!r}"
    whole = isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript)
    for text, hole in sides(source, node, last=True):
        if hole is None and not text.endswith("."):
            return f"ends {text[-20:]!r}"
        if hole is not None and not (whole or is_whole(hole)):
            return f"ends in {ast.unparse(hole)}"
    return None


@pytest.mark.parametrize("role", ROLES)
def test_every_one_has_one_form(role: str) -> None:
    """Causes begin small, remedies with a capital; both end with a full stop."""
    found = [
        f"{source.path.relative_to(ROOT)}:{node.lineno}: {fault}"
        for source in SOURCES.values()
        for kind, node in texts(source)
        if kind == role and (fault := wrong(source, role, node)) is not None
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("role", "text", "holds"),
    [
        ("remedy", "'Pass one.'", True),
        ("remedy", "'pass one.'", False),
        ("remedy", "'Pass one'", False),
        ("remedy", "f'Pass {one}.'", True),
        ("remedy", "f'pass {one}.'", False),
        ("remedy", "f'Pass {one()}'", False),
        ("remedy", "f'Run {shlex.join(it)}'", True),
        ("remedy", "'Pass one.' if one else 'pass two.'", False),
        ("remedy", "AGAIN", True),
        ("remedy", "f'{AGAIN}'", True),
        ("cause", "'it is one.'", True),
        ("cause", "'It is one.'", False),
        ("cause", "f'it is {one.two}'", False),
    ],
)
def test_what_the_form_is(role: str, text: str, holds: bool) -> None:
    source = SOURCES["gatewright.builds.manifest"]  # which has AGAIN of another module
    node = ast.parse(text, mode="eval").body
    assert (wrong(source, role, node) is None) == holds
