"""Requantizers as C++: the parameter struct of each variant, and the arrays that it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gatewright.hls_templates import cpp
from gatewright.hls_templates.kernels.requantize.form import Form
from gatewright.hls_templates.kernels.requantize.rescaling import LIMB, Rescaling, product_bits
from gatewright.hls_templates.project.names import LIBRARY
from gatewright.ir.types import IntArray, IntType


@dataclass
class _Params:
    """What is written, for rows of lanes."""

    ident: str
    rows: int
    lanes: int
    constants: dict[str, int] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)
    arrays: list[cpp.RomArray] = field(default_factory=list)

    def by_channel(self, name: str, values: IntArray) -> None:
        """An accessor of one value for all, or of one a channel."""
        if len(values) == 1:
            body = cpp.literal(values[0])
            self.members += cpp.accessor(f"constexpr long long {name}(int, int)", body)
            return
        array = cpp.by_row(f"{self.ident}_{name}", values, self.rows, self.lanes)
        self.arrays.append(array)
        body = f"{array.name}[row][lane]"
        self.members += cpp.accessor(f"{array.element} {name}(int row, int lane)", body)

    def words(
        self, name: str, values: IntArray, index: str, *, at: str = "", type_: IntType | None = None
    ) -> None:
        """An accessor of words [C or 1, N], of a channel and an index.

        Args:
            name: Of the array, behind the identifier; up to an underscore that of the accessor.
            values: The words.
            index: Its name.
            at: Arguments before row and lane.
            type_: Range of the words, where they do not decide.
        """
        full = f"{self.ident}_{name}"
        if len(values) == 1:
            array = cpp.RomArray(full, values[0], type_, copied=self.lanes > 1)
            row, lane, value = "int", "int", f"{full}[{index}]"
        else:
            array = cpp.by_row(full, values, self.rows, self.lanes, type_)
            row, lane, value = "int row", "int lane", f"{full}[row][lane][{index}]"
        self.arrays.append(array)
        called = {"bound": "bound"}.get(name, "threshold")
        signature = f"{array.element} {called}({at}{row}, {lane}, int {index})"
        self.members += cpp.accessor(signature, value)


def params_cpp(form: Form, rows: int, lanes: int) -> str:
    """Arrays and parameter struct of a requantizer."""
    params = _Params(form.ident, rows, lanes, {"LOW": form.out.lo, "HIGH": form.out.hi})
    params.members += [
        f"using in_t = {cpp.word(form.domain)};",
        f"using out_t = {cpp.word(form.out)};",
    ]
    _WRITERS[form.variant](form, params)
    params.members += cpp.storage(params.arrays)
    declared = (array.declaration() for array in params.arrays)
    return "\n".join([*declared, cpp.struct(form.ident, params.constants, params.members)])


def _clip(form: Form, params: _Params) -> None:
    """The ends are all."""


def _affine(form: Form, params: _Params) -> None:
    assert form.affine is not None
    _scale(form.affine, form, params)
    params.constants["TIES"] = form.affine.ties


def _scale(scale: Rescaling, form: Form, params: _Params) -> None:
    params.constants |= {"PRODUCT_BITS": product_bits(scale, form.domain), "SHIFT": scale.shift}
    params.by_channel("multiplier", scale.multipliers)
    params.by_channel("offset", scale.offsets)


def _wide(form: Form, params: _Params) -> None:
    assert form.wide is not None
    _scale(form.wide.high, form, params)
    params.constants |= {
        "SUM_BITS": form.wide.sum_bits(form.domain),
        "LOW_PRODUCT_BITS": product_bits(form.wide.low, form.domain),
        "LIMB": LIMB,
    }
    params.by_channel("low_multiplier", form.wide.low.multipliers)
    params.by_channel("low_offset", form.wide.low.offsets)


def _corrected(form: Form, params: _Params) -> None:
    assert form.affine is not None and form.corrected is not None
    _scale(form.affine, form, params)
    params.constants["DROP"] = form.corrected.drop
    params.words("bound", form.corrected.bounds, "code")


def _table(form: Form, params: _Params) -> None:
    params.constants["ADDRESS_BITS"] = form.domain.bits
    table = cpp.RomArray(
        f"{form.ident}_table", form.table_words(), form.out, copied=params.lanes > 1
    )
    params.arrays.append(table)
    params.members += cpp.accessor(f"{table.element} entry(unsigned a)", f"{table.name}[a]")


def _thresholds(form: Form, params: _Params) -> None:
    levels = form.levels()
    params.constants |= {"DEPTH": len(levels), "LOW": form.out_bias}
    element = IntType.of(form.padded())
    for level, nodes in enumerate(levels):
        at = f"{LIBRARY}::tree_level<{level}>, "
        params.words(f"level_{level}", nodes, "node", at=at, type_=element)


_WRITERS: Mapping[str, Callable[[Form, _Params], None]] = {
    "clip": _clip,
    "affine": _affine,
    "table": _table,
    "wide": _wide,
    "corrected": _corrected,
    "thresholds": _thresholds,
}
"""By variant."""
