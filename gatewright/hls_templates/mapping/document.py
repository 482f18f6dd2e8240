"""The one place that reads and writes ``3_kernels.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union

import msgspec

from gatewright.hls_templates.kernels.drain.kernel import DrainRecord
from gatewright.hls_templates.kernels.fork.kernel import ForkRecord
from gatewright.hls_templates.kernels.reverse.kernel import ReverseRecord
from gatewright.hls_templates.kernels.table import OF_OPS
from gatewright.hls_templates.records import Document, KernelsDocument

WIRING = (DrainRecord, ForkRecord, ReverseRecord)
"""Kernels that no op is mapped to."""
_OF_OPS = {mapping.record for folder in OF_OPS.values() for mapping in folder.values()}
_KINDS: Any = Union[tuple(_OF_OPS.union(WIRING))]  # noqa: UP007
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
