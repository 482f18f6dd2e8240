"""What yosys makes of a design for the parts of a vendor: cells of that vendor, all counted."""

from __future__ import annotations

import json

from gatewright.boards import boards
from gatewright.boards.families.xilinx import XILINX_CELLS
from gatewright.boards.vendor import count_plan, make_plan
from gatewright.build import Build
from gatewright.synth import vendor_candidate

BOARDS = ("pynq-z2", "zcu104")  # families xc7 and xcup
# Parts of the slices and of the clock net that no resource is spent on.
FREE = {"BUFG", "CARRY4", "CARRY8", "GND", "INV", "MUXF7", "MUXF8", "MUXF9", "VCC"}
MULTIPLIERS = 4


def check_vendors(build: Build) -> None:
    """Map a build to xc7 and xcup.

    Raises:
        AssertionError: If a cell is left that the report does not count, or a count is not its sum.
        GatewrightError: If yosys refuses the design.
    """
    for name in BOARDS:
        board, folder = boards()[name], build.path / "synth" / name
        design = vendor_candidate(build, board, MULTIPLIERS)
        # Also where it is more than the part has, which synth refuses.
        usage = count_plan(board, make_plan(board, design, None), folder, lambda stage, line: None)
        counts = json.loads((folder / "cells.json").read_text())["design"]["num_cells_by_type"]
        assert set(counts) <= set(XILINX_CELLS) | FREE, set(counts) - set(XILINX_CELLS) - FREE
        assert set(usage) == {"lut", "ff", "dsp", "bram"}
        for kind in ("ff", "dsp"):
            names = [name for name, (of, _) in XILINX_CELLS.items() if of == kind]
            assert usage[kind].used == sum(counts.get(name, 0) for name in names)
        assert usage["lut"].used and usage["ff"].used, usage
        print(name, {kind: use.used for kind, use in usage.items()})
