"""Small designs for the flows: as many products a cycle as they are folded for."""

import random
from pathlib import Path

from gatewright.boards.folding import Candidate

RTL = Path(__file__).with_name("rtl")
WORDS = 256


def design(lanes):
    """A design with ``lanes`` products a cycle."""
    rng = random.Random(lanes)
    words = [f"{rng.getrandbits(8 * lanes):0{2 * lanes}x}" for _ in range(WORDS)]
    sources = ["test_pkg.sv", "gw_rom.sv", "gatewright_board.sv"]
    package = f"package test_pkg;\n  parameter int unsigned LANES = {lanes};\nendpackage\n"
    files = {
        "test_pkg.sv": package,
        "gw_rom.sv": (RTL / "gw_rom.sv").read_text(),
        "gatewright_board.sv": (RTL / "gatewright_board.sv").read_text(),
        "rom/weights.hex": "\n".join(words) + "\n",
        "sources.f": "\n".join(sources) + "\n",
    }
    return Candidate(lanes, files, steps=8, cycles=1024 // lanes)
