"""Where the parts of a type lie in memory, as LLVM says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import llvmlite.binding as llvm

_HEAD = re.compile(r"^(?:target \w+ = .*|%.* = type .*)$", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Type:
    """A type, with its size in bytes."""

    ref: llvm.TypeRef
    data: llvm.TargetData

    @cached_property
    def size(self) -> int:
        """Bytes from one to the next in an array."""
        return int(self.data.get_abi_size(self.ref))

    @cached_property
    def bits(self) -> int:
        """Of an integer; 0 of anything else."""
        return int(self.ref.type_width) if self.ref.type_kind == llvm.TypeKind.integer else 0

    @cached_property
    def is_struct(self) -> bool:
        """Whether it has members of its own."""
        return bool(self.ref.is_struct)

    @cached_property
    def is_array(self) -> bool:
        """Whether its parts are alike."""
        return bool(self.ref.is_array)

    @cached_property
    def count(self) -> int:
        """Elements of an array."""
        return int(self.ref.element_count) if self.is_array else 0

    @cached_property
    def parts(self) -> tuple[Type, ...]:
        """The members of a struct, or the element of an array; () of anything else."""
        if not (self.is_struct or self.is_array):
            return ()
        return tuple(Type(ref, self.data) for ref in self.ref.elements)

    def offset(self, member: int) -> int:
        """Bytes before a member of a struct."""
        return int(self.data.get_element_offset(self.ref, member))


def layouts(module: str, types: Iterable[str]) -> dict[str, Type]:
    """The types of a module by their text.

    Args:
        module: Its text, which declares those that have names.
        types: As the text names them.
    """
    named = dict.fromkeys(types)
    head = "\n".join(_HEAD.findall(module))
    globals_ = "\n".join(f"@t{i} = external global {text}" for i, text in enumerate(named))
    parsed = llvm.parse_assembly(f"{head}\n{globals_}\n")
    data = llvm.create_target_data(parsed.data_layout)
    refs = (parsed.get_global_variable(f"t{i}").global_value_type for i in range(len(named)))
    return {text: Type(ref, data) for text, ref in zip(named, refs, strict=True)}
