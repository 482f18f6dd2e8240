"""Dependences are stated of memories, with a distance that the schedule keeps."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.hls_templates.kernels.recurrent.kernel import RecurrentRecord
from gatewright.lint.findings import Finding, Rule
from gatewright.lint.source.functions import CppFunction
from gatewright.lint.source.probes import BoundPragma
from gatewright.lint.source.registers import complete
from gatewright.lint.source.types import dimensions, parameters_name
from gatewright.lint.view import View

_NAME = "dependence"
_REMEDY = (
    "Keep the array in banks, and write variable = NAME inter RAW distance = N true, N passes or "
    "fewer from a write to the read of it."
)


def _check(view: View) -> Iterator[Finding]:
    for function in view.functions:
        stated = view.told(function, "dependence")
        for bound in stated:
            pragma = bound.placed.pragma
            for reason in (*_wrong(bound), *_in_registers(view, function, bound)):
                yield Finding(_NAME, pragma.file, pragma.line, reason, _REMEDY)
        yield from _too_far(view, function, stated)


def _wrong(bound: BoundPragma) -> Iterator[str]:
    options = bound.options
    is_inter = options.get("type", "inter") == "inter"
    if "dependent" not in options:
        yield "it says neither true nor false, and false is assumed."
    elif options["dependent"] == "false" and is_inter:
        yield "it says that no pass ever reads what one before wrote."
    elif is_inter and "distance" not in options:
        yield "it states no distance, and the nearest is assumed."
    if not is_inter and "distance" in options:
        yield "a distance is one between passes, and it is stated of one pass."
    if not {"variable", "cross_variables", "class"} & options.keys():
        yield "it names no variable, and acts on all."


def _in_registers(view: View, function: CppFunction, bound: BoundPragma) -> Iterator[str]:
    for variable in bound.variables.get("variable", ()):
        if not dimensions(variable.type):
            yield f"{variable.spelling} is no array: its value limits the interval by itself."
        elif complete(variable, view.told(function, "array_partition")):
            yield f"{variable.spelling} is partitioned into registers: no memory to act on."


def _too_far(view: View, function: CppFunction, stated: list[BoundPragma]) -> Iterator[Finding]:
    """A schedule lets its step pass until c is read again, and its distance until h is."""
    name = parameters_name(function.cursor)
    for kernel in view.kernels.kernels:
        if not isinstance(kernel, RecurrentRecord) or kernel.name != name:
            continue
        known = [bound for bound in stated if "distance" in bound.values]
        known.sort(key=lambda bound: bound.values["distance"])
        longest = [kernel.hls.dependence_distance, *[kernel.hls.cycles_per_step] * len(known)]
        for bound, most in zip(known, longest, strict=False):
            distance, pragma = bound.values["distance"], bound.placed.pragma
            if distance > most:
                reason = f"the distance is {distance}, and {most} in the schedule of {name}."
                yield Finding(_NAME, pragma.file, pragma.line, reason, _REMEDY)


RULE = Rule(
    _NAME,
    "A dependence is stated of a memory, and its distance is not larger than the schedule's.",
    "Of registers the pragma has nothing to act on, and the interval is the loop's latency; a "
    "distance that is too large gives other results than C++ does.",
    _REMEDY,
    "UG1399, pragma HLS dependence; hls-llvm-project, DiagnosticHLSKinds.td",
    _check,
)
