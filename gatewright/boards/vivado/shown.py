"""What Vivado reached: slack and power."""

from __future__ import annotations

from gatewright.boards.vivado.summary import VivadoReport
from gatewright.views import ShownLine


def vivado_reached(report: VivadoReport) -> tuple[ShownLine, ...]:
    """What it says of timing and power, as far as it was asked."""
    return tuple(ShownLine(said) for said in (_timing(report), _power(report)) if said)


def _timing(report: VivadoReport) -> str:
    found = report.timing
    if found is None:
        return ""
    verdict = "met" if found.met else f"MISSED by {found.failing} of {found.endpoints} endpoints"
    return (
        f"Vivado {report.version}, {report.state}: the clock is {verdict}; {found.wns_ns:g} ns "
        f"left (setup), {found.whs_ns:g} ns (hold)."
    )


def _power(report: VivadoReport) -> str:
    found = report.power
    if found is None:
        return ""
    return (
        f"Power, estimated with {found.confidence.lower()} confidence: {found.total:g} W, "
        f"{found.dynamic:g} W of it dynamic."
    )
