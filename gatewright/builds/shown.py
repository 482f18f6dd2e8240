"""What a build says of itself."""

from __future__ import annotations

from gatewright.builds.documents import Documents
from gatewright.hls_templates.records import KernelsDocument
from gatewright.ir.certificate.proof import Proof
from gatewright.views import Shown, ShownLine, ShownTable, near

_HEADINGS = ("kernel", "from", "in", "out", "multipliers", "cycles")


def build_view(build: Documents) -> Shown:
    """Its kernels, what is predicted of them, and what is proven.

    Raises:
        GatewrightError: GW-402 if a file of it is damaged.
    """
    kernels = build.kernels
    predicted = (
        f"Predicted: {kernels.predicted_cycles} cycles for a sequence of {kernels.steps} steps, "
        f"{kernels.hls_predicted_cycles} of the C++ by the delays of its operators."
    )
    title = f"{near(build.path)}: kernels"
    table = ShownTable(title, _HEADINGS, _rows(kernels), names=2)
    proof = ShownLine(str(Proof.of(build.certificate)))
    return Shown(str(near(build.path)), (table, ShownLine(predicted), proof))


def _rows(kernels: KernelsDocument) -> tuple[tuple[str, ...], ...]:
    widths = {stream.name: stream.width for stream in kernels.streams}

    def joined(streams: tuple[str, ...]) -> str:
        return " + ".join(str(widths[name]) for name in streams)

    return tuple(
        (
            kernel.kind,
            kernel.source,
            joined(kernel.reads),
            joined(kernel.writes),
            str(kernel.multiplies or "-"),
            str(kernel.predicted_cycles),
        )
        for kernel in kernels.kernels
    )
