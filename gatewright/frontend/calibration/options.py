"""What a user may choose about calibration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gatewright.errors import GatewrightError
from gatewright.frontend.spec import MIN_BITS

METHODS = ("percentile", "mse")
SCALES = ("float", "power_of_two")
WEIGHT_SCALES = ("per_tensor", "per_channel")
MAX_BITS = 16
AUTO = "auto"
"""Bits that are searched for."""
ALL = "all"
"""The key of what no other key names."""
DEFAULT_BITS = {ALL: 8, "cell_state": 10}
"""Of activations. A cell state adds up over a sequence: at 8 bits a long one loses its end."""
DEFAULT_WEIGHT_BITS = {ALL: 8}
DEFAULT_PERCENTILE = {ALL: 99.9}


def refused(where: str, cause: str, remedy: str) -> GatewrightError:
    """GW-604."""
    return GatewrightError("GW-604", where=where, cause=cause, remedy=remedy)


@dataclass(frozen=True)
class Chosen:
    """One choice for each quantizer: by its row, else by its kind of value, else for all.

    Attributes:
        option: What the user calls it, for errors.
        given: As the user gave it, by key.
        default: Of what that does not name.
    """

    option: str
    given: Mapping[str, Any]
    default: Mapping[str, Any]

    def of(self, row: str, kind: str) -> Any:
        """Of a quantizer of this row (``LAYER.KIND``) and kind."""
        # Whatever the user says, of all too, comes before a default of one kind.
        for table in (self.given, self.default):
            for key in (row, kind, ALL):
                if key in table:
                    return table[key]
        raise KeyError(row)

    def says(self, row: str, kind: str) -> bool:
        """Whether the user chose for it."""
        return not self.given.keys().isdisjoint((row, kind, ALL))

    def check_keys(self, kinds: tuple[str, ...], rows: list[str]) -> None:
        """Refuse a key that stands for nothing (GW-604)."""
        for key in self.given:
            if key not in (ALL, *kinds, *rows):
                names = ", ".join((ALL, *kinds, *dict.fromkeys(rows)))
                cause = f"it names {key!r}, which is no quantizer that is placed here."
                raise refused(self.option, cause, f"Use {names}.")


def choose_bits(option: str, value: Any, default: Mapping[str, int]) -> Chosen:
    """Bits as a user gives them: an integer or ``auto``, or these by key; None for the default."""
    given = _by_key(value)
    for bits in given.values():
        if bits != AUTO and (type(bits) is not int or not MIN_BITS <= bits <= MAX_BITS):
            remedy = f"Use an integer from {MIN_BITS} to {MAX_BITS}, 'auto', or a dict of them."
            raise refused(option, f"it is {bits!r}.", remedy)
    return Chosen(option, given, default)


def choose_weight_scale(value: Any) -> Chosen:
    """``per_tensor`` or ``per_channel``, or a dict of them by key."""
    given = _by_key(value)
    for kind in given.values():
        _one_of("weight_scale", kind, WEIGHT_SCALES)
    return Chosen("weight_scale", given, {ALL: WEIGHT_SCALES[0]})


def choose_percentile(value: Any) -> Chosen:
    """Percent of the values seen that a range of activations holds, or a dict of them by key."""
    given = _by_key(value)
    for percent in given.values():
        if not isinstance(percent, int | float) or not 50 < percent <= 100:
            raise refused("percentile", f"it is {percent!r}.", "Use 50 to 100, as 99.9.")
    return Chosen("percentile", given, DEFAULT_PERCENTILE)


def _by_key(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    return dict(value) if isinstance(value, Mapping) else {ALL: value}


def _one_of(option: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise refused(option, f"it is {value!r}.", f"Use {' or '.join(map(repr, choices))}.")


@dataclass(frozen=True)
class RangeOptions:
    """How ranges are chosen.

    Attributes:
        bits: Of each activation quantizer that is placed.
        weight_bits: Of each weight quantizer that is placed.
        method: ``percentile``: the range holds that share of the values seen. ``mse``: the range
            with the least mean square error of the values seen.
        percentile: Share in percent of each activation, for ``percentile``; weights are never
            clipped by it.
        scale: ``float`` or ``power_of_two``.
        weight_scale: Of each weight quantizer: ``per_tensor`` or ``per_channel``.
        max_loss: The most that widths which are searched for may cost; None for the default.
        sensitivity: Whether to measure what each row costs alone.

    Raises:
        GatewrightError: GW-604.
    """

    bits: Chosen = field(default_factory=lambda: choose_bits("bits", None, DEFAULT_BITS))
    weight_bits: Chosen = field(
        default_factory=lambda: choose_bits("weight_bits", None, DEFAULT_WEIGHT_BITS)
    )
    method: str = "percentile"
    percentile: Chosen = field(default_factory=lambda: choose_percentile(None))
    scale: str = "float"
    weight_scale: Chosen = field(default_factory=lambda: choose_weight_scale(None))
    max_loss: float | None = None
    sensitivity: bool = False

    @property
    def by_key(self) -> tuple[Chosen, ...]:
        """The choices that may differ from quantizer to quantizer."""
        return self.bits, self.weight_bits, self.weight_scale, self.percentile

    @property
    def searches(self) -> bool:
        """Whether any width is left open."""
        return AUTO in (*self.bits.given.values(), *self.weight_bits.given.values())

    def check_keys(self, kinds: tuple[str, ...], rows: list[str], weights: list[str]) -> None:
        """Refuse keys that stand for nothing in a model of these rows (GW-604)."""
        for chosen in (self.bits, self.percentile):
            chosen.check_keys(kinds, rows)
        for chosen in (self.weight_bits, self.weight_scale):
            chosen.check_keys((), weights)

    def __post_init__(self) -> None:
        _one_of("method", self.method, METHODS)
        _one_of("scale", self.scale, SCALES)
        if self.max_loss is None:
            return
        if not isinstance(self.max_loss, int | float) or not 0 < self.max_loss < 1:
            raise refused("max_loss", f"it is {self.max_loss!r}.", "Use a share, such as 0.01.")
        if not self.searches:
            cause = "it bounds what widths cost that are searched for, and none is."
            raise refused("max_loss", cause, "Say bits='auto' with it.")
