"""The one place that reads and writes ``3_kernels.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union

import msgspec

from gatewright.hls_templates.kernels.table import RECORDS
from gatewright.hls_templates.records import Document, KernelsDocument

_KINDS: Any = Union[tuple(RECORDS)]  # noqa: UP007
_DOCUMENT: Any = Document[_KINDS]
"""With every kind of kernel that there is."""


def to_json(document: KernelsDocument) -> dict[str, Any]:
    """What JSON holds."""
    value: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
    return value


def from_json(value: Mapping[str, Any]) -> KernelsDocument:
    """The inverse of ``to_json``.

    Raises:
        msgspec.ValidationError: For anything that is no document of this version.
    """
    document: KernelsDocument = msgspec.convert(value, _DOCUMENT)
    return document
