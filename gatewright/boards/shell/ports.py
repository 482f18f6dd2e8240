"""The ports of a design as bytes of a frame see them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gatewright.files.reading import digest_of
from gatewright.ir.types import IntArray

IDENTITY_FILES = ("2_integer.onnx", "3_kernels.json")
DIGEST_BYTES = 8


@dataclass(frozen=True)
class FramePort:
    """A stream port: how its integers are packed into words of bytes.

    Attributes:
        name: Of the stream.
        tensor: The integer tensor it carries.
        sequence: Whether there is a beat each time step, rather than one a sequence.
        values: Integers of a beat.
        lanes: Integers of a word.
        lane_bytes: Bytes of an integer.
        folds: Words of a beat.
        low: The least of them.
        high: The greatest.
        offset: Bytes of the words of the ports before it.
    """

    name: str
    tensor: str
    sequence: bool
    values: int
    lanes: int
    lane_bytes: int
    folds: int
    low: int
    high: int
    offset: int

    @property
    def signed(self) -> bool:
        """Whether they may be negative."""
        return self.low < 0

    @property
    def word_bytes(self) -> int:
        """Bytes of a word."""
        return self.lanes * self.lane_bytes

    def words(self, steps: int) -> int:
        """Words of a sequence."""
        return self.folds * (steps if self.sequence else 1)

    def pack(self, beats: IntArray) -> bytes:
        """Integers [beats, values] as words, lowest lane and lowest fold first."""
        padded = np.zeros((len(beats), self.folds * self.lanes), dtype="<i8")
        padded[:, : self.values] = beats
        lanes = padded.view(np.uint8).reshape(*padded.shape, 8)
        return lanes[:, :, : self.lane_bytes].tobytes()

    def unpack(self, data: bytes) -> IntArray:
        """Words as integers [beats, values]."""
        lanes: npt.NDArray[np.uint8] = np.frombuffer(data, np.uint8).reshape(
            -1, self.folds * self.lanes, self.lane_bytes
        )
        sign = 0xFF if self.signed else 0
        top = np.where(lanes[:, :, -1:] & 0x80, sign, 0).astype(np.uint8)
        wide = np.concatenate([lanes, np.repeat(top, 8 - self.lane_bytes, axis=2)], axis=2)
        values = np.ascontiguousarray(wide).view("<i8")[:, : self.values, 0]
        return values.astype(np.int64)


def input_ports(kernels: dict[str, Any]) -> tuple[FramePort, ...]:
    """The input ports of ``3_kernels.json`` in the order of a frame.

    Ports that take one beat a sequence come first: the design may need an initial state before it
    goes on with the sequence, which would then stand in its way.
    """
    return _ports(sorted(kernels["inputs"], key=lambda port: bool(port["sequence"])))


def output_ports(kernels: dict[str, Any]) -> tuple[FramePort, ...]:
    """The output ports of ``3_kernels.json``, in its order."""
    return _ports(kernels["outputs"])


def _ports(ports: Iterable[dict[str, Any]]) -> tuple[FramePort, ...]:
    found: list[FramePort] = []
    for port in ports:
        found.append(
            FramePort(
                port["name"],
                port["tensor"],
                port["sequence"],
                port["values_per_step"],
                port["lanes"],
                port["lane_bits"] // 8,
                port["words_per_step"],
                port["low"],
                port["high"],
                sum(other.word_bytes for other in found),
            )
        )
    return tuple(found)


def build_digest(folder: Path) -> bytes:
    """What tells the bitstream of one build from that of another: 8 bytes.

    They come from the integer graph, which holds every parameter, and from the kernels it was
    mapped to, which say how words look and when they come.
    """
    digest = hashlib.sha256()
    for name in IDENTITY_FILES:
        digest.update(bytes.fromhex(digest_of(folder, name)))
    return digest.digest()[:DIGEST_BYTES]
