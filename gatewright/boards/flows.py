"""The three open flows: which commands make a bitstream, and how their reports count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gatewright.boards.description import OpenBoard
from gatewright.boards.plan import Command

RTL = "rtl"
# The registers that gw_mac has several of: yosys would make them one again.
KEEP_COPIES = "setattr -set keep 1 w:*.gen_operands*.*_q %ci1:+$dff[Q] t:$dff %i"
NETLIST, REPORT = "netlist.json", "report.json"


@dataclass(frozen=True)
class Flow:
    """A family of devices.

    Attributes:
        synth: The yosys command that maps to it.
        dsp_bits: Bits of a factor of a DSP block.
        nextpnr: The place and route tool.
        constraints: Its option for the pin constraints, with the file's place left open.
        routed: Its option for the routed design, and the file.
        packer: The tool that makes the bitstream.
        bitstream: The file of it.
        cells: What yosys' cells take: cell type to (resource, how many).
        sites: What nextpnr calls each resource: (name, how many of ours one is).
        half_bits: Bits of a factor of half a DSP block; 0 where it cannot be halved.
        prepare: yosys commands before that.
        block_ns: What a path through a DSP block takes where nextpnr does not count it; else 0.
        untimed: What no report of nextpnr counts, "" where it counts everything.
    """

    synth: str
    dsp_bits: int
    nextpnr: str
    constraints: str
    routed: tuple[str, str]
    packer: str
    bitstream: str
    cells: Mapping[str, tuple[str, float]]
    sites: Mapping[str, tuple[tuple[str, float], ...]]
    half_bits: int = 0
    prepare: tuple[str, ...] = ()
    block_ns: float = 0.0
    untimed: str = ""


ECP5 = Flow(
    synth="synth_ecp5",
    dsp_bits=18,
    nextpnr="nextpnr-ecp5",
    constraints="--lpf={}",
    routed=("--textcfg", "routed.config"),
    packer="ecppack",
    bitstream="board.bit",
    cells={
        "LUT4": ("lut", 1),
        "CCU2C": ("lut", 2),
        "TRELLIS_DPR16X4": ("lut", 6),
        "TRELLIS_FF": ("ff", 1),
        "DP16KD": ("bram", 1),
        "PDPW16KD": ("bram", 1),
        "MULT18X18D": ("dsp", 1),
    },
    sites={
        "lut": (("TRELLIS_COMB", 1),),
        "ff": (("TRELLIS_FF", 1),),
        "bram": (("DP16KD", 1),),
        "dsp": (("MULT18X18D", 1),),
    },
)

ICE40 = Flow(
    synth="synth_ice40",
    dsp_bits=16,
    nextpnr="nextpnr-ice40",
    constraints="--pcf={}",
    routed=("--asc", "routed.asc"),
    packer="icepack",
    bitstream="board.bin",
    cells={"SB_LUT4": ("lut", 1), "SB_RAM40_4K": ("bram", 1), "SB_MAC16": ("dsp", 1)},
    # A logic cell is a LUT with its flip-flop: nextpnr counts the pair.
    sites={
        "lut": (("ICESTORM_LC", 1),),
        "bram": (("ICESTORM_RAM", 1),),
        "dsp": (("ICESTORM_DSP", 1),),
    },
    # As synth_ice40 -dsp does, but for its pass that moves registers into DSP blocks: that of
    # yosys 0.70 leaves factors undefined where a register feeds several products.
    prepare=(
        "wreduce t:$mul",
        "techmap -map +/mul2dsp.v -map +/ice40/dsp_map.v -D DSP_A_MAXWIDTH=16 "
        "-D DSP_B_MAXWIDTH=16 -D DSP_A_MINWIDTH=2 -D DSP_B_MINWIDTH=2 -D DSP_Y_MINWIDTH=11 "
        "-D DSP_NAME=$__MUL16X16",
        "select a:mul2dsp",
        "setattr -unset mul2dsp",
        "opt_expr -fine",
        "wreduce",
        "select -clear",
        "chtype -set $mul t:$__soft_mul",
    ),
    # The slowest path through an SB_MAC16 without registers by the tables of IceStorm
    # (icefuzz/timings_up5k.txt), 8.14 ns, rounded up.
    block_ns=8.2,
)

_GOWIN_RAMS = ("SP", "SPX9", "DPB", "DPX9B", "SDPB", "SDPX9B", "pROM", "pROMX9")

GOWIN = Flow(
    synth="synth_gowin",
    dsp_bits=18,
    nextpnr="nextpnr-himbaechel-gowin",
    constraints="--vopt=cst={}",
    routed=("--write", "routed.json"),
    packer="gowin_pack",
    bitstream="board.fs",
    cells={
        **dict.fromkeys(("LUT1", "LUT2", "LUT3", "LUT4", "ALU"), ("lut", 1)),
        **dict.fromkeys(_GOWIN_RAMS, ("bram", 1)),
        "RAM16SDP4": ("lut", 8),
        "MULT9X9": ("dsp", 0.5),
        "MULT18X18": ("dsp", 1),
        "MULT36X36": ("dsp", 4),
    },
    sites={
        "lut": (("LUT4", 1), ("ALU", 1)),
        "ff": (("DFF", 1),),
        "bram": (("BSRAM", 1),),
        "dsp": (("MULT18X18", 1), ("MULT9X9", 0.5), ("MULT36X36", 4)),
    },
    half_bits=9,
    untimed="nextpnr has no timing of this family's DSP blocks, and an estimate of other paths: "
    "Fmax is no proof here.",
)

FLOWS = {"ecp5": ECP5, "ice40": ICE40, "gowin": GOWIN}


def elaborate_script(flow: Flow, top: str, pll: bool) -> str:
    """Read the design and list its products; runs in ``rtl/``, where the ROMs are found."""
    return "\n".join(
        [
            *(["read_verilog gw_board_pll.v"] if pll else []),
            f"read_slang -j 1 --top {top} -f sources.f",
            f"{flow.synth.split()[0]} -top {top} -run begin:coarse",
            "proc",
            "flatten",
            KEEP_COPIES,
            "opt_expr",
            "opt_clean",
            "opt -nodffe -nosdff",
            "wreduce",
            "peepopt",
            "opt_clean",
            "share",
            "opt",
            "wreduce t:$mul",
            "opt_clean",
            "dump -o ../products.il t:$mul",
            f"select {top}",
            "write_rtlil -selected ../coarse.il",
            "",
        ]
    )


def map_script(flow: Flow, top: str) -> str:
    """Map what was elaborated to the device's cells."""
    return "\n".join(
        [
            "read_rtlil coarse.il",
            "script soft.ys",
            *flow.prepare,
            f"{flow.synth} -top {top} -json {NETLIST}",
            "tee -q -o cells.json stat -json",
            "",
        ]
    )


