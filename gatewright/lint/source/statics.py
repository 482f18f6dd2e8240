"""What the compiler knows: expressions whose value is the same in every pass of a pipeline."""

from __future__ import annotations

from typing import Any

from clang.cindex import CursorKind

from gatewright.lint.source.cursors import LOOPS, is_constexpr, plain
from gatewright.lint.source.functions import CppFunction, arguments

_LITERALS = (
    *(CursorKind.INTEGER_LITERAL, CursorKind.CXX_BOOL_LITERAL_EXPR, CursorKind.CHARACTER_LITERAL),
    *(CursorKind.FLOATING_LITERAL, CursorKind.STRING_LITERAL, CursorKind.CXX_UNARY_EXPR),
)
_COMPUTED = (
    *(CursorKind.BINARY_OPERATOR, CursorKind.UNARY_OPERATOR, CursorKind.CONDITIONAL_OPERATOR),
    *(CursorKind.CSTYLE_CAST_EXPR, CursorKind.CXX_STATIC_CAST_EXPR, CursorKind.PAREN_EXPR),
    *(CursorKind.CXX_FUNCTIONAL_CAST_EXPR, CursorKind.CALL_EXPR, CursorKind.UNEXPOSED_EXPR),
    CursorKind.ARRAY_SUBSCRIPT_EXPR,
)
_NAMES = (CursorKind.TYPE_REF, CursorKind.NAMESPACE_REF, CursorKind.TEMPLATE_REF)


class Statics:
    """Of all functions together: a parameter is as static as what it is given, wherever it is.

    Args:
        functions: What the top level calls.
    """

    def __init__(self, functions: tuple[CppFunction, ...]) -> None:
        self._given: dict[Any, list[Any]] = {}
        for function in functions:
            for call, callee in function.calls:
                for parameter, argument in zip(callee.parameters, arguments(call), strict=False):
                    self._given.setdefault(parameter.hash, []).append(argument)
        self._counters = {
            variable.hash
            for function in functions
            for loop, _ in function.of_kind(*LOOPS)
            for variable in counters(loop)
        }
        self._known: dict[Any, bool] = {}

    def is_static(self, expression: Any) -> bool:
        """Whether it is known before a pass begins; counters of unrolled loops are."""
        expression = plain(expression)
        if expression.kind in _LITERALS:
            return True
        declared = expression.referenced
        if expression.kind == CursorKind.DECL_REF_EXPR or _is_static_member(expression):
            return self._is_known(declared)
        if expression.kind in _COMPUTED or _is_method(expression):
            parts = (c for c in expression.get_children() if c.kind not in _NAMES)
            return all(map(self.is_static, parts))
        return False

    def _is_known(self, declared: Any) -> bool:
        if declared is None:
            return False
        if declared.kind not in (CursorKind.VAR_DECL, CursorKind.PARM_DECL):
            return bool(declared.kind != CursorKind.FIELD_DECL)
        name = declared.hash
        if name not in self._known:
            self._known[name] = True  # a parameter that is handed on is as what it was given
            self._known[name] = self._judge(declared)
        return self._known[name]

    def _judge(self, declared: Any) -> bool:
        if declared.kind == CursorKind.PARM_DECL:
            return all(map(self.is_static, self._given.get(declared.hash, ())))
        if declared.hash in self._counters or is_constexpr(declared):
            return True
        if not declared.type.is_const_qualified():
            return False
        is_local = declared.semantic_parent.kind in (
            *(CursorKind.FUNCTION_DECL, CursorKind.CXX_METHOD, CursorKind.FUNCTION_TEMPLATE),
        )
        values = [c for c in declared.get_children() if c.kind not in _NAMES]
        return all(map(self.is_static, values)) if is_local else True

    def is_bounded(self, loop: Any) -> bool:
        """Whether it is known how often a loop runs."""
        if loop.kind != CursorKind.FOR_STMT or not counters(loop):
            return False
        parts = list(loop.get_children())[1:]
        starts = (c for v in counters(loop) for c in v.get_children() if c.kind not in _NAMES)
        return len(parts) > 1 and all(map(self.is_static, starts)) and self.is_static(parts[0])


def _is_static_member(expression: Any) -> bool:
    is_member = expression.kind == CursorKind.MEMBER_REF_EXPR
    return bool(is_member and expression.referenced.kind == CursorKind.VAR_DECL)


def _is_method(expression: Any) -> bool:
    """What is called of an object: as static as that is."""
    is_member = expression.kind == CursorKind.MEMBER_REF_EXPR
    return bool(is_member and expression.referenced.kind != CursorKind.FIELD_DECL)


def counters(loop: Any) -> list[Any]:
    """What a loop declares to count with."""
    first = next(iter(loop.get_children()), None)
    if loop.kind != CursorKind.FOR_STMT or first is None or first.kind != CursorKind.DECL_STMT:
        return []
    return [c for c in first.get_children() if c.kind == CursorKind.VAR_DECL]
