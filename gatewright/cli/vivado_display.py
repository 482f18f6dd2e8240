"""What Vivado reached, for a terminal."""

from __future__ import annotations

from gatewright.boards.vivado.summary import VivadoReport
from gatewright.cli.display import OUT, plain


def show_vivado(report: VivadoReport) -> None:
    """Slack and power."""
    for line in (_timing(report), _power(report)):
        if line:
            OUT.print(plain(line), highlight=False)


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
