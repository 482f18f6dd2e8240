"""The options of ``compile``, checked before anything runs."""

from __future__ import annotations

import math
import operator
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from gatewright.boards import DEFAULT_BOARD, Board
from gatewright.boards.vitis.request import HLS_STAGES, LIMIT
from gatewright.boards.vivado.kernel import CORES
from gatewright.boards.vivado.project import VIVADO_STAGES
from gatewright.builds.targets import find_board, spelled
from gatewright.errors import GatewrightError
from gatewright.files.limits import MAX_STEPS
from gatewright.hls_templates.ip.ports import BUSES
from gatewright.hls_templates.kernels.requantize.kernel import VARIANTS
from gatewright.hls_templates.mapping.options import (
    DEFAULT_CLOCK_NS,
    DEFAULT_MAX_STEPS,
    DEFAULT_MULTIPLIERS,
    MappingOptions,
)
from gatewright.hls_templates.project.names import DEFAULT_NAME, Names, fault_of_name
from gatewright.hls_templates.rtl.cut import UNCUT, Cut
from gatewright.ir.lowering import IntegerModel

FASTEST = (1 << 31) - 1
"""Bits per second that a serial port can be asked for."""
ULTRASCALE = ("xczu", "xck", "xcku", "xcvu")
"""What names of parts begin with whose operators take half as long as a Zynq-7000's."""
FLOWS = ("vivado", "vitis")
"""Those of AMD's tools."""
MOST_CYCLES = 10_000
"""From an h to the next: far more than any pipeline has."""
MOST_SEQUENCES = 16
"""In turn: more than any loop has room for, and each has memories of its own."""
MOST_SEEDS = 1000
"""Placements: days of work already for the smallest design."""
MOST_MINUTES = 7 * 24 * 60
"""A week of one tool."""


@dataclass(frozen=True)
class BuildOptions(MappingOptions):
    """Every option that a byte of a build depends on; the manifest holds them all, as resolved.

    Attributes:
        board: Name of a vendor's board, for the HLS project.
        name: What the build calls its own.
        rom_dir: Where the SystemVerilog finds ``rom/`` unless its user says; empty for the folder
            that a tool runs in, else it ends in "/".
        bus_bits: Of each AXI4-Stream of ``ip/``; None for what fits its words.
        clock: MHz for which the recurrent layers of ``rtl/`` leave out registers; None for none.
    """

    board: str = DEFAULT_BOARD
    name: str = DEFAULT_NAME
    rom_dir: str = ""
    bus_bits: int | None = None
    clock: float | None = None

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """That of the board's family."""
        return find_board(self.board).family.cuts(self.clock)

    @property
    def names(self) -> Names:
        """What the build calls its own."""
        return Names(self.name)

    @property
    def clock_ns(self) -> float:
        """That of the board; see ``operator_ns``."""
        board = find_board(self.board)
        return operator_ns(board, board.clock_ns)


@dataclass(frozen=True)
class ClockedOptions(MappingOptions):
    """Options for another clock than a build's.

    Attributes:
        operator_ns: Its period, as a Zynq-7000 has it, of C++.
        registers: Ways of placing them in ``rtl/``.
    """

    operator_ns: float = DEFAULT_CLOCK_NS
    registers: tuple[Cut, ...] = (UNCUT,)

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """See ``registers``."""
        return self.registers

    @property
    def clock_ns(self) -> float:
        """See ``operator_ns``."""
        return self.operator_ns


def operator_ns(board: Board, clock_ns: float) -> float:
    """A clock period as a Zynq-7000 has it: operators on UltraScale+ take half as long."""
    return clock_ns * (2 if board.part.startswith(ULTRASCALE) else 1)


ABSOLUTE = "absolute"
"""The ``rom_dir`` of who wants that of the build itself."""
ROM_DIR = re.compile(r"[A-Za-z0-9_./ +:@,=~-]*")
ROM_DIR_HOLDS = "letters and digits of ASCII, spaces and _./+:@,=~-"
"""What can stand in a string of SystemVerilog and of a macro, for every tool."""

