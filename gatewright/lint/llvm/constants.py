"""What is in a constant of LLVM IR, by its bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatewright.lint.llvm.layout import Type
from gatewright.lint.llvm.text import first_word, split
from gatewright.lint.llvm.widths import literal

_LETTER = re.compile(r"\\([0-9A-Fa-f]{2})|(.)", re.DOTALL)


def scalars(type_: Type, text: str, offset: int = 0) -> Iterator[tuple[int, int]]:
    """The offset and the value of each integer of a constant that is not 0.

    Args:
        type_: Of the constant.
        text: Its value as LLVM prints it; what follows a comma behind it does not count.
        offset: Of its first byte.
    """
    if text.startswith("c"):
        end = text.index('"', 2)
        for i, found in enumerate(_LETTER.finditer(text[2:end])):
            yield offset + i, int(found[1], 16) if found[1] else ord(found[2])
        return
    word = first_word(text)
    if word[0] in "[{<":
        for i, part in enumerate(split(word.strip("<>")[1:-1].strip())):
            inner = type_.parts[i if type_.is_struct else 0]
            at = type_.offset(i) if type_.is_struct else i * inner.size
            yield from scalars(inner, _value(part), offset + at)
        return
    number = literal(word)
    if number:
        yield offset, number


def _value(part: str) -> str:
    """Of ``type value``."""
    return part[len(first_word(part)) :].strip()
