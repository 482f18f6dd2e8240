"""The IP that the scripts use, as AMD's guides have it: parameters, pins, interfaces, addresses.

AXI DMA: PG021. AXI interrupt controller: PG099. SmartConnect: PG247. Concat: PG041 of its time, the
catalogue's. Reset: PG164. Zynq-7000: UG585 and PG082; Zynq UltraScale+: UG1085 and PG201. A
parameter that a guide names and no script of ours sets is not in the tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

IN, OUT = "I", "O"
MASTER, SLAVE = "Master", "Slave"
AXIS, AXIMM = "axis", "aximm"


@dataclass(frozen=True)
class Pin:
    """A pin.

    Attributes:
        way: ``IN`` or ``OUT``.
        bits: Its width; 0 where it takes what it is given.
        kind: "clk", "rst", "intr" or "data".
        must: Whether the tool refuses a design where it is left open.
    """

    way: str
    bits: int = 1
    kind: str = "data"
    must: bool = True


@dataclass(frozen=True)
class Interface:
    """An interface.

    Attributes:
        protocol: ``AXIS`` or ``AXIMM``.
        mode: ``MASTER`` or ``SLAVE``.
        clock: The pin of its clock.
        bits: Of the data; 0 where it takes what it is given.
        signals: Of a stream, besides data, valid and ready.
    """

    protocol: str
    mode: str
    clock: str
    bits: int = 0
    signals: frozenset[str] = frozenset({"tkeep", "tlast"})


@dataclass(frozen=True)
class Shape:
    """What a cell has at its parameters.

    Attributes:
        pins: By name.
        interfaces: By name.
        segments: Address segments of its slaves, "interface/segment": fewest bytes.
        spaces: Address spaces of its masters: the first address and bytes that it reaches.
        masters: The interface behind an address space.
    """

    pins: Mapping[str, Pin]
    interfaces: Mapping[str, Interface]
    segments: Mapping[str, int] = field(default_factory=dict)
    spaces: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    masters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ip:
    """An IP of the catalogue.

    Attributes:
        parameters: Default, and the values there are as a pattern, by name.
        shape: What it is at values of them.
    """

    parameters: Mapping[str, tuple[str, str]]
    shape: Callable[[Mapping[str, str]], Shape]


BOOL = "[01]"
CLOCK, RESET = Pin(IN, kind="clk"), Pin(IN, kind="rst")
FOUR_GB = (0, 1 << 32)


def _dma(p: Mapping[str, str]) -> Shape:
    reads, writes = p["c_include_mm2s"] == "1", p["c_include_s2mm"] == "1"
    pins = {"s_axi_lite_aclk": CLOCK, "axi_resetn": RESET}
    faces = {"S_AXI_LITE": Interface(AXIMM, SLAVE, "s_axi_lite_aclk", 32)}
    spaces, masters = {}, {}
    for on, way in ((reads, "mm2s"), (writes, "s2mm")):
        if not on:
            continue
        clock = f"m_axi_{way}_aclk"
        pins |= {clock: CLOCK, f"{way}_introut": Pin(OUT, kind="intr", must=False)}
        bits = int(p[f"c_m_axi_{way}_data_width"])
        faces[f"M_AXI_{way.upper()}"] = Interface(AXIMM, MASTER, clock, bits)
        stream = ("M_AXIS", MASTER, "m_axis") if way == "mm2s" else ("S_AXIS", SLAVE, "s_axis")
        width = int(p[f"c_{stream[2]}_{way}_tdata_width"])
        faces[f"{stream[0]}_{way.upper()}"] = Interface(AXIS, stream[1], clock, width)
        spaces[f"Data_{way.upper()}"] = FOUR_GB
        masters[f"Data_{way.upper()}"] = f"M_AXI_{way.upper()}"
    if p["c_include_sg"] == "1":
        pins["m_axi_sg_aclk"] = CLOCK
        faces["M_AXI_SG"] = Interface(AXIMM, MASTER, "m_axi_sg_aclk", 32)
    return Shape(pins, faces, {"S_AXI_LITE/Reg": 128}, spaces, masters)


def _smartconnect(p: Mapping[str, str]) -> Shape:
    faces = {
        f"{letter}{i:02d}_AXI": Interface(AXIMM, mode, "aclk")
        for letter, mode, count in (("S", SLAVE, p["NUM_SI"]), ("M", MASTER, p["NUM_MI"]))
        for i in range(int(count))
    }
    return Shape({"aclk": CLOCK, "aresetn": RESET}, faces)


def _concat(p: Mapping[str, str]) -> Shape:
    count = int(p["NUM_PORTS"])
    pins = {f"In{i}": Pin(IN) for i in range(count)}
    return Shape({**pins, "dout": Pin(OUT, count)}, {})


def _intc(p: Mapping[str, str]) -> Shape:
    pins = {"s_axi_aclk": CLOCK, "s_axi_aresetn": RESET, "intr": Pin(IN, 0, "intr", must=False)}
    if p["C_IRQ_CONNECTION"] == "1":
        pins["irq"] = Pin(OUT, 1, "intr", must=False)
    faces = {"s_axi": Interface(AXIMM, SLAVE, "s_axi_aclk", 32)}
    return Shape(pins, faces, {"S_AXI/Reg": 512})


def _reset(p: Mapping[str, str]) -> Shape:
    outs = ("peripheral_aresetn", "interconnect_aresetn")
    return Shape(
        {
            "slowest_sync_clk": CLOCK,
            "ext_reset_in": RESET,
            "aux_reset_in": Pin(IN, kind="rst", must=False),
            "dcm_locked": Pin(IN, must=False),
            **{name: Pin(OUT, kind="rst", must=False) for name in outs},
        },
        {},
    )


def _zynq7(p: Mapping[str, str]) -> Shape:
    pins: dict[str, Pin] = {}
    faces: dict[str, Interface] = {}
    segments, spaces, masters = {}, {}, {}
    if p["PCW_EN_CLK0_PORT"] == "1":
        pins["FCLK_CLK0"] = Pin(OUT, kind="clk", must=False)
    if p["PCW_EN_CLK1_PORT"] == "1":
        pins["FCLK_CLK1"] = Pin(OUT, kind="clk", must=False)
    if p["PCW_EN_RST0_PORT"] == "1":
        pins["FCLK_RESET0_N"] = Pin(OUT, kind="rst", must=False)
    if p["PCW_USE_M_AXI_GP0"] == "1":
        pins["M_AXI_GP0_ACLK"] = CLOCK
        faces["M_AXI_GP0"] = Interface(AXIMM, MASTER, "M_AXI_GP0_ACLK", 32)
        spaces["Data"], masters["Data"] = (0x4000_0000, 0x4000_0000), "M_AXI_GP0"
    if p["PCW_USE_S_AXI_HP0"] == "1":
        pins["S_AXI_HP0_ACLK"] = CLOCK
        width = int(p["PCW_S_AXI_HP0_DATA_WIDTH"])
        faces["S_AXI_HP0"] = Interface(AXIMM, SLAVE, "S_AXI_HP0_ACLK", width)
        segments["S_AXI_HP0/HP0_DDR_LOWOCM"] = 1 << 29
    if p["PCW_USE_FABRIC_INTERRUPT"] == p["PCW_IRQ_F2P_INTR"] == "1":
        pins["IRQ_F2P"] = Pin(IN, 0, "intr", must=False)
    return Shape(pins, faces, segments, spaces, masters)


def _zynqmp(p: Mapping[str, str]) -> Shape:
    pins: dict[str, Pin] = {}
    faces: dict[str, Interface] = {}
    segments, spaces, masters = {}, {}, {}
    if p["PSU__FPGA_PL0_ENABLE"] == "1":
        pins["pl_clk0"] = Pin(OUT, kind="clk", must=False)
    if p["PSU__USE__FABRIC__RST"] == "1":
        pins["pl_resetn0"] = Pin(OUT, kind="rst", must=False)
    for number, name in (("0", "hpm0_fpd"), ("1", "hpm1_fpd"), ("2", "hpm0_lpd")):
        if p[f"PSU__USE__M_AXI_GP{number}"] == "1":
            pins[f"maxi{name}_aclk"] = CLOCK
            face = f"M_AXI_{name.upper()}"
            faces[face] = Interface(AXIMM, MASTER, f"maxi{name}_aclk", 32)
            if number == "0":
                spaces["Data"], masters["Data"] = (0xA000_0000, 0x1000_0000), face
    if p["PSU__USE__S_AXI_GP2"] == "1":
        pins["saxihp0_fpd_aclk"] = CLOCK
        width = int(p["PSU__SAXIGP2__DATA_WIDTH"])
        faces["S_AXI_HP0_FPD"] = Interface(AXIMM, SLAVE, "saxihp0_fpd_aclk", width)
        for name in ("HP0_DDR_LOW", "HP0_QSPI", "HP0_LPS_OCM"):
            segments[f"SAXIGP2/{name}"] = 1 << 24 if name == "HP0_LPS_OCM" else 1 << 29
    if p["PSU__USE__IRQ0"] == "1":
        pins["pl_ps_irq0"] = Pin(IN, 0, "intr", must=False)
    return Shape(pins, faces, segments, spaces, masters)


NUMBER, RATE = r"\d+", r"\d+(\.\d+)?"
STREAM = "8|16|32|64|128|256|512|1024"
MEMORY = "32|64|128|256|512|1024"
CATALOGUE = {
    "axi_dma": Ip(
        {
            "c_include_sg": ("1", BOOL),
            "c_sg_length_width": ("14", "[89]|1[0-9]|2[0-6]"),
            "c_include_mm2s": ("1", BOOL),
            "c_include_s2mm": ("1", BOOL),
            "c_include_mm2s_dre": ("0", BOOL),
            "c_include_s2mm_dre": ("0", BOOL),
            "c_m_axis_mm2s_tdata_width": ("32", STREAM),
            "c_s_axis_s2mm_tdata_width": ("32", STREAM),
            "c_m_axi_mm2s_data_width": ("32", MEMORY),
            "c_m_axi_s2mm_data_width": ("32", MEMORY),
        },
        _dma,
    ),
    "smartconnect": Ip(dict.fromkeys(("NUM_SI", "NUM_MI"), ("1", "[1-9]|1[0-6]")), _smartconnect),
    "xlconcat": Ip({"NUM_PORTS": ("2", "[1-9]|[12][0-9]|3[0-2]")}, _concat),
    "axi_intc": Ip({"C_IRQ_CONNECTION": ("0", BOOL)}, _intc),
    "proc_sys_reset": Ip({}, _reset),
    "processing_system7": Ip(
        {
            "PCW_FPGA0_PERIPHERAL_FREQMHZ": ("50", RATE),
            "PCW_CRYSTAL_PERIPHERAL_FREQMHZ": ("33.333333", RATE),
            "PCW_S_AXI_HP0_DATA_WIDTH": ("64", "32|64"),
            **dict.fromkeys(
                (
                    *(
                        "PCW_EN_CLK0_PORT",
                        "PCW_EN_CLK1_PORT",
                        "PCW_EN_RST0_PORT",
                        "PCW_USE_M_AXI_GP0",
                    ),
                    *("PCW_USE_S_AXI_HP0", "PCW_USE_FABRIC_INTERRUPT", "PCW_IRQ_F2P_INTR"),
                ),
                ("0", BOOL),
            ),
        },
        _zynq7,
    ),
    "zynq_ultra_ps_e": Ip(
        {
            "PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ": ("100", RATE),
            "PSU__MAXIGP0__DATA_WIDTH": ("128", "32|64|128"),
            "PSU__SAXIGP2__DATA_WIDTH": ("128", "32|64|128"),
            **dict.fromkeys(
                (
                    *("PSU__FPGA_PL0_ENABLE", "PSU__USE__FABRIC__RST", "PSU__USE__M_AXI_GP0"),
                    *("PSU__USE__M_AXI_GP1", "PSU__USE__M_AXI_GP2", "PSU__USE__S_AXI_GP2"),
                    "PSU__USE__IRQ0",
                ),
                ("0", BOOL),
            ),
        },
        _zynqmp,
    ),
}
PROCESSORS = {"processing_system7": "xc7z", "zynq_ultra_ps_e": "xczu|xck"}
"""Which devices have it: what their names begin with."""
RULES = {f"xilinx.com:bd_rule:{name}": name for name in PROCESSORS}
AUTOMATION = {
    "processing_system7": {
        "make_external": "FIXED_IO, DDR",
        "apply_board_preset": BOOL,
        "Master": "Disable",
        "Slave": "Disable",
    },
    "zynq_ultra_ps_e": {"apply_board_preset": BOOL},
}
"""What the rule of a processor is told: UG994."""


def module_shape(text: str, name: str) -> Shape:
    """What a block design sees in a Verilog module: UG994 on referenced RTL modules.

    Interfaces come from the attributes, or else from the names of the ports.
    """
    found = re.search(rf"\bmodule\s+{name}\b\s*(?:#\s*\(.*?\)\s*)?\((.*?)\)\s*;", text, re.DOTALL)
    if found is None:
        raise LookupError(name)
    body = re.sub(r"\(\*.*?\*\)|//[^\n]*", "", found[1])
    ports = re.findall(r"(input|output)\s+(?:wire\s+)?(?:\[(\d+):0\]\s*)?(\w+)", body)
    widths = {port: int(top or 0) + 1 for _, top, port in ports}
    ways = {port: IN if way == "input" else OUT for way, _, port in ports}
    faces, grouped = {}, set()
    for port in widths:
        face, _, signal = port.rpartition("_")
        if signal == "tdata":
            mode = SLAVE if ways[port] == IN else MASTER
            signals = {s for s in ("tkeep", "tlast", "tuser") if f"{face}_{s}" in widths}
            faces[face] = Interface(AXIS, mode, "aclk", widths[port], frozenset(signals))
        elif signal == "awaddr":
            faces[face] = Interface(AXIMM, SLAVE, "aclk", widths[f"{face}_wdata"])
        if signal in ("tdata", "awaddr"):
            grouped |= {other for other in widths if other.rpartition("_")[0] == face}
    kinds = {"aclk": "clk", "aresetn": "rst", "interrupt": "intr"}
    pins = {
        port: Pin(ways[port], widths[port], kinds.get(port, "data"), ways[port] == IN)
        for port in widths
        if port not in grouped
    }
    segments = {f"{face}/reg0": 4096 for face, f in faces.items() if f.protocol == AXIMM}
    return Shape(pins, faces, segments)


def module_parameters(text: str, name: str) -> list[str]:
    """The parameters of a Verilog module."""
    found = re.search(rf"\bmodule\s+{name}\s*#\s*\((.*?)\)\s*\(", text, re.DOTALL)
    return re.findall(r"\bparameter\s+(\w+)", found[1]) if found else []
