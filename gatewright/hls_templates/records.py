"""The records of ``3_kernels.json``, to which kernels add theirs."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeAlias, TypedDict, TypeVar

import msgspec

from gatewright.files.records import Count, Record
from gatewright.ir.steps import EVERY, StepCount

Bound = Annotated[int, msgspec.Meta(ge=-(2**32), le=2**32)]
"""The least or greatest value of a stream, whose words have at most 32 bits."""


BuildName = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
"""What a build calls its own: see ``project.names``."""


SCHEMA: Literal[4] = 4
"""The version of the records. The first had no number, tiles and taps by position, and requantizers
whose fields were those of their kernel; the second had one schedule for RTL and C++; the third no
name."""


class StepsRecord(Record, frozen=True):
    """``(T + offset) // stride`` steps of a sequence of T.

    Attributes:
        offset: Added to T.
        stride: What the sum is divided by, rounding down.
    """

    offset: Annotated[int, msgspec.Meta(ge=-(2**32), le=2**32)]
    stride: Annotated[int, msgspec.Meta(ge=1, le=2**32)]

    @staticmethod
    def of(count: StepCount) -> StepsRecord | msgspec.UnsetType:
        """Of what has so many; unset where that is T."""
        if count == EVERY:
            return msgspec.UNSET
        return StepsRecord(count.offset, count.stride)


def steps_of(windows: StepsRecord | msgspec.UnsetType, steps: int, goes_on: bool = False) -> int:
    """How many steps that are, for a sequence of so many; all of them where it is unset.

    Args:
        windows: What is made of its steps.
        steps: Of the sequence.
        goes_on: Whether it is a piece that goes on from the one before, as a stream has them.
    """
    if isinstance(windows, StepsRecord):
        return (steps + (0 if goes_on else windows.offset)) // windows.stride
    return steps


class PortRecord(Record, frozen=True):
    """A stream port as the host sees it.

    Attributes:
        name: Of the port.
        tensor: The integer tensor that it carries.
        sequence: Whether there is a beat each time step, rather than one a sequence.
        values_per_step: Values of a beat.
        low: The least of them.
        high: The greatest.
        lanes: Values of a word.
        lane_bits: Bits of each.
        words_per_step: Words of a beat.
        stream: What it feeds, or what feeds it.
        windows: How many steps a sequence has there, where windows over time make others of them.
    """

    name: str
    tensor: str
    sequence: bool
    values_per_step: Count
    low: Bound
    high: Bound
    lanes: Count
    lane_bits: Count
    words_per_step: Count
    stream: str
    windows: StepsRecord | msgspec.UnsetType = msgspec.UNSET

    @property
    def signed(self) -> bool:
        """Whether values are in two's complement."""
        return self.low < 0

    def beats(self, steps: int, goes_on: bool = False) -> int:
        """Beats of a sequence, or of a piece that goes on from the one before."""
        return steps_of(self.windows, steps, goes_on) if self.sequence else 1

    def shape(self, sequences: int, steps: int, goes_on: bool = False) -> tuple[int, int, int]:
        """Of the array that holds its values."""
        return sequences, self.beats(steps, goes_on), self.values_per_step


class StreamRecord(Record, frozen=True):
    """A stream between two kernels, or a kernel and a port.

    Attributes:
        name: As its ends name it.
        sequence: Whether there is a beat each time step, rather than one a sequence.
        depth: Beats that its FIFO holds.
        width: Values of a beat.
        low: The least of them.
        high: The greatest.
    """

    name: str
    sequence: bool
    depth: Count
    width: Count
    low: Bound
    high: Bound


class Tap(Record, frozen=True):
    """A value that C-simulation can show.

    Attributes:
        name: As the interpreter names it.
        width: Values of a step.
        sequence: Whether there is one a time step, rather than one a sequence.
        reverse: Whether its time steps come from the last to the first.
        windows: As of a port.
    """

    name: str
    width: Count
    sequence: bool
    reverse: bool = False
    windows: StepsRecord | msgspec.UnsetType = msgspec.UNSET

    def rows(self, steps: int, goes_on: bool = False) -> int:
        """Of a sequence, or of a piece that goes on from the one before."""
        return steps_of(self.windows, steps, goes_on) if self.sequence else 1


