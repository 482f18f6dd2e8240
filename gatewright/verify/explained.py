"""Which differences float32 may make: those that the certificate lists, and none beside."""

from __future__ import annotations

from collections.abc import Mapping

from gatewright.ir.certificate.certificate import Certificate
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.types import IntArray
from gatewright.levels.run import Run
from gatewright.verify.replay import replay


def boundary_cases(
    integer: IntegerModel, certificate: Certificate, encoded: Mapping[str, IntArray], run: Run
) -> int | None:
    """How many float32 roundings explain where a run differs from the integer model.

    Args:
        integer: The integer model with the ranges of float32, as ``certify`` gives it.
        certificate: Where float32 may round to another code.
        encoded: What the run was given, centered integers by graph input.
        run: Of an engine that computes in float32 somewhere.

    Returns:
        Their number; None if anything else is needed to explain it.
    """
    cases = 0
    places = {row.name for row in certificate.summary()}
    taps = {k: v for k, v in run.taps.items() if not k.endswith("/x")}
    for difference in replay(integer, encoded, taps, run.n):
        if difference.name not in places or not difference.in_reach:
            return None
        listed = certificate.lists(difference.name, difference.inputs)
        if not listed[difference.wrong].all():
            return None
        cases += difference.count
    return cases


def is_exact(integer: IntegerModel, encoded: Mapping[str, IntArray], run: Run) -> bool:
    """Whether a run of an engine that computes in integers gave what the integer model gives.

    Args:
        integer: The integer model that was lowered from the traced graph, not one that an engine
            runs.
        encoded: What the run was given, centered integers by graph input.
        run: What the engine shows.
    """
    return not replay(integer, encoded, run.taps, run.n)
