"""What ``--flow vitis`` leaves in the folder of a board, with a double of the exported kernel."""

from __future__ import annotations

import json
from pathlib import Path

from hls_double import kernel

from gatewright.boards.vivado.kernel import EXPORTED
from gatewright.build import Build
from gatewright.builds.fold import folded
from gatewright.hls_templates.project.names import Names

MEMORY = "gatewright_hls_k0_weight_ROM_AUTO_1R"
FOLD, STEPS, CYCLES = 12, 6, 345
ROM = f"""module {MEMORY} (input clk, output reg [7:0] q0);
reg [7:0] rom0[0:1];
initial begin
    $readmemh("./{MEMORY}.dat", rom0);
end
always @(posedge clk) q0 <= rom0[0];
endmodule
"""


def export(build: Build, place: Path) -> Path:
    """Its Verilog and its report; the folder of the former."""
    folder = place / EXPORTED
    folder.mkdir(parents=True)
    names = Names(build.kernels.name)
    (folder / f"{names.kernel}.v").write_text(kernel(folded(build, FOLD), names))
    (folder / f"{MEMORY}.v").write_text(ROM)
    (folder / f"{MEMORY}.dat").write_text("7f\n00\n")
    (folder / "readme.txt").write_text("of no use\n")
    facts = {"multipliers": FOLD, "steps": STEPS, "cycles": CYCLES}
    (place / "synth.json").write_text(json.dumps(facts))
    return folder
