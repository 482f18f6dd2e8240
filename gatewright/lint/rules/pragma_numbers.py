"""Numbers in pragmas are constants, and within what they are about."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.findings import Finding, Rule
from gatewright.lint.pragmas.table import MEMORY_LATENCY, STORAGE_LATENCY
from gatewright.lint.source.probes import BoundPragma, is_number_fault
from gatewright.lint.source.types import dimensions
from gatewright.lint.view import View

_NAME = "pragma-numbers"
_REMEDY = "Write a constant that the array or the directive can have; a factor has to divide."
_LEAST = {
    "allocation": {"limit": 1},
    "dependence": {"distance": 1},
    "latency": {"min": 0, "max": 0},
    "loop_tripcount": {"min": 0, "max": 0, "avg": 0},
    "occurrence": {"cycle": 1},
    "pipeline": {"ii": 1},
    "stream": {"depth": 1},
    "unroll": {"factor": 1},
}


def _check(view: View) -> Iterator[Finding]:
    for pragma, says in view.refused:
        if is_number_fault(says):
            reason = "a number of it is no integral constant expression."
            yield Finding(_NAME, pragma.file, pragma.line, reason, _REMEDY)
    for bound in (one for function in view.functions for one in view.bound[function]):
        pragma = bound.placed.pragma
        for reason in (*_too_small(bound), *_SPECIAL.get(bound.directive, _nothing)(bound)):
            yield Finding(_NAME, pragma.file, pragma.line, reason, _REMEDY)


def _too_small(bound: BoundPragma) -> Iterator[str]:
    for name, least in _LEAST.get(bound.directive, {}).items():
        if bound.values.get(name, least) < least:
            yield f"{name} is {bound.values[name]}, and at least {least}."


def _nothing(bound: BoundPragma) -> Iterator[str]:
    yield from ()


def _wrong_parts(bound: BoundPragma) -> Iterator[str]:
    """Of a partition: its dimension, and whether its factor divides that."""
    dim, factor = bound.values.get("dim", 1), bound.values.get("factor")
    for variable in bound.variables.get("variable", ()):
        sizes = dimensions(variable.type)
        if not sizes:
            continue
        if not 0 <= dim <= len(sizes):
            yield f"{variable.spelling} has {len(sizes)} dimensions, and dim is {dim}."
            continue
        for size in sizes if dim == 0 else sizes[dim - 1 : dim]:
            if factor is not None and (factor < 1 or size % factor):
                yield f"factor {factor} does not divide {size}, which {variable.spelling} has."


def _wrong_latency(bound: BoundPragma) -> Iterator[str]:
    low, high = STORAGE_LATENCY.get(bound.options.get("type", ""), MEMORY_LATENCY)
    latency = bound.values.get("latency", -1)
    if latency != -1 and not low <= latency <= high:
        yield f"latency is {latency}, and between {low} and {high}."


def _wrong_order(bound: BoundPragma) -> Iterator[str]:
    values = [bound.values[name] for name in ("min", "avg", "max") if name in bound.values]
    if values != sorted(values):
        yield "min is greater than max, or avg is not between them."


_SPECIAL = {
    "array_partition": _wrong_parts,
    "array_reshape": _wrong_parts,
    "bind_storage": _wrong_latency,
    "latency": _wrong_order,
    "loop_tripcount": _wrong_order,
}

RULE = Rule(
    _NAME,
    "Numbers in pragmas are integral constants, in the array's dimensions, and divide them.",
    "The pragma is ignored; a factor that does not divide makes banks of two sizes.",
    _REMEDY,
    "hls-llvm-project, SemaXlxAttr.cpp; UG1399, pragma HLS array_partition and bind_storage",
    _check,
)
