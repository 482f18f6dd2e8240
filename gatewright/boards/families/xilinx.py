"""AMD (Xilinx) 7 series and UltraScale+: yosys maps to them, and Vivado places and routes."""

from __future__ import annotations

from gatewright.boards.families.base import Family

# The two halves of a RAMB36 count as such.
XILINX_CELLS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("LUT1", "LUT2", "LUT3", "LUT4", "LUT5", "LUT6"), ("lut", 1)),
    **dict.fromkeys(("SRL16E", "SRLC16E", "SRLC32E"), ("lut", 1)),
    **dict.fromkeys(("RAM32X1D", "RAM64X1D"), ("lut", 2)),
    **dict.fromkeys(("RAM32M", "RAM64M", "RAM128X1D"), ("lut", 4)),
    **dict.fromkeys(("RAM32M16", "RAM64M8"), ("lut", 8)),
    **dict.fromkeys(("FDRE", "FDSE", "FDCE", "FDPE"), ("ff", 1)),
    **dict.fromkeys(("RAMB18E1", "RAMB18E2"), ("bram", 0.5)),
    **dict.fromkeys(("RAMB36E1", "RAMB36E2"), ("bram", 1)),
    **dict.fromkeys(("DSP48E1", "DSP48E2"), ("dsp", 1)),
}


def _family(name: str) -> Family:
    return Family(name=name, synth=f"synth_xilinx -family {name}", cells=XILINX_CELLS)


SERIES7, ULTRASCALE_PLUS = _family("xc7"), _family("xcup")
