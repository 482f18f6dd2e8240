"""Small designs as Vivado projects on disk, with the ports that an IP of ours has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vivado_model import Vivado

from gatewright.boards.description import Board, ShellBoard
from gatewright.boards.folding import Candidate
from gatewright.boards.vivado.design import IpStream
from gatewright.boards.vivado.flow import project_files
from gatewright.boards.vivado.project import VIVADO_STAGES
from gatewright.hls_templates.ip.write import LITE
from gatewright.hls_templates.pynq import DRIVER

TABLE = "rom/k0_weight_file.hex"


def wrapper(inputs: Sequence[IpStream], outputs: Sequence[IpStream]) -> str:
    """The ports of an IP, and nothing behind them."""
    lines = ["input wire aclk", "input wire aresetn", "output wire interrupt"]
    lines += [f"{way} wire [{bits - 1}:0] s_axi_{name}" for way, bits, name in LITE]
    for ports, there, back in ((inputs, "input", "output"), (outputs, "output", "input")):
        for port in ports:
            lines += [
                f"{there} wire [{port.bits - 1}:0] {port.name}_tdata",
                f"{there} wire [{port.bits // 8 - 1}:0] {port.name}_tkeep",
                *(f"{there} wire {port.name}_{s}" for s in ("tvalid", "tlast")),
                f"{back} wire {port.name}_tready",
            ]
    head = 'module gatewright_ip #(\n    parameter ROM_DIR = ""\n) (\n    '
    return head + ",\n    ".join(lines) + "\n);\nendmodule\n"


def streams(prefix: str, widths: Sequence[int]) -> tuple[IpStream, ...]:
    """Ports of one direction."""
    names = [prefix if i == 0 else f"{prefix}_{i}" for i in range(len(widths))]
    return tuple(map(IpStream, names, widths))


def small(
    ins: Sequence[int] = (64,), outs: Sequence[int] = (32,), shell: bool = False
) -> Candidate:
    """A design with streams of so many bits."""
    inputs, outputs = streams("s_axis", ins), streams("m_axis", outs)
    top = "gatewright_board" if shell else "gatewright_top"
    rtl = {
        f"{top}.sv": f'module {top};\n  localparam TABLE = "{TABLE}";\nendmodule\n',
        "sources.f": f"{top}.sv\n",
        TABLE: "00\n",
    }
    if shell:
        return Candidate(4, rtl, 8, 100)
    ip = {
        "gatewright_ip.v": wrapper(inputs, outputs),
        "ip.f": f"../rtl/{top}.sv\ngatewright_ip.v\n",
        "gatewright.json": '{"name": "gatewright", "addresses": null}',
        DRIVER: "",
    }
    return Candidate(4, rtl, 8, 100, ip=ip, inputs=inputs, outputs=outputs)


def written(board: Board, folder: Path, design: Candidate | None = None) -> Path:
    """A project in a folder."""
    design = design or small(shell=isinstance(board, ShellBoard))
    for name, text in project_files(board, design, None).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def run_stages(vivado: Vivado, folder: Path, stages: Sequence[str] = VIVADO_STAGES) -> str:
    """Run scripts until one is refused; what it said, or ""."""
    for stage in stages:
        said = vivado.run(folder / "vivado" / f"{stage}.tcl")
        if said:
            return f"{stage}: {said}"
    return ""
