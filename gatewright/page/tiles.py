"""The tile schedule of a recurrent layer as a picture: slots across, row blocks down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from math import ceil
from typing import Any

WIDTH, LEFT, RIGHT, UPPER, BOTTOM = 1100, 62, 14, 28, 34
MAX_COLUMNS, MAX_ROWS = 240, 48
"""More than that no eye tells apart, and neighbours are drawn as one."""
NUMBERED = 15
"""Pixels that a tile needs to show its column."""
DrawnSlot = dict[str, Any] | None


@dataclass(frozen=True)
class Box:
    """A rectangle.

    Attributes:
        x: Left edge.
        y: Upper edge.
        w: Width.
        h: Height.
        kind: Its class in the style sheet.
        title: What it is.
        label: Text within, or "".
    """

    x: float
    y: float
    w: float
    h: float
    kind: str
    title: str = ""
    label: str = ""


@dataclass(frozen=True)
class Picture:
    """A schedule, drawn.

    Attributes:
        kernel: The kernel's name.
        source: The layer.
        facts: Its entry in ``3_kernels.json``.
        rows: Row blocks.
        x_tiles: Tiles of a step that read x.
        h_tiles: Those that read h.
        bubbles: Slots in which nothing starts.
        slots_drawn_as_one: 1 where each slot is drawn.
        height: Of the drawing.
        boxes: From back to front.
        ticks: Places on the axis of slots, and what they are called.
        labels: Places on the axis of row blocks, and what they are called.
        step_ends: Where the next step begins.
        bottom: Where the axis is.
    """

    kernel: str
    source: str
    facts: dict[str, Any]
    rows: int
    x_tiles: int
    h_tiles: int
    bubbles: int
    slots_drawn_as_one: int
    height: float
    boxes: tuple[Box, ...]
    ticks: tuple[tuple[float, int], ...]
    labels: tuple[tuple[float, str], ...]
    step_ends: float
    bottom: float
    width: int = WIDTH
    left: int = LEFT


class _Canvas:
    """Slots and row blocks as pixels."""

    def __init__(self, slots: list[DrawnSlot], depth: int) -> None:
        finished = {
            tile["row"]: i for i, tile in enumerate(slots) if tile is not None and tile["last"]
        }
        self.slots, self.depth, self.finished = slots, depth, finished
        self.period, self.rows = len(slots), len(finished)
        self.shown = max(max(finished.values()) + depth + 1, self.period + 1)
        self.together = ceil(self.shown / MAX_COLUMNS)
        self.rows_together = ceil(self.rows / MAX_ROWS)
        self.slot_width = (WIDTH - LEFT - RIGHT) / self.shown
        self.row_height = min(34.0, max(8.0, 240 / ceil(self.rows / self.rows_together)))
        self.bottom = UPPER + ceil(self.rows / self.rows_together) * self.row_height

    def x(self, slot: int) -> float:
        return round(LEFT + slot * self.slot_width, 2)

    def y(self, row: int) -> float:
        return round(UPPER + row // self.rows_together * self.row_height, 2)


def make_picture(kernel: dict[str, Any]) -> Picture:
    """Draw the schedule of a recurrent kernel, and the beginning of the next step behind it.

    Args:
        kernel: Its entry in ``3_kernels.json``.
    """
    slots: list[DrawnSlot] = kernel["schedule"]
    canvas = _Canvas(slots, kernel["depth"])
    tiles = [tile for tile in slots if tile is not None]
    h_tiles = sum(tile["hidden"] for tile in tiles)
    boxes = [*_bubbles(canvas), *_tails(canvas), *_tiles(canvas)]
    return Picture(
        kernel["name"],
        kernel["source"],
        kernel,
        canvas.rows,
        len(tiles) - h_tiles,
        h_tiles,
        len(slots) - len(tiles),
        canvas.together,
        canvas.bottom + BOTTOM,
        tuple(boxes),
        tuple(_ticks(canvas)),
        tuple(_labels(canvas)),
        canvas.x(canvas.period),
        canvas.bottom,
    )


def _bubbles(canvas: _Canvas) -> list[Box]:
    boxes, at = [], 0
    for empty, run in groupby(canvas.slots, lambda slot: slot is None):
        count = len(list(run))
        if empty:
            title = f"{count} bubbles from slot {at}: nothing starts, h is on its way"
            width = round(count * canvas.slot_width, 2)
            boxes.append(Box(canvas.x(at), UPPER, width, canvas.bottom - UPPER, "bubble", title))
        at += count
    return boxes


def _tails(canvas: _Canvas) -> list[Box]:
    """From the last tile of a row block to the first slot that may read its h."""
    thick = max(2.0, round(canvas.row_height * 0.14, 2))
    boxes = []
    for row, slot in sorted(canvas.finished.items()):
        if row % canvas.rows_together:
            continue
        title = (
            f"row block {row}: its sums are whole in slot {slot}; "
            f"{canvas.depth} cycles later its h can be read"
        )
        y = round(canvas.y(row) + canvas.row_height - thick - 1.5, 2)
        width = round(canvas.depth * canvas.slot_width, 2)
        boxes.append(Box(canvas.x(slot), y, width, thick, "tail", title))
        boxes.append(Box(round(canvas.x(slot) + width - 1.5, 2), y - 2, 3, thick + 4, "ready"))
    return boxes


def _tiles(canvas: _Canvas) -> list[Box]:
    counts: dict[tuple[int, int], Counter[int]] = {}
    for i in range(canvas.shown):
        tile = canvas.slots[i % canvas.period]
        if tile is not None:
            # The step and the next one do not share a rectangle.
            column = i // canvas.together
            place = column, tile["row"] // canvas.rows_together
            counts.setdefault(place, Counter())[tile["hidden"]] += 1
    gap = 1.5 if canvas.slot_width * canvas.together > 5 else 0.3
    tall = round(canvas.row_height * 0.72, 2)
    boxes = []
    for (column, row), kinds in counts.items():
        at = column * canvas.together
        kind = "htile" if kinds[1] >= kinds[0] else "xtile"
        ghost = " ghost" if at >= canvas.period else ""
        box = Box(
            canvas.x(at),
            canvas.y(row * canvas.rows_together) + 1.5,
            round(canvas.slot_width * canvas.together - gap, 2),
            tall,
            kind + ghost,
            *_words(canvas, at),
        )
        boxes.append(box)
    return boxes


def _words(canvas: _Canvas, slot: int) -> tuple[str, str]:
    """Title and label of a tile that is drawn on its own."""
    tile = canvas.slots[slot % canvas.period]
    if canvas.together > 1 or canvas.rows_together > 1 or tile is None:
        return "", ""
    row, column, hidden = tile["row"], tile["column"], tile["hidden"]
    step = ", next step" if slot >= canvas.period else ""
    title = (
        f"slot {slot % canvas.period}{step}: row block {row}, "
        f"column block {column} of {'h' if hidden else 'x'}"
    )
    return title, str(column) if canvas.slot_width >= NUMBERED - 3 else ""


def _ticks(canvas: _Canvas) -> list[tuple[float, int]]:
    step = next(
        n * 10**k for k in range(9) for n in (1, 2, 5) if n * 10**k * canvas.slot_width >= 44
    )
    return [(canvas.x(slot), slot) for slot in range(0, canvas.period, step)]


def _labels(canvas: _Canvas) -> list[tuple[float, str]]:
    every = ceil(13 / canvas.row_height) * canvas.rows_together
    return [
        (round(canvas.y(row) + canvas.row_height / 2, 2), str(row))
        for row in range(0, canvas.rows, every)
    ]
