"""What a family of devices is: everything that differs between them stands in its one file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from gatewright.boards.pins import Pin, PllLimits
from gatewright.hls_templates.cosim.cells import CellModels
from gatewright.hls_templates.rtl.cut import UNCUT, Cut, EveryRegister, FamilyDelays, Paced
from gatewright.tools.programs import Program


@dataclass(frozen=True)
class Pll:
    """A setting of a PLL.

    Attributes:
        mhz: The clock it makes.
        vco: Its oscillator, MHz.
        dividers: The family's own parameters, as they are written into the primitive.
    """

    mhz: Fraction
    vco: Fraction
    dividers: tuple[int, ...]


@dataclass(frozen=True)
class PllCell:
    """The PLL of a family.

    Attributes:
        settings: Every setting within the ranges, of an oscillator in MHz.
        merit: What is better, by order, among settings of one frequency; of the oscillator and one.
        primitive: Verilog of its instance, of the oscillator and a setting: ``pad_i`` in, ``clk_o``
            and ``locked_o`` out.
    """

    settings: Callable[[Fraction, PllLimits], Iterator[Pll]]
    merit: Callable[[Fraction, Pll], tuple[Fraction, ...]]
    primitive: Callable[[float, Pll], list[str]]


@dataclass(frozen=True)
class NetlistLevel:
    """How the family's netlists are simulated.

    Attributes:
        level: The name of the level.
        dsp: DSP blocks of the device that it is made for.
        multipliers: Budget of a recurrent layer, small enough to compile soon.
        mhz: The clock that recurrent layers are cut for.
        made_up: What mapping makes up, in the language of yosys' ``select``.
        models: Models of its cells.
    """

    level: str
    dsp: int
    multipliers: int
    mhz: float
    made_up: str
    models: CellModels


FASTER = (2.0, 1.5, 1.2, 1.0)
"""A layer that gains nothing from fewer registers keeps those of a clock that is so much faster."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """A family of devices that yosys maps to.

    Attributes:
        name: As in the TOML files of the boards.
        synth: The yosys command that maps to it, with the options that it always has.
        cells: What yosys' cells take: cell type to (resource, how many).
        delays: Of its operators; None where nobody knows them, and every register stands.
        block_registers: Whether registers move into blocks behind yosys, see ``block_registers``;
            then one stands in front of every product, too.
    """

    name: str
    synth: str
    cells: Mapping[str, tuple[str, float]]
    delays: FamilyDelays | None = field(default=None, kw_only=True)
    block_registers: bool = False

    @property
    def uncut(self) -> Cut:
        """Every register stands."""
        return EveryRegister(self.block_registers)

    def cuts(self, mhz: float | None) -> tuple[Cut, ...]:
        """Ways of placing a recurrent layer's registers for a clock in MHz, most of them first.

        For None every register stands, and none is there only for blocks.
        """
        if mhz is None or self.delays is None:
            return (UNCUT,)
        return (self.uncut, *(Paced(1000 / (mhz * faster), self.delays) for faster in FASTER))


@dataclass(frozen=True, kw_only=True)
class PinnedFamily(Family):
    """A family that designs behind pins are made for.

    Attributes:
        pll: Its PLL.
        constrain: Text of the pin constraints, of the clock's port, the oscillator in MHz and the
            pad of every port.
    """

    pll: PllCell
    constrain: Callable[[str, float, Mapping[str, Pin]], str]


@dataclass(frozen=True, kw_only=True)
class OpenFamily(PinnedFamily):
    """A family that nextpnr places and routes.

    Attributes:
        dsp_bits: Bits of a factor of a DSP block.
        half_bits: Bits of a factor of half a DSP block; 0 where it cannot be halved.
        prepare: yosys commands before ``synth``.
        nextpnr: The place and route tool.
        constraints: The file of the pin constraints, and nextpnr's option for it with its place
            left open.
        routed: nextpnr's option for the routed design, and the file.
        sites: What nextpnr calls each resource: (name, how many of ours one is).
        block_ns: What a path through a DSP block takes where nextpnr does not count it; else 0.
        inside_ns: Between two registers of a DSP block, which nextpnr does not count; else 0.
        untimed: What no report of nextpnr counts, "" where it counts everything.
        packer: The tool that makes the bitstream.
        pack: Its arguments, of the routed design and the bitstream.
        bitstream: The file of it.
        netlist: How its netlists are simulated; None where they are not.
    """

    dsp_bits: int
    half_bits: int = 0
    prepare: tuple[str, ...] = ()
    nextpnr: Program
    constraints: tuple[str, str]
    routed: tuple[str, str]
    sites: Mapping[str, tuple[tuple[str, float], ...]]
    block_ns: float = 0.0
    inside_ns: float = 0.0
    untimed: str = ""
    packer: Program
    pack: Callable[[str, str], tuple[str, ...]]
    bitstream: str
    netlist: NetlistLevel | None = None


def exact(mhz: float) -> Fraction:
    """A frequency as it is written, not as the float that stands nearest."""
    return Fraction(str(mhz))


def within(value: Fraction, limits: tuple[float, float]) -> bool:
    """Whether a frequency lies in a range of a data sheet, ends included."""
    return exact(limits[0]) <= value <= exact(limits[1])


def instance(
    cell: str, parameters: Mapping[str, str], ports: Mapping[str, str], attributes: str = ""
) -> list[str]:
    """Lines of Verilog: the PLL primitive."""
    return [
        *([f"  {attributes}"] if attributes else []),
        f"  {cell} #(",
        ",\n".join(f"      .{name}({value})" for name, value in parameters.items()),
        "  ) pll (",
        ",\n".join(f"      .{name}({value})" for name, value in ports.items()),
        "  );",
    ]
