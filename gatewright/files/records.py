"""What JSON of ours may hold, as types: whoever wrote it, a value of another one is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""Of things, cycles or bits: what 64 bits hold."""
Finite = Annotated[float, msgspec.Meta(ge=-(2.0**63), le=2.0**63)]
"""A number that people can read: no figure of ours is larger."""


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What JSON holds under names; other names, and values of other types, are refused."""


def check_types(value: Mapping[str, Any], type_: Any) -> None:
    """Refuse JSON of other types.

    Args:
        value: What the file gave.
        type_: A ``TypedDict``; keys beyond its own are left alone.

    Raises:
        msgspec.ValidationError: It names the place.
    """
    msgspec.convert(value, type_)
