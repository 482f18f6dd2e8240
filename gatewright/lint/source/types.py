"""Types of the C++ as hardware has them: bits, dimensions, structs."""

from __future__ import annotations

import re
from typing import Any

from clang.cindex import TypeKind

_WORD = re.compile(r"^(?:const )?(ap_u?int)<(\d+)>$")
_STREAM = re.compile(r"^(?:const )?hls::stream<")
_AXIS = re.compile(r"\bhls::axis<")
_BYTE = 8


def plain_type(type_: Any) -> Any:
    """Without aliases and references."""
    type_ = type_.get_canonical()
    return type_.get_pointee().get_canonical() if is_reference(type_) else type_


def is_reference(type_: Any) -> bool:
    """Whether it is a reference."""
    return type_.get_canonical().kind in (TypeKind.LVALUEREFERENCE, TypeKind.RVALUEREFERENCE)


def dimensions(type_: Any) -> tuple[int, ...]:
    """Of an array, outermost first; none of anything else."""
    found, type_ = [], plain_type(type_)
    while type_.kind == TypeKind.CONSTANTARRAY:
        found.append(type_.get_array_size())
        type_ = type_.get_array_element_type().get_canonical()
    return tuple(found)


def element(type_: Any) -> Any:
    """What an array holds; of anything else, the type itself."""
    type_ = plain_type(type_)
    while type_.kind == TypeKind.CONSTANTARRAY:
        type_ = type_.get_array_element_type().get_canonical()
    return type_


def is_stream(type_: Any) -> bool:
    """Whether it is an ``hls::stream``, or a reference to one."""
    return _STREAM.match(plain_type(type_).spelling) is not None


def carried(type_: Any) -> Any:
    """What a stream carries."""
    return plain_type(type_).get_template_argument_type(0).get_canonical()


def names_axis(type_: Any) -> bool:
    """Whether ``hls::axis`` occurs in it."""
    return _AXIS.search(type_.get_canonical().spelling) is not None


def is_struct(type_: Any) -> bool:
    """Whether it is a struct of ours: no word, no stream."""
    type_ = plain_type(type_)
    return type_.kind == TypeKind.RECORD and not is_stream(type_) and not _is_word(type_)


def _is_word(type_: Any) -> bool:
    return _WORD.match(type_.spelling) is not None


def bits(type_: Any) -> int:
    """Bits of a value, packed without gaps."""
    type_ = plain_type(type_)
    word = _WORD.match(type_.spelling)
    if word is not None:
        return int(word[2])
    if type_.kind == TypeKind.BOOL:
        return 1
    if type_.kind == TypeKind.CONSTANTARRAY:
        return int(type_.get_array_size()) * bits(type_.get_array_element_type())
    if type_.kind == TypeKind.RECORD:
        return sum(bits(member.type) for member in type_.get_fields())
    return _BYTE * max(0, int(type_.get_size()))


def parameters_name(function: Any) -> str:
    """The struct that a kernel's template is given, without namespaces; empty without."""
    if function.get_num_template_arguments() < 1:
        return ""
    return str(function.get_template_argument_type(0).spelling).rpartition("::")[2]


def axis_data(type_: Any) -> Any:
    """The data of an ``hls::axis``; None of anything else."""
    type_ = plain_type(type_)
    return type_.get_template_argument_type(0) if names_axis(type_) else None
