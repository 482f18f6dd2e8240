"""AMD (Xilinx) 7 series and UltraScale+: yosys maps to them, and Vivado places and routes.

Names of IP, of their parameters, pins and address segments are those of AMD's guides: UG585, UG1085
and PG201 of the processors, UG472 and UG572 of the MMCM, UG912 of the constraints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

from gatewright.boards.families.base import PinnedFamily, Pll, PllCell, exact, instance, within
from gatewright.boards.pins import Pin, PllLimits
from gatewright.hls_templates.rtl.cut import FamilyDelays, StretchKind

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
MULTIPLY = range(2, 65)
DIVIDE = range(1, 107)
OUTPUT_DIVIDE = range(1, 129)


@dataclass(frozen=True, kw_only=True)
class Processor:
    """A processor that the fabric hangs on, as a block design has it.

    Attributes:
        title: Its name.
        ip: Its IP, without the version, which is that of the installation.
        preset: The rule that sets it as the board needs, and its options.
        config: Parameters that a design needs, by name; ``{mhz}`` is the clock of the fabric.
        crystal: The parameter of its oscillator, where boards have different ones; or "".
        clock: Pin of that clock.
        reset: Pin of its reset, active low.
        clocked: Pins that have to get the clock.
        master: The interface that reaches the registers.
        memory: The interface that reaches the memory.
        memory_bits: Its width.
        interrupt: Pin of the interrupt.
        registers: Its address space.
        space: What of it belongs to the master: first address and bytes.
        segment: The address segment of the memory.
        excluded: Segments beside it that no DMA may reach.
        dma: Address of the registers of the first DMA; the others follow, ``STRIDE`` further each.
        interrupts: Address of the interrupt controller.
        registers_of_ip: Address of the design.
    """

    title: str
    ip: str
    preset: tuple[str, Mapping[str, str]]
    config: Mapping[str, str]
    crystal: str = ""
    clock: str
    reset: str
    clocked: tuple[str, ...]
    master: str
    memory: str
    memory_bits: int
    interrupt: str
    registers: str
    space: tuple[int, int]
    segment: str
    excluded: tuple[str, ...] = ()
    dma: int
    interrupts: int
    registers_of_ip: int


STRIDE = 0x1_0000
"""Bytes of the registers of a DMA and of the interrupt controller; their addresses are this far
apart."""


@dataclass(frozen=True, kw_only=True)
class VendorFamily(PinnedFamily):
    """A family that Vivado places and routes.

    Attributes:
        processors: By what the files of the boards call them.
    """

    processors: Mapping[str, Processor] = field(default_factory=dict)


def _settings(source: Fraction, limits: PllLimits) -> Iterator[Pll]:
    """Dividers are (multiply, divide, output), all whole."""
    vcos, outs = ((exact(low), exact(high)) for low, high in (limits.vco, limits.out))
    for divide in DIVIDE:
        pfd = source / divide
        if not within(pfd, limits.pfd):
            continue
        for multiply in _between(vcos[0] / pfd, vcos[1] / pfd, MULTIPLY):
            vco = pfd * multiply
            for output in _between(vco / outs[1], vco / outs[0], OUTPUT_DIVIDE):
                yield Pll(vco / output, vco, (multiply, divide, output))


def _between(low: Fraction, high: Fraction, among: range) -> range:
    """The numbers of a range from ``low`` to ``high``, both included."""
    return range(max(ceil(low), among[0]), min(floor(high), among[-1]) + 1)


def _merit(source: Fraction, pll: Pll) -> tuple[Fraction, ...]:
    """A fast phase detector and a fast oscillator jitter least."""
    return source / pll.dividers[1], pll.vco


def _mmcm(cell: str) -> PllCell:
    def primitive(mhz: float, pll: Pll) -> list[str]:
        multiply, divide, output = pll.dividers
        parameters = {
            "CLKIN1_PERIOD": f"{1000 / mhz:.3f}",
            "DIVCLK_DIVIDE": str(divide),
            "CLKFBOUT_MULT_F": f"{multiply}.0",
            "CLKOUT0_DIVIDE_F": f"{output}.0",
        }
        ports = {
            "CLKIN1": "pad_i",
            "CLKFBIN": "loop",
            "CLKFBOUT": "loop",
            "CLKOUT0": "made",
            "LOCKED": "locked_o",
            "PWRDWN": "1'b0",
            "RST": "1'b0",
        }
        buffer = "  BUFG buffer (.I(made), .O(clk_o));"
        return ["  wire loop, made;", *instance(cell, parameters, ports), buffer]

    return PllCell(_settings, _merit, primitive)


def xdc(clock: str, mhz: float, pads: Mapping[str, Pin]) -> str:
    """Xilinx design constraints."""
    lines = []
    for port, pad in pads.items():
        pull = f" PULLTYPE PULL{pad.pull}" if pad.pull else ""
        place = f"PACKAGE_PIN {pad.pin} IOSTANDARD {pad.standard}{pull}"
        lines.append(f"set_property -dict {{{place}}} [get_ports {port}]")
    period = f"{1000 / mhz:.3f}"
    return "\n".join(
        [*lines, f"create_clock -name {clock} -period {period} [get_ports {clock}]", ""]
    )


ZYNQ7 = Processor(
    title="Zynq-7000",
    ip="xilinx.com:ip:processing_system7",
    preset=(
        "xilinx.com:bd_rule:processing_system7",
        {"make_external": "FIXED_IO, DDR", "Master": "Disable", "Slave": "Disable"},
    ),
    config={
        "PCW_FPGA0_PERIPHERAL_FREQMHZ": "{mhz}",
        "PCW_EN_CLK0_PORT": "1",
        "PCW_EN_RST0_PORT": "1",
        "PCW_USE_M_AXI_GP0": "1",
        "PCW_USE_S_AXI_HP0": "1",
        "PCW_S_AXI_HP0_DATA_WIDTH": "64",
        "PCW_USE_FABRIC_INTERRUPT": "1",
        "PCW_IRQ_F2P_INTR": "1",
    },
    crystal="PCW_CRYSTAL_PERIPHERAL_FREQMHZ",
    clock="FCLK_CLK0",
    reset="FCLK_RESET0_N",
    clocked=("M_AXI_GP0_ACLK", "S_AXI_HP0_ACLK"),
    master="M_AXI_GP0",
    memory="S_AXI_HP0",
    memory_bits=64,
    interrupt="IRQ_F2P",
    registers="Data",
    space=(0x4000_0000, 0x4000_0000),
    segment="S_AXI_HP0/HP0_DDR_LOWOCM",
    dma=0x4040_0000,
    interrupts=0x4180_0000,
    registers_of_ip=0x43C0_0000,
)
ZYNQMP = Processor(
    title="Zynq UltraScale+",
    ip="xilinx.com:ip:zynq_ultra_ps_e",
    preset=("xilinx.com:bd_rule:zynq_ultra_ps_e", {}),
    config={
        "PSU__FPGA_PL0_ENABLE": "1",
        "PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ": "{mhz}",
        "PSU__USE__FABRIC__RST": "1",
        "PSU__USE__M_AXI_GP0": "1",
        "PSU__MAXIGP0__DATA_WIDTH": "32",
        "PSU__USE__M_AXI_GP1": "0",
        "PSU__USE__M_AXI_GP2": "0",
        "PSU__USE__S_AXI_GP2": "1",
        "PSU__SAXIGP2__DATA_WIDTH": "64",
        "PSU__USE__IRQ0": "1",
    },
    clock="pl_clk0",
    reset="pl_resetn0",
    clocked=("maxihpm0_fpd_aclk", "saxihp0_fpd_aclk"),
    master="M_AXI_HPM0_FPD",
    memory="S_AXI_HP0_FPD",
    memory_bits=64,
    interrupt="pl_ps_irq0",
    registers="Data",
    space=(0xA000_0000, 0x1000_0000),
    segment="SAXIGP2/HP0_DDR_LOW",
    excluded=(
        "SAXIGP2/HP0_DDR_HIGH",
        "SAXIGP2/HP0_LPS_OCM",
        "SAXIGP2/HP0_QSPI",
        "SAXIGP2/HP0_PCIE_LOW",
    ),
    dma=0xA000_0000,
    interrupts=0xA010_0000,
    registers_of_ip=0xA020_0000,
)


def _delays(slower: float) -> FamilyDelays:
    """What UltraScale+ is taken for, times a factor: assumptions, as ``hls_templates.delays``."""
    operators: dict[StretchKind, tuple[float, float]] = {
        "add": (0.8, 0.02),
        "clamp": (1.4, 0.01),
        "leave": (0.0, 0.0),
        "product": (2.6, 0.0),
        "reach": (0.0, 0.0),
        "select": (0.1, 0.4),
        "table": (0.5, 0.15),
        "wire": (0.0, 0.0),
    }
    scaled = {kind: (slower * fixed, slower * each) for kind, (fixed, each) in operators.items()}
    return FamilyDelays(0.3 * slower, scaled)


def _family(
    name: str, mmcm: str, processors: Mapping[str, Processor], delays: FamilyDelays
) -> VendorFamily:
    return VendorFamily(
        name=name,
        synth=f"synth_xilinx -family {name}",
        cells=XILINX_CELLS,
        pll=_mmcm(mmcm),
        constrain=xdc,
        processors=processors,
        delays=delays,
    )


SERIES7 = _family("xc7", "MMCME2_BASE", {"zynq7": ZYNQ7}, _delays(2.0))
ULTRASCALE_PLUS = _family("xcup", "MMCME4_BASE", {"zynqmp": ZYNQMP}, _delays(1.0))
