"""The ports of a design as bytes of a frame see them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gatewright.files.reading import digest_of
from gatewright.hls_templates.records import PortRecord
from gatewright.ir.types import IntArray

IDENTITY_FILES = ("2_integer.onnx", "3_kernels.json")
DIGEST_BYTES = 8


@dataclass(frozen=True)
class FramePort:
    """A stream port: how its integers are packed into words of bytes.

    Attributes:
        record: What it is to the host.
        offset: Bytes of the words of the ports before it.
    """

    record: PortRecord
    offset: int

    @property
    def name(self) -> str:
        """Of the stream."""
        return self.record.name

    @property
    def tensor(self) -> str:
        """The integer tensor it carries."""
        return self.record.tensor

    @property
    def values(self) -> int:
        """Integers of a beat."""
        return self.record.values_per_step

    @property
    def lane_bytes(self) -> int:
        """Bytes of an integer."""
        return self.record.lane_bits // 8

    @property
    def word_bytes(self) -> int:
        """Bytes of a word."""
        return self.record.lanes * self.lane_bytes

    @property
    def _row(self) -> int:
        """Integers of the words of a beat."""
        return self.record.words_per_step * self.record.lanes

    def words(self, steps: int, goes_on: bool = False) -> int:
        """Words of a sequence, or of a piece that goes on from the one before."""
        return self.record.words_per_step * self.record.beats(steps, goes_on)

    def most_words(self, steps: int) -> int:
        """The more of both."""
        return max(self.words(steps), self.words(steps, goes_on=True))

    def pack(self, beats: IntArray) -> bytes:
        """Integers [beats, values] as words, lowest lane and lowest fold first."""
        padded = np.zeros((len(beats), self._row), dtype="<i8")
        padded[:, : self.values] = beats
        lanes = padded.view(np.uint8).reshape(*padded.shape, 8)
        return lanes[:, :, : self.lane_bytes].tobytes()

    def unpack(self, data: bytes) -> IntArray:
        """Words as integers [beats, values]."""
        lanes: npt.NDArray[np.uint8] = np.frombuffer(data, np.uint8).reshape(
            -1, self._row, self.lane_bytes
        )
        sign = 0xFF if self.record.signed else 0
        top = np.where(lanes[:, :, -1:] & 0x80, sign, 0).astype(np.uint8)
        wide = np.concatenate([lanes, np.repeat(top, 8 - self.lane_bytes, axis=2)], axis=2)
        values = np.ascontiguousarray(wide).view("<i8")[:, : self.values, 0]
        return values.astype(np.int64)


def input_ports(ports: Iterable[PortRecord]) -> tuple[FramePort, ...]:
    """The input ports of a design in the order of a frame.

    Ports that take one beat a sequence come first: the design may need an initial state before it
    goes on with the sequence, which would then stand in its way.
    """
    return output_ports(sorted(ports, key=lambda port: port.sequence))


def output_ports(ports: Iterable[PortRecord]) -> tuple[FramePort, ...]:
    """The output ports of a design, in its order."""
    found: list[FramePort] = []
    for port in ports:
        offset = sum(other.word_bytes for other in found)
        found.append(FramePort(port, offset))
    return tuple(found)


def build_digest(folder: Path) -> bytes:
    """What tells the bitstream of one build from that of another: 8 bytes.

    They come from the integer graph, which holds every parameter, and from the kernels it was
    mapped to, which say how words look and when they come.
    """
    return identity(digest_of(folder, name) for name in IDENTITY_FILES)[:DIGEST_BYTES]


def identity(digests: Iterable[str]) -> bytes:
    """The whole of that digest, from those of the files, in hexadecimal."""
    return hashlib.sha256(b"".join(map(bytes.fromhex, digests))).digest()
