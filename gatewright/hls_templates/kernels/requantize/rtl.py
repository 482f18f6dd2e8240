"""Requantizers as SystemVerilog: a module for each variant, its parameters and memories."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gatewright.hls_templates.kernels.requantize.form import Form
from gatewright.hls_templates.kernels.requantize.rescaling import LIMB, Rescaling, product_bits
from gatewright.hls_templates.rtl.functions import FunctionModule, by_row, row_bits
from gatewright.hls_templates.rtl.sv import Bits, Module, Rom, RomFile, SvValue, pack, signed_bits
from gatewright.ir.types import IntArray, IntType

Roms = dict[str, Rom]
Params = dict[str, SvValue]


def _widths(form: Form, lanes: int) -> Params:
    return {"LANES": lanes, "N_BITS": form.domain.bits, "Y_BITS": form.out.bits}


def _ranges(form: Form, lanes: int) -> Params:
    """The widths, and what n and the output may be."""
    ends: Params = {"LOW": form.out.lo, "HIGH": form.out.hi}
    return {**_widths(form, lanes), "N_SIGNED": form.domain.signed, **ends}


def _clip(form: Form, lanes: int, rows: int, ident: str) -> FunctionModule:
    return FunctionModule(Module("gw_requantize_clip", _ranges(form, lanes)))


def _table(form: Form, lanes: int, rows: int, ident: str) -> FunctionModule:
    rom = Rom(pack(form.table_words()[:, None], form.out.bits), form.out.bits)
    return FunctionModule(Module("gw_table", _widths(form, lanes), {"FILE": rom}))


def _affine(form: Form, lanes: int, rows: int, ident: str) -> FunctionModule:
    assert form.affine is not None
    params = _ranges(form, lanes) | {"SHIFT": form.affine.shift, "TIES": form.affine.ties}
    if form.affine.shifts:
        offset = Bits(64, int(form.affine.offsets[0]))
        params |= {"SUM_BITS": product_bits(form.affine, form.domain), "OFFSET": offset}
        return FunctionModule(Module("gw_requantize_shift", params))
    own, roms = _rescale(form.affine, form.domain, lanes, rows)
    module = Module("gw_requantize_affine", params | own, roms)
    return FunctionModule(module, by_row=form.affine.by_channel, resets=True)


def _rescale(
    scale: Rescaling, domain: IntType, lanes: int, rows: int, by_channel: bool | None = None
) -> tuple[Params, Roms]:
    """Parameters and memory of ``gw_rescale``; by channel where it has to be, or is asked for."""
    m, r = scale.multipliers, scale.offsets
    m_bits, r_bits = IntType.of(m).bits, signed_bits(IntType.of(r))
    params: Params = {
        "PRODUCT_BITS": product_bits(scale, domain),
        "MULTIPLIER_BITS": m_bits,
        "OFFSET_BITS": r_bits,
        "ROW_BITS": row_bits(rows),
    }
    if not (scale.by_channel if by_channel is None else by_channel):
        return params | {"MULTIPLIER": Bits(64, int(m[0])), "OFFSET": Bits(64, int(r[0]))}, {}
    words = by_row(m, lanes, rows, m_bits)
    above = by_row(r, lanes, rows, r_bits)
    both = [low | high << lanes * m_bits for low, high in zip(words, above, strict=True)]
    return params | {"ROWS": rows}, {"FILE": Rom(both, lanes * (m_bits + r_bits))}


def _wide(form: Form, lanes: int, rows: int, ident: str) -> FunctionModule:
    assert form.wide is not None
    wide = form.wide
    low, low_rom = _rescale(wide.low, form.domain, lanes, rows, wide.by_channel)
    high, high_rom = _rescale(wide.high, form.domain, lanes, rows, wide.by_channel)
    both = ("ROWS", "ROW_BITS")
    params = _ranges(form, lanes) | {
        "SHIFT": wide.high.shift,
        "LIMB": LIMB,
        "SUM_BITS": wide.sum_bits(form.domain),
        **high,
        **{f"LOW_{name}": value for name, value in low.items() if name not in both},
    }
    roms = {**high_rom, **{f"LOW_{name}": rom for name, rom in low_rom.items()}}
    module = Module("gw_requantize_wide", params, roms)
    return FunctionModule(module, by_row=wide.by_channel, resets=True)


def _corrected(form: Form, lanes: int, rows: int, ident: str) -> FunctionModule:
    assert form.affine is not None and form.corrected is not None
    bounds, bits = form.corrected.bounds, form.corrected.bound_bits
    padded = np.zeros((len(bounds), 1 << (bounds.shape[1] - 1).bit_length()), dtype=np.int64)
    padded[:, : bounds.shape[1]] = bounds
    by_channel = len(bounds) > 1
    files = {
        RomFile(f"{ident}_{lane:04}"): Rom(pack(own.reshape(-1, 1), bits), bits)
        for lane, own in enumerate(_of_lanes(padded, lanes, rows))
    }
    params = _ranges(form, lanes) | {
        "SHIFT": form.affine.shift,
        "DROP": form.corrected.drop,
        "BOUND_BITS": bits,
        "PREFIX": RomFile(ident, ""),
    }
    if by_channel:
        params["BOUND_ROWS"] = rows
    own, roms = _rescale(form.affine, form.domain, lanes, rows)
    module = Module("gw_requantize_corrected", params | own, roms, files)
    return FunctionModule(module, by_row=by_channel or form.affine.by_channel, resets=True)


def _thresholds(form: Form, lanes: int, rows: int, ident: str) -> FunctionModule:
    levels = form.levels()
    by_channel = len(form.thresholds) > 1
    bits = signed_bits(IntType.of(form.padded()))
    files = {
        RomFile(f"{ident}_{lane:04}_{level:02}"): Rom(pack(own.reshape(-1, 1), bits), bits)
        for level, nodes in enumerate(levels)
        for lane, own in enumerate(_of_lanes(nodes, lanes, rows))
    }
    params = _widths(form, lanes) | {
        "N_SIGNED": form.domain.signed,
        "LOW": form.out_bias,
        "T_BITS": bits,
        "DEPTH": len(levels),
        "ROW_BITS": row_bits(rows),
        "PREFIX": RomFile(ident, ""),
    }
    if by_channel:
        params["ROWS"] = rows
    module = Module("gw_requantize_thresholds", params, files=files)
    return FunctionModule(module, by_row=by_channel, resets=True)


def _of_lanes(words: IntArray, lanes: int, rows: int) -> list[IntArray]:
    """Words [C or 1, N] of the channels of each lane, row after row; one for all of a single set.

    Beyond the last channel nobody looks.
    """
    if len(words) == 1:
        return [words]
    channels = np.minimum(np.arange(rows * lanes).reshape(rows, lanes), len(words) - 1)
    return [words[channels[:, lane]] for lane in range(lanes)]


VARIANT_MODULES: Mapping[str, Callable[[Form, int, int, str], FunctionModule]] = {
    "clip": _clip,
    "table": _table,
    "affine": _affine,
    "wide": _wide,
    "corrected": _corrected,
    "thresholds": _thresholds,
}
"""By variant: of lanes, rows of them, and what the names of memories begin with."""