AnyOptions = TypeVar("AnyOptions", bound=MappingOptions)


def check_options(
    multipliers: Any,
    requantizer: Any,
    max_steps: Any = None,
    board: Any = DEFAULT_BOARD,
    hls_depth: Any = None,
    name: Any = DEFAULT_NAME,
    rom_dir: Any = "",
    bus_bits: Any = None,
    clock: Any = None,
    sequences: Any = None,
) -> BuildOptions:
    """The options of a build.

    Args:
        multipliers: A positive integer, or None for the default.
        requantizer: One of ``VARIANTS``.
        max_steps: A positive integer, or None for the default.
        board: Name of a vendor's board.
        hls_depth: A positive integer of at most ``MOST_CYCLES``, or None for the default.
        name: See ``fault_of_name``.
        rom_dir: A folder, or nothing.
        bus_bits: One of ``BUSES``, or None for the default.
        clock: MHz, or None.
        sequences: A positive integer of at most ``MOST_SEQUENCES``, or None for one.

    Raises:
        GatewrightError: GW-403 for an unknown board, GW-405.
    """
    if requantizer not in VARIANTS:
        raise _refused("requantizer", requantizer, f"one of {', '.join(VARIANTS)}")
    steps = positive("max_steps", max_steps)
    MAX_STEPS.check("max_steps", steps or 0)
    budget = positive("multipliers", multipliers) or DEFAULT_MULTIPLIERS
    depth = positive("hls_depth", hls_depth)
    if depth is not None and depth > MOST_CYCLES:
        raise _refused("hls_depth", depth, f"at most {MOST_CYCLES} cycles")
    fault = fault_of_name(name)
    if fault is not None:
        raise _refused("name", name, fault)
    folder = check_rom_dir(rom_dir)
    bus = positive("bus_bits", bus_bits)
    if bus is not None and bus not in BUSES:
        raise _refused("bus_bits", bus, f"one of {', '.join(map(str, BUSES))}")
    find_board(board)
    mhz = check_clock(clock)
    return BuildOptions(
        budget,
        requantizer,
        steps,
        depth,
        check_sequences(sequences),
        spelled(board),
        name,
        folder,
        bus,
        mhz,
    )


def check_sequences(value: Any) -> int:
    """How many sequences take turns; 1 for None.

    Raises:
        GatewrightError: GW-405.
    """
    sequences = positive("sequences", value) or 1
    if sequences > MOST_SEQUENCES:
        raise _refused("sequences", sequences, f"at most {MOST_SEQUENCES}")
    return sequences


def check_rom_dir(value: Any) -> str:
    """A folder as SystemVerilog can say it, with "/" behind; or nothing.

    Raises:
        GatewrightError: GW-405.
    """
    text = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(text, str) or not ROM_DIR.fullmatch(text):
        raise _refused("rom_dir", value, f"a folder, of {ROM_DIR_HOLDS}, or {ABSOLUTE}")
    return f"{text.rstrip('/')}/" if text else ""


