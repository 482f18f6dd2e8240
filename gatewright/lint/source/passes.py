"""What is done in one pass of a pipeline: loops in it are unrolled, functions are part of it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from clang.cindex import CursorKind

from gatewright.lint.source.cursors import key
from gatewright.lint.source.functions import CppFunction


class Passes:
    """Of all functions together.

    Args:
        functions: What the top level calls.
        pipelines: Where braces begin that are a pipeline's.
    """

    def __init__(self, functions: tuple[CppFunction, ...], pipelines: frozenset[Any]) -> None:
        self._functions = functions
        inner = (n for f in functions for n, _ in f.of_kind(CursorKind.COMPOUND_STMT))
        braces = [*(f.body for f in functions), *inner]
        self._braces = {one.hash for one in braces if key(one) in pipelines}
        self._inside: set[CppFunction] = set()
        waiting = [
            function
            for function in functions
            if function.body.hash in self._braces
            or any(self._is_pass(parents) for _, _, parents in function.callers)
        ]
        while waiting:
            function = waiting.pop()
            if function not in self._inside:
                self._inside.add(function)
                waiting += [callee for _, callee in function.calls]

    def has(self, function: CppFunction) -> bool:
        """Whether a function is called in a pass."""
        return function in self._inside

    def _is_pass(self, parents: tuple[Any, ...]) -> bool:
        return any(p.kind == CursorKind.COMPOUND_STMT and p.hash in self._braces for p in parents)

    @cached_property
    def nodes(self) -> list[Any]:
        """All that is done in a pass, function by function."""
        return [
            node
            for function in self._functions
            for node, parents in function.nodes
            if function in self._inside or self._is_pass(parents)
        ]
