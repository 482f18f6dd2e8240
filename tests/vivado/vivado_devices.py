"""Devices and board files that Vivado has, as AMD's data sheets and public projects name them.

Written down apart from the boards of the package, which are held against it.
"""

from __future__ import annotations

# LUTs, flip-flops, block RAMs, DSPs: DS190 (Zynq-7000), DS180 (7 series), DS891 (Zynq
# UltraScale+), DS889 (RFSoC), DS987 (Kria).
RESOURCES = {
    "xc7z010clg400-1": (17600, 35200, 60, 80),
    "xc7z020clg400-1": (53200, 106400, 140, 220),
    "xc7a35ticsg324-1L": (20800, 41600, 50, 90),
    "xc7a35tcpg236-1": (20800, 41600, 50, 90),
    "xc7a100tcsg324-1": (63400, 126800, 135, 240),
    "xczu3eg-sbva484-1-i": (70560, 141120, 216, 360),
    "xczu9eg-ffvb1156-2-e": (274080, 548160, 912, 2520),
    "xczu7ev-ffvc1156-2-e": (230400, 460800, 312, 1728),
    "xczu28dr-ffvg1517-2-e": (425280, 850560, 1080, 4272),
    "xczu48dr-ffvg1517-2-e": (425280, 850560, 1080, 4272),
    "xck26-sfvc784-2LV-c": (117120, 234240, 144, 1248),
}
BOARD_FILES = {
    "www.digilentinc.com:pynq-z1:part0": "xc7z020clg400-1",
    "tul.com.tw:pynq-z2:part0": "xc7z020clg400-1",
    "digilentinc.com:arty-z7-20:part0": "xc7z020clg400-1",
    "digilentinc.com:zybo-z7-20:part0": "xc7z020clg400-1",
    "avnet.com:ultra96v2:part0": "xczu3eg-sbva484-1-i",
    "xilinx.com:zcu102:part0": "xczu9eg-ffvb1156-2-e",
    "xilinx.com:zcu104:part0": "xczu7ev-ffvc1156-2-e",
    "xilinx.com:zcu111:part0": "xczu28dr-ffvg1517-2-e",
    "xilinx.com:kv260_som:part0": "xck26-sfvc784-2LV-c",
    "xilinx.com:kr260_som:part0": "xck26-sfvc784-2LV-c",
    "realdigital.org:rfsoc4x2:part0": "xczu48dr-ffvg1517-2-e",
}
"""Without versions, and the part of each."""