def check_clock(value: Any) -> float | None:
    """A clock in MHz, or None.

    Raises:
        GatewrightError: GW-405.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1000:
        raise _refused("clock", value, "MHz, above 0 and below 1000; without it the board's target")
    return float(value)


def check_seeds(value: Any) -> int | None:
    """How many placements to try, or None.

    Raises:
        GatewrightError: GW-405.
    """
    seeds = positive("seeds", value)
    if seeds is not None and seeds > MOST_SEEDS:
        raise _refused("seeds", value, f"at most {MOST_SEEDS}: each takes as long as the first")
    return seeds


def check_flow(value: Any) -> str | None:
    """A vendor's flow; None for the one of the board.

    Raises:
        GatewrightError: GW-405.
    """
    if value is not None and value not in FLOWS:
        raise _refused("flow", value, f"{' or '.join(FLOWS)}, or leave it out")
    return None if value is None else str(value)


def check_core(value: Any) -> str:
    """What computes in a design; the SystemVerilog for None.

    Raises:
        GatewrightError: GW-405.
    """
    if value is not None and value not in CORES:
        raise _refused("core", value, f"{' or '.join(CORES)}, or leave it out")
    return CORES[0] if value is None else str(value)


def check_vivado_stages(value: Any) -> tuple[str, ...]:
    """Stages of Vivado in their order, and all that they need.

    Args:
        value: Their names, or None for all.

    Raises:
        GatewrightError: GW-405.
    """
    names = _stage_names(value, VIVADO_STAGES)
    last = max(VIVADO_STAGES.index(name) for name in names)
    needed = VIVADO_STAGES[1 : last + 1]
    return tuple(stage for stage in VIVADO_STAGES if stage in names or stage in needed)


def _stage_names(value: Any, known: tuple[str, ...]) -> list[str]:
    wanted = known if value is None else value
    names = [] if isinstance(wanted, str) or not isinstance(wanted, Iterable) else list(wanted)
    if not names or any(name not in known for name in names):
        raise _refused("stages", value, f"names of {', '.join(known)}")
    return names


def check_stages(value: Any) -> tuple[str, ...]:
    """Stages of Vitis HLS in their order; csynth is among them in any case.

    Args:
        value: Their names, or None for all.

    Raises:
        GatewrightError: GW-405.
    """
    names = _stage_names(value, HLS_STAGES)
    return tuple(stage for stage in HLS_STAGES if stage in names or stage == "csynth")


def check_limit(value: Any) -> float:
    """Minutes after which Vitis HLS is stopped; ``LIMIT`` for None.

    Raises:
        GatewrightError: GW-405.
    """
    minutes = LIMIT if value is None else value
    number = isinstance(minutes, int | float) and not isinstance(minutes, bool)
    if not number or not 0 < minutes <= MOST_MINUTES:
        raise _refused("limit", value, f"minutes, above 0 and at most {MOST_MINUTES}")
    return float(minutes)


def refuse_unused(options: Mapping[str, Any], used_by: str) -> None:
    """Refuse options that are given and that the flow does not have.

    Raises:
        GatewrightError: GW-405.
    """
    for name, value in options.items():
        if value is not None:
            raise _refused(name, value, f"nothing: it is an option of {used_by}")


def check_line(baud: Any, timeout: Any) -> None:
    """The rate of a serial line, in bits per second, and a time limit in seconds.

    Raises:
        GatewrightError: GW-405.
    """
    rate = positive("baud", baud)
    if rate is None or rate > FASTEST:
        raise _refused("baud", baud, "bits per second, such as 115200")
    if not isinstance(timeout, int | float) or not 0 < timeout < math.inf:
        raise _refused("timeout", timeout, "seconds, more than 0")


def positive(option: str, value: Any) -> int | None:
    """A positive integer, or None.

    Raises:
        GatewrightError: GW-405.
    """
    if value is None:
        return None
    try:
        count = 0 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        count = 0
    if count < 1:
        raise _refused(option, value, "a positive integer; without it the default")
    return count


def fit_steps(options: AnyOptions, model: IntegerModel) -> AnyOptions:
    """The options with a ``max_steps`` that holds the example, where none was given.

    Raises:
        GatewrightError: GW-405 where the model takes sequences of one length only, longer than
            the ``max_steps`` given.
    """
    if options.max_steps is None:
        return replace(options, max_steps=max(DEFAULT_MAX_STEPS, model.steps))
    if model.fixed_steps and options.max_steps < model.steps:
        raise _refused("max_steps", options.max_steps, f"{model.steps} or more, the model's T")
    return options


def _refused(option: str, value: Any, wanted: str) -> GatewrightError:
    return GatewrightError(
        "GW-405",
        where=option,
        cause=f"it is {value!r}.",
        remedy=f"Pass {wanted}.",
    )
