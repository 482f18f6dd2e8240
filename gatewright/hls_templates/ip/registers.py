"""The registers of an IP, as data: all that names an address or a bit is made from this table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

MAP_VERSION = 1
"""To be raised with any change of the table."""
MAGIC_VALUE = 0x47575254
"""The bytes ``GWRT``."""
ADDRESS_BITS = 12
WORD = 4
"""Bytes of a register."""
ARRAY = 8
"""Words of an array; of further ports the registers do not tell."""

RegisterAccess = Literal["ro", "rw", "w1c"]


@dataclass(frozen=True)
class Field:
    """Some bits of a register.

    Attributes:
        name: In capitals.
        low: The lowest bit.
        says: What it means.
        bits: How many.
    """

    name: str
    low: int
    says: str
    bits: int = 1


@dataclass(frozen=True)
class Register:
    """A word of 32 bits, or several that follow each other.

    Attributes:
        name: In capitals.
        offset: In bytes, of the first word.
        says: What it holds.
        fields: Of one word; without any, the word is one number.
        access: ``ro``: writes answer SLVERR; ``rw``; ``w1c``: a bit that is written 1 becomes 0.
        count: Words.
        value: What it always reads, in every build.
    """

    name: str
    offset: int
    says: str
    fields: tuple[Field, ...] = ()
    access: RegisterAccess = "ro"
    count: int = 1
    value: int | None = None


_ERRORS = (
    Field("TOO_LONG", 0, "a sequence had more than MAX_STEPS steps"),
    Field(
        "FRAMING",
        1,
        "`tlast` came inside a time step, behind another number of steps than the "
        "model or another input takes, or not with a state",
    ),
    Field("KEEP_LANES", 2, "`tkeep` of a beat was not all ones"),
)
_INTERRUPTS = (
    Field("DONE", 0, "the last answer of a sequence has left"),
    Field("ERROR", 1, "a bit of ERRORS was set"),
)
_WORD = (
    Field("WORD_BITS", 0, "bits of a word of the port", 16),
    Field("BEATS", 16, "beats of the bus for each word", 16),
)
REGISTERS = (
    Register("MAGIC", 0x00, "what tells that this is such an IP: `GWRT`", value=MAGIC_VALUE),
    Register("MAP_VERSION", 0x04, "the version of this table", value=MAP_VERSION),
    Register("LIBRARY_VERSION", 0x08, "the version of the SystemVerilog library"),
    Register(
        "PORTS",
        0x0C,
        "how many streams there are",
        (Field("INPUTS", 0, "`s_axis...`", 8), Field("OUTPUTS", 8, "`m_axis...`", 8)),
    ),
    Register(
        "CONTROL",
        0x10,
        "what the IP is told",
        (
            Field("CLEAR", 0, "write 1: all in flight and every state are dropped; reads 0"),
            Field(
                "KEEP",
                1,
                "recurrent layers go on from the state that they have; taken with "
                "the first beat of a sequence. A write of CLEAR writes it too",
            ),
        ),
        "rw",
    ),
    Register(
        "STATUS",
        0x14,
        "what the IP does",
        (
            Field("BUSY", 0, "a sequence is inside, whole or in part"),
            Field("RESETTING", 1, "CLEAR is not done yet"),
        ),
    ),
    Register("ERRORS", 0x18, "what went wrong; a bit stays until it is cleared", _ERRORS, "w1c"),
    Register("IRQ_ENABLE", 0x1C, "what raises `interrupt`", _INTERRUPTS, "rw"),
    Register("IRQ_STATUS", 0x20, "what has happened, enabled or not", _INTERRUPTS, "w1c"),
    Register(
        "MAX_STEPS",
        0x24,
        "most steps of a sequence, or the only number that the model takes; 0: any",
    ),
    Register("CYCLES_LOW", 0x28, "clock cycles since reset; reading it holds CYCLES_HIGH"),
    Register("CYCLES_HIGH", 0x2C, "the high word, of when the low one was read"),
    Register(
        "BUSY_CYCLES_LOW",
        0x30,
        "those with BUSY, since reset or CLEAR; reading it holds BUSY_CYCLES_HIGH",
    ),
    Register("BUSY_CYCLES_HIGH", 0x34, "the high word, of when the low one was read"),
    Register("SEQUENCES_IN", 0x38, "sequences that all inputs have taken, since reset or CLEAR"),
    Register("SEQUENCES_OUT", 0x3C, "sequences that have left all outputs, since reset or CLEAR"),
    Register(
        "DIGEST",
        0x40,
        "SHA-256 of 2_integer.onnx and 3_kernels.json; its first eight digits are word 0",
        count=ARRAY,
    ),
    Register("INPUT_BITS", 0x60, "of each of the first eight inputs", _WORD, count=ARRAY),
    Register("OUTPUT_BITS", 0x80, "of each of the first eight outputs", _WORD, count=ARRAY),
)


def constants() -> Iterator[tuple[str, int, str]]:
    """Name, number and meaning of every constant: offsets, values, and places of fields.

    A field of one bit gives ``REGISTER_FIELD``, its place; one of several gives
    ``REGISTER_FIELD_LOW`` and ``REGISTER_FIELD_BITS``.
    """
    for register in REGISTERS:
        yield register.name, register.offset, register.says
        if register.value is not None:
            yield f"{register.name}_VALUE", register.value, "what it reads"
        for field in register.fields:
            name = f"{register.name}_{field.name}"
            if field.bits == 1:
                yield name, field.low, field.says
            else:
                yield f"{name}_LOW", field.low, field.says
                yield f"{name}_BITS", field.bits, "bits of it"