class StateTap(Record, frozen=True):
    """The tap port of a recurrent kernel in ``rtl/``: h, and c if there is one.

    Attributes:
        name: Path of the layer.
        hidden: Units of the layer.
        h_bits: Bits of a unit's h.
        h_signed: Whether it is in two's complement.
        c_bits: The same of c; 0 without.
        c_signed: The same of c.
        reverse: Whether the layer runs from the last time step to the first.
        port: Prefix of its signals.
        units: Units of a row.
        rows: Rows of a time step.
        windows: As of a port.
        tracks: On which sequences take turns; unset where they come one after the other.
    """

    name: str
    hidden: Count
    h_bits: Count
    h_signed: bool
    c_bits: Count
    c_signed: bool
    reverse: bool
    port: str = ""
    units: Count = 0
    rows: Count = 0
    windows: StepsRecord | msgspec.UnsetType = msgspec.UNSET
    tracks: Count | msgspec.UnsetType = msgspec.UNSET

    @property
    def track_bits(self) -> int:
        """Bits of the signal that numbers the tracks."""
        return max(1, ((self.tracks or 1) - 1).bit_length())

    @property
    def row_bits(self) -> int:
        """Bits of the signal that numbers the rows."""
        return max(1, (self.rows - 1).bit_length())


class RtlRecord(Record, frozen=True):
    """What ``rtl/`` alone shows.

    Attributes:
        taps: Of its recurrent kernels.
    """

    taps: tuple[StateTap, ...]


class QuantizerRecord(Record, frozen=True):
    """How the integers of a state become floats and codes; see ``ir.quantizer.Quantizer``.

    Attributes:
        scales: One, or one a channel, as exact hexadecimal floats.
        zero_point: The code of 0.
        bit_width: Bits of a code.
        signed: Whether codes are.
        narrow: Whether the least code is left out.
        rounding: The name of its rounding.
    """

    scales: tuple[str, ...]
    zero_point: int
    bit_width: Count
    signed: bool
    narrow: bool
    rounding: str


class AffineRecord(Record, frozen=True):
    """A multiplier in place of thresholds.

    Attributes:
        multiplier_bits: Bits of the largest.
        shift: Bits that the product is shifted right.
        ties: Where halves go: ``up``, ``even`` or ``odd``.
    """

    multiplier_bits: Count
    shift: Count
    ties: str


class RequantizerRecord(Record, frozen=True):
    """How a requantizer computes.

    Attributes:
        variant: ``clip``, ``affine``, ``table``, ``wide``, ``corrected`` or ``thresholds``.
        channels: Sets of thresholds.
        affine: Of ``affine``, ``wide`` and ``corrected``.
    """

    variant: str
    channels: Count
    affine: AffineRecord | None = None


class KernelRecord(Record, tag_field="kind", kw_only=True, frozen=True):
    """A kernel; each kind is a record of its own, which adds what was chosen for it.

    Attributes:
        name: The identifier of its parameters, and of its instance in ``rtl/``.
        source: Path of the module that it comes from.
        reads: Streams that it reads.
        writes: Streams that it writes.
        predicted_cycles: From the first beat that it takes to the last that it gives, by itself; 0
            if it gives none; in ``rtl/``.
        hls_interval: Cycles between passes of its C++ that its operators are taken to need; 1 is
            what the C++ asks for.
    """

    name: str
    source: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    predicted_cycles: Count
    hls_interval: Count

    @property
    def kind(self) -> str:
        """What it does, for people."""
        return str(type(self).__struct_config__.tag)

    @property
    def multiplies(self) -> int:
        """Multipliers that it has; 0 for none."""
        return 0


class Placement(TypedDict):
    """What the design knows of a kernel, and the kernel does not: see ``KernelRecord``."""

    name: str
    source: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    predicted_cycles: int
    hls_interval: int


K = TypeVar("K", bound=KernelRecord)


class Document(Record, Generic[K], kw_only=True, frozen=True):
    """All of ``3_kernels.json``.

    Attributes:
        schema: Version of these records.
        name: Of the build: what its modules, namespaces and files begin with.
        steps: Time steps of the sequence that cycles are predicted for.
        predicted_cycles: Of that sequence, from its first input word to its last output word, in
            ``rtl/``.
        hls_predicted_cycles: The same of the C++, if the pipelines that an HLS tool makes of it are
            as deep, and as fast, as its operators are taken to need.
        max_steps: Steps of the longest sequence that the kernels take; None for any.
        inputs: Ports in the order of the integer graph's inputs.
        outputs: Ports in the order of its outputs.
        taps: What C-simulation can show, in the order of their numbers.
        states: Of each state that is shown, by ``<layer>/h`` and ``<layer>/c``, its quantizer.
        rtl: What ``rtl/`` shows.
        streams: Between kernels, and between kernels and ports.
        kernels: In topological order.
    """

    schema: Literal[4]
    name: BuildName
    steps: Count
    predicted_cycles: Count
    hls_predicted_cycles: Count
    max_steps: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)] | None
    inputs: tuple[PortRecord, ...]
    outputs: tuple[PortRecord, ...]
    taps: tuple[Tap, ...]
    states: dict[str, QuantizerRecord]
    rtl: RtlRecord
    streams: tuple[StreamRecord, ...]
    kernels: tuple[K, ...]


KernelsDocument: TypeAlias = Document[KernelRecord]
