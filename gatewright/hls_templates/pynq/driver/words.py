"""The stream ports of a build: integers as bytes on a bus."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from gatewright.hls_templates.pynq.driver.faults import TOGETHER, OverlayError


class BusPort:
    """A stream port.

    A word is some integers of whole bytes, lowest first; it goes in so many beats of the bus,
    padded with zeros.

    Args:
        facts: Of ``inputs`` or ``outputs`` of NAME.json.
    """

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.name, self.tensor, self.sequence = facts["name"], facts["tensor"], facts["sequence"]
        self._lane_bytes = facts["lane_bits"] // 8
        self._word_bytes = facts["lanes"] * self._lane_bytes
        self._slot_bytes = facts["beats_per_word"] * facts["bus_bits"] // 8
        self._row = facts["words_per_step"] * facts["lanes"]
        self._offset, self._stride = facts.get("windows", (0, 1))

    @property
    def widths(self) -> int:
        """What the registers of the design say of it."""
        return int(8 * self._word_bytes | self.facts["beats_per_word"] << 16)

    def rows(self, steps: int, goes_on: bool = False) -> int:
        """Rows of integers in a sequence, or in a piece that goes on from the one before."""
        offset = 0 if goes_on else self._offset
        return (steps + offset) // self._stride if self.sequence else 1

    def size(self, steps: int, goes_on: bool = False) -> int:
        """Bytes of it."""
        return int(self.rows(steps, goes_on) * self.facts["words_per_step"] * self._slot_bytes)

    def pack(self, n: Any) -> Any:
        """Bytes, uint8 [B, bytes], of integers [B, T, F] or [B, F]."""
        n = n if self.sequence else n[:, None]
        batch, rows = n.shape[:2]
        padded = np.zeros((batch, rows, self._row), dtype="<i8")
        padded[:, :, : self.facts["values"]] = n
        lanes = padded.view(np.uint8).reshape(batch, rows, self._row, 8)[..., : self._lane_bytes]
        words = lanes.reshape(batch, rows * self.facts["words_per_step"], self._word_bytes)
        slots = np.zeros((*words.shape[:2], self._slot_bytes), dtype=np.uint8)
        slots[..., : self._word_bytes] = words
        return slots.reshape(batch, -1)

    def unpack(self, answers: Sequence[Any], steps: int, goes_on: bool = False) -> Any:
        """Integers, int64 [B, T, F] or [B, F], of the bytes of each sequence.

        Raises:
            OverlayError: GW-905 for a value that the port cannot have.
        """
        batch, rows = len(answers), self.rows(steps, goes_on)
        slots = np.stack(answers).reshape(batch, -1, self._slot_bytes)[..., : self._word_bytes]
        lanes = slots.reshape(batch, rows, self._row, self._lane_bytes)
        low, high = self.facts["low"], self.facts["high"]
        wide = np.zeros((batch, rows, self._row, 8), dtype=np.uint8)
        wide[(lanes[..., -1] >= 0x80) & (low < 0)] = 0xFF
        wide[..., : self._lane_bytes] = lanes
        n = wide.view("<i8")[:, :, : self.facts["values"], 0].astype(np.int64)
        if n.min() < low or n.max() > high:
            fault = f"it gave {n.min()} to {n.max()}, not of {low} to {high}."
            raise OverlayError("GW-905", self.name, fault, TOGETHER)
        return n if self.sequence else n[:, 0]


def unfit_length(
    facts: dict[str, Any], ports: Sequence[BusPort], steps: int, goes_on: bool | None
) -> str:
    """What is wrong with sequences of so many steps; "" if nothing is.

    Args:
        facts: Of NAME.json.
        ports: All of them.
        steps: Of a sequence.
        goes_on: Of a piece whether it goes on from the one before; None of a whole sequence.
    """
    least = 1 if goes_on else facts.get("least_steps", 1)
    most, room = facts["max_steps"], facts["dma_bytes"]
    fault = f"it has {steps} time steps, and "
    if facts["fixed_steps"] and steps != facts["steps"]:
        return fault + f"the model takes {facts['steps']}"
    if steps < least:
        return fault + f"the windows over time need {least}"
    if most is not None and steps > most:
        return fault + f"the kernels buffer at most {most}"
    if max(port.size(steps, bool(goes_on)) for port in ports) > room:
        return fault + f"a DMA moves at most {room} bytes at once"
    return "" if goes_on is None else _unfit_piece(facts, steps, goes_on)


def _unfit_piece(facts: dict[str, Any], steps: int, goes_on: bool) -> str:
    """What is wrong with a piece of so many steps, where windows over time need others; "" if not.

    Those of a later piece are a multiple of what windows are apart; in the first one no window may
    reach beyond its end.
    """
    pieces = facts.get("pieces")
    if pieces is None:
        return ""
    fault = f"it has {steps} time steps, and "
    if goes_on and steps % pieces["every"]:
        return fault + "pieces behind the first one have a multiple of {}".format(pieces["every"])
    counts = [
        [(steps + offset) // stride for offset, stride in numbers] for numbers in pieces["alike"]
    ]
    if not goes_on and any(len(set(found)) > 1 for found in counts):
        return fault + "its windows over time reach beyond the end of a first piece of so many"
    return ""
