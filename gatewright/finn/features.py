"""What of a module takes LUTs: counts by kind, of its parameters and its memories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from math import ceil, log2
from typing import Any, Literal

import numpy as np

from gatewright.finn.blocks import (
    BlockRams,
    Fabric,
    lut_rams,
    product_blocks,
    ram_blocks,
    rom_blocks,
)
from gatewright.hls_templates.rtl.cut import WHOLE_FACTOR
from gatewright.hls_templates.rtl.sv import Module, Rom

CountedKind = Literal[
    "accumulator",
    "adder",
    "block_ram",
    "cell",
    "clamp",
    "clip",
    "column",
    "compare",
    "dsp",
    "gathered",
    "given",
    "half",
    "halves",
    "halves_offset",
    "level",
    "lut_ram",
    "mux",
    "offset",
    "operand",
    "product",
    "queue",
    "recurrent",
    "rom",
    "row",
    "row_offset",
    "shift",
    "skid",
    "small",
    "sum",
    "ties",
    "turn",
]
"""What takes something of a device; each kind but the blocks has a weight in LUTs."""
DSP: Literal["dsp"] = "dsp"
BLOCK_RAM: Literal["block_ram"] = "block_ram"
"""What is counted, rather than fitted."""
Counts = Counter[CountedKind]
LUT_INPUTS = 6
NARROW_WEIGHT = 4
"""Bits of weights up to which ``gw_dot`` takes no DSP block."""
_CARRIED = 2 * LUT_INPUTS
"""Bits from which on ``gw_clamp`` compares by a chain of carries, as measured."""
_COMPARED = 5
"""LUTs that this takes above those of shorter ones."""
_JOINED = 3
"""LUTs a bit that ``gw_elementwise`` takes to choose among more than eight rows, as measured."""
_ROW_CONTROL = 4
"""What counts its rows and shakes hands, in units of a small module, as measured."""
SHIFT_REGISTER = 3
"""Stages of a delay from which on yosys makes it a shift register, a LUT for each bit."""


def of_module(module: Module, fabric: Fabric) -> Counts:
    """Counts of one module of the library, all that is in it included.

    Raises:
        KeyError: For a module that FINN's nodes do not have.
    """
    return COUNTED_MODULES[module.name](module, fabric)


def of_delay(width: int, latency: int) -> Counts:
    """Of ``gw_delay``."""
    return Counts({"shift": width if latency >= SHIFT_REGISTER else 0})


def rom_counts(words: np.ndarray[Any, Any], width: int) -> Counts:
    """Of a ROM of ``len(words)`` words, given as bits [words, width]."""
    blocks = rom_blocks(width, len(words))
    return _blocks(blocks, width) if blocks else Counts({"rom": _logic(words)})


def _blocks(blocks: BlockRams, width: int) -> Counts:
    return Counts({BLOCK_RAM: blocks.halves}) + _choice(width, blocks.rows)


def _choice(width: int, rows: int) -> Counts:
    """Of words, one from each row of a memory."""
    return Counts({"mux": width * ceil((rows - 1) / 3)})


def _logic(bits: np.ndarray[Any, Any]) -> int:
    """LUTs of a table: one for each function of six inputs that differs from the others."""
    depth = 1 << max(1, ceil(log2(max(2, len(bits)))))
    padded = np.zeros((depth, bits.shape[1]), dtype=np.uint8)
    padded[: len(bits)] = bits
    chunk = min(depth, 1 << LUT_INPUTS)
    found = {c.tobytes() for c in padded.T.reshape(-1, chunk)}
    inputs = [((np.arange(chunk) >> i) & 1).astype(np.uint8) for i in range(LUT_INPUTS)]
    free = {np.full(chunk, v, np.uint8).tobytes() for v in (0, 1)}
    free |= {f.tobytes() for i in inputs for f in (i, 1 - i)}
    chunks = depth // chunk
    joined = bits.shape[1] * ceil((ceil(chunks / 4) - 1) / 3) if chunks > 4 else 0
    return len(found - free) + joined


def bits_of(rom: Rom) -> np.ndarray[Any, Any]:
    """The bits of a memory image, [words, width]."""
    data = b"".join(int(word).to_bytes(ceil(rom.width / 8), "little") for word in rom.words)
    rows = np.frombuffer(data, np.uint8).reshape(len(rom.words), -1)
    return np.unpackbits(rows, axis=1, bitorder="little")[:, : rom.width]


def _product(fabric: Fabric, a: int, b: int, y: int) -> Counts:
    """Of ``gw_multiply``."""
    if a <= WHOLE_FACTOR:
        blocks = product_blocks(fabric, a, b, min(y, a + b))
        return Counts({DSP: blocks, "product": 0 if blocks else a * b})
    rest = a - WHOLE_FACTOR + 1
    above = y - WHOLE_FACTOR + 1  # bits of the sum that both halves have
    low = product_blocks(fabric, WHOLE_FACTOR, b, WHOLE_FACTOR + b)
    high = product_blocks(fabric, rest, b, min(rest + b, above))
    return Counts({DSP: low + high, "product": 0 if high else rest * b, "halves": above})


def _times(count: int, counts: Mapping[CountedKind, int]) -> Counts:
    return Counts({name: count * n for name, n in counts.items()})


def _recurrent(module: Module, fabric: Fabric) -> Counts:
    p: Any = module.params
    lanes, columns = p["UNITS"] * p["GATES"], p["COLUMNS"]
    counts = Counts({"recurrent": 1})
    for rom in module.roms.values():
        counts += rom_counts(bits_of(rom), rom.width)
    whole = min(p["W_BITS"] + p["V_BITS"], p["SUM_BITS"])
    narrow = p["W_BITS"] <= NARROW_WEIGHT
    blocks = 0 if narrow else product_blocks(fabric, p["W_BITS"], p["V_BITS"], whole)
    counts[DSP] += lanes * columns * blocks
    if not blocks:
        counts["product"] += lanes * columns * p["W_BITS"] * p["V_BITS"]
    # Sums of pairs of products are done in DSP blocks.
    adders = columns - 1 - (columns // 2 if blocks else 0)
    counts["adder"] += lanes * adders * p["SUM_BITS"]
    counts["accumulator"] += lanes * p["SUM_BITS"]
    if p["ACC_ROWS"] > 1:
        # A memory of sums that are read in the cycle of their address, and so no block RAM.
        whole = p["SUM_BITS"] // fabric.lut_rams[0][0] * ceil(p["ROWS"] / fabric.lut_rams[0][1])
        counts["lut_ram"] += lanes * whole * fabric.lut_ram_luts
    counts["column"] += columns * p["X_BITS"] * ceil(p["X_BLOCKS"] / 4)
    counts["column"] += 2 * columns * p["H_BITS"] * ceil(p["H_BLOCKS"] / 4)
    counts["operand"] += columns * p["V_BITS"]
    counts["given"] += p["HIDDEN"] * p["H_BITS"]
    counts["row"] += p["ROWS"]
    c_bits = p["UNITS"] * p["C_BITS"] if p["C_BITS"] > 1 else 0
    if not p["HAS_CN"] and c_bits:
        counts += _memory(fabric, c_bits, p["ROWS"])
        counts["cell"] += c_bits
    return counts


def _memory(fabric: Fabric, width: int, depth: int) -> Counts:
    blocks = ram_blocks(fabric, width, depth)
    if blocks:
        return _blocks(blocks, width)
    luts = lut_rams(fabric, width, depth)
    return Counts({"lut_ram": luts.blocks * fabric.lut_ram_luts}) + _choice(width, luts.rows)


def _affine(module: Module, fabric: Fabric) -> Counts:
    p: Any = module.params
    wide = p["PRODUCT_BITS"]
    counts = _rescaled(p, fabric, "")
    counts["ties"] += wide * (p["TIES"] != 0)
    counts += _clamp(wide - p["SHIFT"])
    return _times(p["LANES"], counts) + _roms(module, 1)


def _corrected(module: Module, fabric: Fabric) -> Counts:
    """The sum, clamped; a bound for each code, which the fraction is held against."""
    p: Any = module.params
    counts = _rescaled(p, fabric, "") + _clamp(p["PRODUCT_BITS"] - p["SHIFT"])
    counts["compare"] += max(p["SHIFT"] - p["DROP"], p["BOUND_BITS"])
    counts["sum"] += p["Y_BITS"]
    share = 1 if p.get("BOUND_ROWS") else p["LANES"]
    return _times(p["LANES"], counts) + _roms(module, share)


def _wide(module: Module, fabric: Fabric) -> Counts:
    """Two products, and the sum of the upper one with what the lower one carries, clamped."""
    p: Any = module.params
    counts = _rescaled(p, fabric, "") + _rescaled(p, fabric, "LOW_")
    counts["sum"] += p["SUM_BITS"]
    counts += _clamp(p["SUM_BITS"] - p["SHIFT"])
    return _times(p["LANES"], counts) + _roms(module, 1)


def _rescaled(p: Any, fabric: Fabric, limb: str) -> Counts:
    """A product and its offset, of a lane."""
    wide = p[f"{limb}PRODUCT_BITS"]
    counts = _product(fabric, p["N_BITS"] + 1, p[f"{limb}MULTIPLIER_BITS"] + 1, wide)
    constant: CountedKind = "halves_offset" if "halves" in counts else "offset"
    counts["row_offset" if p.get("ROWS") else constant] += wide
    return counts


def _roms(module: Module, share: int) -> Counts:
    """Memories; ``share`` copies of those that it names itself."""
    counts = Counts()
    for rom in module.roms.values():
        counts += rom_counts(bits_of(rom), rom.width)
    for rom in module.files.values():
        counts += _times(share, rom_counts(bits_of(rom), rom.width))
    return counts


def _clamp(bits: int) -> Counts:
    """Of ``gw_clamp``."""
    return Counts({"clamp": bits})


def _shift(module: Module, fabric: Fabric) -> Counts:
    """The sum with a constant is a chain of carries, without a LUT."""
    p: Any = module.params
    compared = _COMPARED if p["SUM_BITS"] > _CARRIED else 0
    return _times(p["LANES"], _clamp(p["SUM_BITS"] - p["SHIFT"] + compared))


def _clip(module: Module, fabric: Fabric) -> Counts:
    p: Any = module.params
    return Counts({"clip": p["LANES"] * (p["N_BITS"] + 1)})


def _thresholds(module: Module, fabric: Fabric) -> Counts:
    p: Any = module.params
    lanes, levels = p["LANES"], p["DEPTH"]
    counts = Counts({"compare": lanes * levels * (p["N_BITS"] + 1), "level": lanes * levels})
    return counts + _roms(module, 1 if p.get("ROWS") else lanes)


def _table(module: Module, fabric: Fabric) -> Counts:
    p: Any = module.params
    (rom,) = module.roms.values()
    return _times(p["LANES"], rom_counts(bits_of(rom), rom.width))


def _gw_product(module: Module, fabric: Fabric) -> Counts:
    p: Any = module.params
    product = _product(fabric, p["A_BITS"] + 1, p["B_BITS"] + 1, p["Y_BITS"])
    return _times(p["LANES"], product)


def _sum(module: Module, fabric: Fabric) -> Counts:
    p: Any = module.params
    return Counts({"sum": p["LANES"] * p["Y_BITS"]})


def _elementwise(module: Module, fabric: Fabric) -> Counts:
    """A row of lanes is chosen, goes through the function beside it, and is put in its place."""
    p: Any = module.params
    rows, word = p["ROWS"], p["LANES"] * p["X_BITS"]
    chunks = ceil(rows / 4) if rows > 1 else 0
    counts = Counts({"column": word * chunks, "gathered": rows, "small": _ROW_CONTROL})
    counts["mux"] += word * _JOINED * (chunks > 2)
    return counts + of_delay(_address(rows), p["FUNCTION_LATENCY"])


def _fifo(module: Module, fabric: Fabric) -> Counts:
    p: Any = module.params
    if p["DEPTH"] > 2:
        return _memory(fabric, p["WIDTH"], p["DEPTH"]) + Counts({"queue": _address(p["DEPTH"])})
    return Counts({"skid": p["WIDTH"] if p["DEPTH"] == 2 else 0, "half": p["DEPTH"] == 1})


def _reverse(module: Module, fabric: Fabric) -> Counts:
    p: Any = module.params
    depth = max(2, p["MAX_STEPS"])
    return _memory(fabric, p["BEAT_BITS"], depth) + Counts({"turn": _address(depth)})


def _address(depth: int) -> int:
    return ceil(log2(depth))


def _small(module: Module, fabric: Fabric) -> Counts:
    return Counts({"small": 1})


COUNTED_MODULES: Mapping[str, Callable[[Module, Fabric], Counts]] = {
    "gw_axis_read": _small,
    "gw_axis_write": _small,
    "gw_concat": _small,
    "gw_drain": _small,
    "gw_elementwise": _elementwise,
    "gw_fifo": _fifo,
    "gw_fork": _small,
    "gw_product": _gw_product,
    "gw_recurrent": _recurrent,
    "gw_requantize_affine": _affine,
    "gw_requantize_clip": _clip,
    "gw_requantize_corrected": _corrected,
    "gw_requantize_shift": _shift,
    "gw_requantize_thresholds": _thresholds,
    "gw_requantize_wide": _wide,
    "gw_reverse": _reverse,
    "gw_select_last": _small,
    "gw_sum": _sum,
    "gw_table": _table,
}
"""By module; one that is missing is an error, and not nothing."""
