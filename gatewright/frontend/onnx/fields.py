"""Counts the fields of a protobuf message before it is parsed, which takes 100 times its bytes."""

from __future__ import annotations

from google.protobuf.descriptor import Descriptor

from gatewright.files.limits import Limit

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED = {FIXED64: 8, FIXED32: 4}
GO_ON = 0x80
"""Set in each byte of a varint but the last."""


def check_fields(where: str, data: bytes, message: Descriptor, limit: Limit) -> None:
    """Refuse more fields than a limit, in a message and in all that it holds.

    What is no protobuf ends the count; the parser says so.

    Args:
        where: Of the error.
        data: The message.
        message: Its type.
        limit: The most fields; elements of packed arrays and bytes of raw data are none.

    Raises:
        GatewrightError: Of the limit.
    """
    count, pending = 0, [(0, len(data), message)]
    while pending:
        at, end, kind = pending.pop()
        inner = {f.number: f.message_type for f in kind.fields if f.message_type is not None}
        while at < end:
            count += 1
            if count > limit.most:
                limit.check(where, count)
            tag, at = varint(data, at)
            wire = tag & 7
            if wire == VARINT:
                _, at = varint(data, at)
            elif wire in FIXED:
                at += FIXED[wire]
            elif wire == BYTES:
                size, at = varint(data, at)
                if tag >> 3 in inner and at + size <= end:
                    pending.append((at, at + size, inner[tag >> 3]))
                at += size
            else:
                return


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & ~GO_ON) << shift
        at += 1
        if byte < GO_ON:
            break
        shift += 7
    return value, at
