"""AXI4-Stream ports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from msgspec import UNSET

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.base import Port
from gatewright.hls_templates.records import PortRecord
from gatewright.hls_templates.rtl.sv import (
    CLOCK,
    Instance,
    Module,
    SvValue,
    reading,
    writing,
)

MAX_WORD_BITS = 512

FLAGS = ("too_long", "framing")
"""What an input port tells of a sequence that it drops; the top's flags are those of all ports."""


@dataclass(frozen=True)
class Lengths:
    """Time steps that a sequence may have.

    Attributes:
        most: The most that buffers hold; None for any number.
        fixed: The only number, where the model binds it; None if it does not.
    """

    most: int | None = None
    fixed: int | None = None


@dataclass(frozen=True)
class AxisPort:
    """How beats are folded into stream words.

    Attributes:
        name: Of the stream port of the top level.
        tensor: The integer graph's input or output that it carries.
        port: The beats.
        sequence: Whether there is a beat each time step, rather than one a sequence.
        stream: Name of the stream behind it.
    """

    name: str
    tensor: str
    port: Port
    sequence: bool
    stream: str = ""

    def beats(self, steps: int) -> int:
        """Beats of a sequence."""
        return self.port.steps.count(steps) if self.sequence else 1

    @property
    def ident(self) -> str:
        """C++ identifier of its parameters."""
        return f"{self.name}_params"

    @property
    def lane_bits(self) -> int:
        """Whole bytes that hold a value."""
        return ceil(self.port.type.bits / 8) * 8

    @property
    def lanes(self) -> int:
        """Values of a word."""
        return min(self.port.width, MAX_WORD_BITS // self.lane_bits)

    @property
    def folds(self) -> int:
        """Words of a time step."""
        return ceil(self.port.width / self.lanes)

    @property
    def framing(self) -> str:
        """The C++ flag of an input whose sequence ends inside a step; "" where none can."""
        return f"{self.name}_framing" if self.folds > 1 else ""

    @property
    def word_bits(self) -> int:
        """Bits of a word."""
        return self.lanes * self.lane_bits

    def rtl_read(self, lengths: Lengths, matches: Sequence[str] = ()) -> Instance:
        """Words to beats.

        Args:
            lengths: That a sequence may have.
            matches: What names the wires of each ``gw_axis_match`` that it is held against.
        """
        framed = self.framed(lengths)
        params = self._sizes() | {name: n for name, n in framed.items() if n or name != "STEPS"}
        ports = CLOCK | writing("out", self.stream) | self.held(matches)
        ports |= {f"{flag}_o": f"{self.name}_{flag}" for flag in FLAGS}
        names = {"valid_i": "tvalid", "ready_o": "tready", "data_i": "tdata", "last_i": "tlast"}
        ports |= {f"in_{n}": f"{self.name}_{w}" for n, w in names.items()}
        ports["in_keep_i"] = f"{self.name}_tuser"
        return Instance(Module("gw_axis_read", params), self.name, ports)

    def framed(self, lengths: Lengths) -> dict[str, int]:
        """Parameters of ``gw_axis_frame``, of which 0 is any number."""
        steps = (lengths.fixed if self.sequence else 1) or 0
        return {"MAX_STEPS": 0 if steps else lengths.most or 0, "STEPS": steps}

    def held(self, matches: Sequence[str]) -> dict[str, str]:
        """What holds its steps against those of other ports: see ``rtl_read``."""
        wires = {way: [f"{match}_{way}" for match in matches] for way in ("hold", "wrong")}
        ports = {f"{way}_i": " || ".join(found) or "1'b0" for way, found in wires.items()}
        return ports | {f"{w}_o": f"{self.name}_{w}" if matches else "" for w in ("there", "step")}

    def rtl_match(self, first: AxisPort, lengths: Lengths) -> Instance:
        """What holds its sequences against those of the first port with a beat each time step."""
        ports = dict(CLOCK)
        for end, port in (("a", first), ("b", self)):
            wires = {"there": "there", "step": "step", "last": "tlast"}
            ports |= {f"{end}_{way}_i": f"{port.name}_{wire}" for way, wire in wires.items()}
            ports |= {f"{end}_{way}_o": f"{self.name}_{end}_{way}" for way in ("wrong", "hold")}
        bits = {} if lengths.most is None else {"STEP_BITS": lengths.most.bit_length()}
        return Instance(Module("gw_axis_match", bits), f"{self.name}_match", ports)

    def rtl_write(self) -> Instance:
        """Beats to words."""
        params = self._sizes() | {"SIGNED": self.port.type.signed}
        ports = CLOCK | reading("in", self.stream) | {"out_keep_o": ""}
        names = {"valid_o": "tvalid", "ready_i": "tready", "data_o": "tdata", "last_o": "tlast"}
        ports |= {f"out_{n}": f"{self.name}_{w}" for n, w in names.items()}
        return Instance(Module("gw_axis_write", params), self.name, ports)

    def _sizes(self) -> dict[str, SvValue]:
        return {
            "WIDTH": self.port.width,
            "BITS": self.port.type.bits,
            "LANE_BITS": self.lane_bits,
            "LANES": self.lanes,
            "FOLDS": self.folds,
        }

    def params_cpp(self) -> str:
        """The parameter struct."""
        constants: dict[str, int] = {
            "WIDTH": self.port.width,
            "LANES": self.lanes,
            "FOLDS": self.folds,
            "LANE_BITS": self.lane_bits,
            "SIGNED": self.port.type.signed,
        }
        return cpp.struct(self.ident, constants, [f"using beat_t = {self.port.beat};"])

    def record(self) -> PortRecord:
        """Word format, for whoever drives the stream."""
        return PortRecord(
            name=self.name,
            tensor=self.tensor,
            sequence=self.sequence,
            values_per_step=self.port.width,
            low=self.port.type.lo,
            high=self.port.type.hi,
            lanes=self.lanes,
            lane_bits=self.lane_bits,
            words_per_step=self.folds,
            stream=self.stream,
            windows=self.port.windows if self.sequence else UNSET,
        )
