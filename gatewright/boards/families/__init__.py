"""Families of devices, a file each; a new one gets its file and its name here."""

from __future__ import annotations

from gatewright.boards.families.base import Family, OpenFamily, PinnedFamily
from gatewright.boards.families.ecp5 import ECP5
from gatewright.boards.families.gowin import GOWIN
from gatewright.boards.families.ice40 import ICE40
from gatewright.boards.families.xilinx import (
    SERIES7,
    ULTRASCALE_PLUS,
    Processor,
    VendorFamily,
)

OPEN_FAMILIES: dict[str, OpenFamily] = {f.name: f for f in (ECP5, ICE40, GOWIN)}
VENDOR_FAMILIES: dict[str, VendorFamily] = {f.name: f for f in (SERIES7, ULTRASCALE_PLUS)}

__all__ = [
    "OPEN_FAMILIES",
    "VENDOR_FAMILIES",
    "Family",
    "OpenFamily",
    "PinnedFamily",
    "Processor",
    "VendorFamily",
]
