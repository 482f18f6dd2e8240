"""What pragmas name, and the numbers they give, in each function as its templates are used.

Clang ignores ``#pragma HLS``. So a call stands in its place, which names the same variables and
gives the same numbers: they are looked up there, as Vitis' own parser does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from clang.cindex import CursorKind

from gatewright.lint.pragmas.parse import Pragma
from gatewright.lint.pragmas.table import DIRECTIVES, Kind
from gatewright.lint.source.cursors import key, plain
from gatewright.lint.source.functions import CppFunction
from gatewright.lint.source.scopes import Standing

PROBES = "gw_lint"
"""The namespace of those calls, which are declared in ``std/gw_probe.h``."""
_VALUE, _NAME = "value", "name"


@dataclass(frozen=True)
class PlacedPragma:
    """A pragma, and the braces around it.

    Attributes:
        number: Its place among all.
        pragma: As it is written.
        scope: Where it stands.
        options: Its options by name.
    """

    number: int
    pragma: Pragma
    scope: Standing
    options: Mapping[str, str]


@dataclass(eq=False)
class BoundPragma:
    """A pragma in one function, as its templates are used.

    Attributes:
        placed: The pragma.
        function: Where it stands.
        variables: What its options name: expressions, by option.
        values: The numbers that its options give, by option.
    """

    placed: PlacedPragma
    function: CppFunction
    variables: dict[str, list[Any]] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)

    @property
    def directive(self) -> str:
        """In small letters."""
        return self.placed.pragma.directive

    @property
    def options(self) -> Mapping[str, str]:
        """By name, as they are written."""
        return self.placed.options


def with_probes(texts: Mapping[str, str], placed: Iterable[PlacedPragma]) -> dict[str, str]:
    """Texts with calls in the place of pragmas, line by line the same."""
    lines = {name: text.split("\n") for name, text in texts.items()}
    for one in placed:
        first, own = one.pragma.line - 1, lines[one.pragma.file]
        own[first : one.pragma.last] = [""] * (one.pragma.last - first)
        own[first] = " ".join(_probes(one))
    return {name: "\n".join(own) for name, own in lines.items()}


def _probes(placed: PlacedPragma) -> Iterable[str]:
    options = DIRECTIVES[placed.pragma.directive].options
    for index, (name, value) in enumerate(placed.options.items()):
        which = f"{placed.number}, {index}"
        if options[name].kind is Kind.INTEGER:
            yield f"{PROBES}::{_VALUE}<{which}, ({value})>();"
        elif options[name].kind is Kind.VARIABLE and value != "return":
            for variable in value.split(","):
                yield f"{PROBES}::{_NAME}<{which}>({variable.lstrip('&')});"


def bind(function: CppFunction, placed: Iterable[PlacedPragma]) -> list[BoundPragma]:
    """The pragmas of a function, in order, with what they name there.

    Args:
        function: Of texts with probes.
        placed: Pragmas, of which it takes its own.
    """
    home = key(function.body)
    found = {one.number: BoundPragma(one, function) for one in placed if one.scope.function == home}
    for node, _ in function.of_kind(CursorKind.CALL_EXPR):
        if node.spelling in (_VALUE, _NAME) and is_probe(node):
            number, index = (node.referenced.get_template_argument_value(i) for i in range(2))
            one = found[number]
            name = list(one.options)[index]
            if node.spelling == _VALUE:
                one.values[name] = node.referenced.get_template_argument_value(2)
            else:
                variable = plain(next(iter(node.get_arguments())))
                one.variables.setdefault(name, []).append(variable)
    return list(found.values())


def is_probe(call: Any) -> bool:
    """Whether a call stands for a pragma."""
    callee = call.referenced
    parent = None if callee is None else callee.semantic_parent
    return parent is not None and parent.spelling == PROBES


def is_number_fault(says: str) -> bool:
    """Whether what clang says of a probe is about a number, not a name."""
    return "constant expression" in says or f"'{_VALUE}'" in says
