"""The recurrent kernel in C++: parameters, schedule ROM, weights in schedule order."""

from __future__ import annotations

import numpy as np

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.recurrent.folding import Folding
from gatewright.hls_templates.kernels.recurrent.layer import ROLES, RecurrentLayer
from gatewright.hls_templates.kernels.recurrent.schedule import Tile
from gatewright.hls_templates.project.names import LIBRARY
from gatewright.ir.types import IntArray


def layer_params(layer: RecurrentLayer) -> str:
    """Tables of the tail, weights, biases, schedule, and the struct that ties them."""
    ident, folding = layer.ident, layer.hls
    shape = folding.shape
    functions = [f.params_cpp(shape.rows, shape.units) for f in layer.tail.functions.values()]
    weights = cpp.RomArray(f"{ident}_weights", layer.weights(folding), lanes=True, wide=(2, 3))
    biases = cpp.RomArray(f"{ident}_biases", layer.biases(folding), lanes=True, wide=(2,))
    fields = _slot_fields(folding)
    schedule = cpp.RomArray(f"{ident}_schedule", _packed(fields))
    initial = {state: _initial_array(layer, state) for state in ("h", "c")}
    rows = [array for array in initial.values() if array is not None]
    arrays = [*rows, weights, biases, schedule]
    members = [
        f"using in_beat = {layer.input.beat};",
        *(line for state, array in initial.items() for line in _initial_member(state, array)),
        f"using operand_t = {cpp.word(layer.operand)};",
        f"using cell_t = {cpp.word(layer.state_type(1))};",
        f"using acc_t = {cpp.word(layer.accumulator)};",
        *_slot_member(schedule, fields),
        *cpp.accessor(
            f"{weights.element} weight(int i, int k, int lane)", f"{weights.name}[i][k][lane]"
        ),
        *cpp.accessor(f"{biases.element} bias(int row, int lane)", f"{biases.name}[row][lane]"),
        *_tail_member(layer),
        *cpp.storage(arrays, [f.ident for f in layer.tail.functions.values()]),
    ]
    declared = (array.declaration() for array in arrays)
    return "\n".join([*functions, *declared, cpp.struct(ident, _constants(layer), members)])


_FLAGS = ("active", "hidden", "first", "last", "changes", "recent", "stores", "picks")
_OF_SUMS = (*_FLAGS[4:], "pick_row")


def _constants(layer: RecurrentLayer) -> dict[str, int]:
    folding = layer.hls
    shape = folding.shape
    return {
        **shape.sizes,
        "SLOTS": len(folding.slots),
        "TILES": len(folding.tiles),
        "ACCUMULATORS": folding.accumulators,
        "DISTANCE": folding.distance,
        "FIRST_TAP": layer.first_tap,
        "TAPS": len(layer.tail.taps),
        **{role: layer.roles.index(role) if role in layer.roles else -1 for role in ROLES},
    }


def _initial_array(layer: RecurrentLayer, state: str) -> cpp.RomArray | None:
    """The constant state it begins with, as the tiles read it; None for zeros."""
    row = layer.initial.get(state)
    if row is None or not row.any():
        return None
    shape = layer.hls.shape
    blocks, width = {"h": (shape.h_blocks, shape.columns), "c": (shape.rows, shape.units)}[state]
    padded = np.zeros(blocks * width, dtype=np.int64)
    padded[: len(row)] = row
    return cpp.RomArray(f"{layer.ident}_initial_{state}", padded.reshape(blocks, width), wide=(2,))


def _initial_member(state: str, array: cpp.RomArray | None) -> list[str]:
    if array is None:
        lines = cpp.accessor("int at(int, int)", "0")
    else:
        lines = cpp.accessor(f"{array.element} at(int block, int i)", f"{array.name}[block][i]")
    return [f"struct initial_{state} {{", *lines, "};"]


def _tail_member(layer: RecurrentLayer) -> list[str]:
    return [
        "static void tail(const acc_t (&sum)[GATES], int row, int lane, const cell_t& c_prev,",
        "                 operand_t& h_next, cell_t& c_next) {",
        "#pragma HLS inline",
        *(f"  {s}" for s in layer.tail.statements),
        "}",
    ]


def _slot_fields(folding: Folding) -> dict[str, list[int]]:
    """What ``slot_entry`` holds, of each slot."""
    nothing = Tile(0, 0, hidden=False, first=False, last=False)
    wide_tiles = folding.shape.units >= folding.shape.columns
    fields: dict[str, list[int]] = {}
    for slot, sums in zip(folding.slots, _sums(folding), strict=True):
        tile = slot or nothing
        column = tile.column if tile.hidden else 0
        # Of a word of h, the wider of row block and column block is all, the other one a part.
        row_parts, column_parts = (1, folding.parts) if wide_tiles else (folding.parts, 1)
        values = {
            "active": slot is not None,
            "hidden": tile.hidden,
            "first": tile.first,
            "last": tile.last,
            **sums,
            "row": tile.row,
            "column": tile.column,
            "read": column // column_parts,
            "read_part": column % column_parts,
            "written": tile.row // row_parts,
            "written_part": tile.row % row_parts,
        }
        for name, value in values.items():
            fields.setdefault(name, []).append(int(value))
    return fields


def _sums(folding: Folding) -> list[dict[str, int]]:
    """Where the sums that each slot leaves to the next one come from, and where its own go.

    A bubble leaves what it found. No row block has sums across steps: the last tile of one is
    followed by nothing, and so is its first one, unless that goes on.
    """
    places = [i for i, slot in enumerate(folding.slots) if slot is not None]
    found = [dict.fromkeys(_OF_SUMS, 0) for _ in folding.slots]
    stored: dict[int, int] = {}
    for n, (i, tile) in enumerate(zip(places, folding.tiles, strict=True)):
        next_tile = folding.tiles[(n + 1) % len(places)]
        if next_tile.row == tile.row and not next_tile.first:
            continue
        found[i]["changes"] = found[i - 1]["picks"] = 1
        if not next_tile.first:
            found[i]["recent"] = int(stored[next_tile.row] == i - 1)
            found[i - 1]["pick_row"] = next_tile.row + 1
        if not tile.last:
            found[i]["stores"] = 1
            stored[tile.row] = i
    return found


def _widths(fields: dict[str, list[int]]) -> dict[str, int]:
    return {name: max(values).bit_length() for name, values in fields.items()}


def _packed(fields: dict[str, list[int]]) -> IntArray:
    """A word of each slot, the first field in its lowest bits."""
    words = np.zeros(len(fields["active"]), dtype=np.int64)
    at = 0
    for name, bits in _widths(fields).items():
        words |= np.array(fields[name], dtype=np.int64) << at
        at += bits
    return words


def _slot_member(schedule: cpp.RomArray, fields: dict[str, list[int]]) -> list[str]:
    entry = f"{LIBRARY}::slot_entry"
    lines = [f"static {entry} slot(int i) {{", "#pragma HLS inline", f"  {entry} entry;"]
    code = f"static_cast<std::int64_t>({schedule.name}[i])"
    lines.append(f"  const std::int64_t code = {code};")
    at = 0
    for name, bits in _widths(fields).items():
        value = f"code >> {at} & {(1 << bits) - 1}" if bits else "0"
        typed = f"({value}) != 0" if name in _FLAGS else f"static_cast<int>({value})"
        lines.append(f"  entry.{name} = {typed};")
        at += bits
    return [*lines, "  return entry;", "}"]