def synthesis(flow: Flow, dsp: int) -> tuple[Command, ...]:
    """The commands up to the netlist, with ``dsp`` DSP blocks at most."""
    choice = ("products.il", "soft.ys", str(dsp), str(flow.dsp_bits), str(flow.half_bits))
    return (
        Command("elaborate", "yosys", ("-s", "../elaborate.ys"), "elaborate.log", RTL),
        Command("choose products", "soft-multipliers", choice, "soft.log"),
        Command("synthesize", "yosys", ("-s", "map.ys"), "synthesize.log", gives="cells.json"),
    )


def place_and_route(board: OpenBoard, mhz: float, constraints: str, seed: int) -> Command:
    """The nextpnr run of one seed; its timing is judged by its report, not its exit code."""
    flow = FLOWS[board.family]
    option, routed = flow.routed
    return Command(
        f"place and route, seed {seed}",
        flow.nextpnr,
        (
            *board.nextpnr,
            f"--json={NETLIST}",
            flow.constraints.format(constraints),
            f"{option}={seeded(routed, seed)}",
            f"--report={seeded(REPORT, seed)}",
            f"--freq={mhz:.6f}",
            f"--seed={seed}",
            "--timing-allow-fail",
        ),
        f"place_{seed}.log",
        gives=seeded(REPORT, seed),
    )


def seeded(name: str, seed: int) -> str:
    """The name of a file of one seed."""
    stem, _, ending = name.rpartition(".")
    return f"{stem}_{seed}.{ending}"


def pack(board: OpenBoard, seed: int) -> Command:
    """The command that makes the bitstream of one seed."""
    flow = FLOWS[board.family]
    source = seeded(flow.routed[1], seed)
    args = {
        "ecppack": ("--compress", "--input", source, "--bit", flow.bitstream),
        "icepack": (source, flow.bitstream),
        "gowin_pack": ("-o", flow.bitstream, source),
    }[flow.packer]
    return Command("pack", flow.packer, (*board.pack, *args), "pack.log", gives=flow.bitstream)
