"""The board shell of a design: its sources, and the generated module that wraps the design."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from gatewright.boards.shell.ports import FramePort, input_ports, output_ports
from gatewright.hls_templates.library import versioned_sv
from gatewright.hls_templates.project.names import DEFAULT_NAMES, Names
from gatewright.hls_templates.records import PortRecord
from gatewright.hls_templates.template import template

SHELL = "gatewright_board"
SHELL_MODULES = (
    "gw_uart_rx.sv",
    "gw_uart_tx.sv",
    "gw_crc32.sv",
    "gw_upsize.sv",
    "gw_downsize.sv",
    "gw_frame_rx.sv",
    "gw_frame_tx.sv",
    "gw_shell.sv",
)
"""In compile order; they need ``FIFO`` of the library before them."""
FIFO = "gw_fifo"


def shell_files(
    inputs: Sequence[PortRecord],
    outputs: Sequence[PortRecord],
    digest: bytes,
    names: Names = DEFAULT_NAMES,
) -> dict[str, str]:
    """The sources of the shell in compile order, by name.

    Args:
        inputs: Of the design.
        outputs: Of the design.
        digest: What ``build_digest`` says of the build.
        names: Of the build.
    """
    folder = resources.files("gatewright.boards.shell")
    others = [name.removesuffix(".sv") for name in SHELL_MODULES]
    files = {
        name: versioned_sv(folder.joinpath(name).read_text(), [FIFO], others)
        for name in SHELL_MODULES
    }
    into, out_of = input_ports(inputs), output_ports(outputs)
    files[f"{SHELL}.sv"] = template("gatewright.boards.shell", f"{SHELL}.sv.j2").render(
        top=names.top,
        inputs=into,
        outputs=out_of,
        in_bytes=_packed(into),
        in_max=max(port.word_bytes for port in into),
        out_bytes=_packed(out_of),
        out_total=sum(port.word_bytes for port in out_of),
        digest=digest[::-1].hex(),
    )
    return files


def _packed(ports: Sequence[FramePort]) -> str:
    """Bytes of a word of each port as one SystemVerilog literal, port 0 lowest."""
    value = bytes(port.word_bytes for port in reversed(ports)).hex()
    return f"{8 * len(ports)}'h{value}"
