"""The variables of a function: their types, and what pragmas make of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gatewright.lint.llvm.accesses import Access, Home, pointers
from gatewright.lint.llvm.address import Address, Addresses
from gatewright.lint.llvm.arrays import ShapedArray
from gatewright.lint.llvm.constants import scalars
from gatewright.lint.llvm.layout import Type
from gatewright.lint.llvm.markers import VARIABLE_MARKER
from gatewright.lint.llvm.text import Instruction, IrFunction, first_word
from gatewright.lint.llvm.widths import literal
from gatewright.lint.pragmas.parse import Pragma

_GLOBAL = re.compile(
    r'^(@(?:"[^"]*"|[\w.$-]+)) = (?:[\w()]+ )*?(constant|global) (.*)$', re.MULTILINE
)
_SPLIT = ".sroa."
"""How LLVM calls the parts of a variable that it has taken apart."""


@dataclass(frozen=True)
class Globals:
    """Variables outside of functions.

    Attributes:
        types: Of each, by its name in LLVM IR.
        constants: Those that nothing writes, and what is in them as text.
    """

    types: Mapping[str, str]
    constants: Mapping[str, str]


def read_globals(text: str) -> Globals:
    """Those of a module, of its text."""
    types, constants = {}, {}
    for name, kind, rest in _GLOBAL.findall(text):
        types[name] = first_word(rest)
        if kind == "constant":
            constants[name] = rest[len(types[name]) :].strip()
    return Globals(types, constants)


def marked_arrays(
    function: IrFunction, addresses: Addresses, pragmas: Mapping[int, Pragma]
) -> list[ShapedArray]:
    """The variables that pragmas name in a function, with what they say.

    Args:
        function: With markers in it.
        addresses: Of it.
        pragmas: By their numbers.
    """
    arrays: dict[Address, ShapedArray] = {}
    for made in function.instructions():
        if made.detail == VARIABLE_MARKER:
            number, pointer, dim, value, size, *extents = made.operands
            address, *_ = addresses.of(pointer)
            numbers = [literal(n) or 0 for n in (number, dim, value, size, *extents)]
            pragma = pragmas[numbers[0]]
            if address not in arrays:
                name = (pragma.value("variable") or "").rpartition("::")[2]
                shape = tuple(n for n in numbers[4:] if n)
                start = address.offset.constant
                arrays[address] = ShapedArray(address.base, name, start, numbers[3], shape)
            arrays[address].add(numbers[0], pragma, numbers[1], numbers[2])
    return list(arrays.values())


@dataclass(eq=False)
class Variables:
    """Those of a function after its loops were unrolled.

    Attributes:
        function: The function.
        types: What it names.
        globals: Those of its module.
        arrays: Those that pragmas name.
        anew: Names of those that each pass of a pipeline has anew.
    """

    function: IrFunction
    types: Mapping[str, Type]
    globals: Globals
    arrays: list[ShapedArray]
    anew: frozenset[str]

    def __post_init__(self) -> None:
        self._constants: dict[str, dict[int, int]] = {}
        self._addresses = Addresses(self.function, self.types)
        self._local = {i.name: i.type for i in self.function.instructions() if i.opcode == "alloca"}

    def accesses(self, instructions: Sequence[Instruction]) -> dict[Instruction, list[Access]]:
        """What the instructions of a pass do to memory."""
        found = [
            (made, writes, address, size)
            for made in instructions
            for writes, pointer, size in pointers(made, self._size)
            for address in self._addresses.of(pointer)
        ]
        moving = frozenset(address.base for _, _, address, _ in found if address.offset.terms)
        accesses: dict[Instruction, list[Access]] = {}
        for made, writes, address, size in found:
            array = self._array(address)
            home = self._home(array, address, moving)
            accesses.setdefault(made, []).append(Access(made, writes, address, size, array, home))
        return accesses

    def constant(self, base: str, offset: int) -> int:
        """The integer at a byte of a constant."""
        if base not in self._constants:
            type_ = self.types[self.globals.types[base]]
            self._constants[base] = dict(scalars(type_, self.globals.constants[base]))
        return self._constants[base].get(offset, 0)

    def _size(self, type_: str) -> int:
        return self.types[type_].size

    def _array(self, address: Address) -> ShapedArray:
        """What an address is in: what a pragma names, or a whole variable."""
        base, at = address.base, address.offset.constant
        for array in self.arrays:
            if array.base == base and array.start <= at < array.start + array.bytes:
                return array
        array = self._whole(base)
        self.arrays.append(array)
        return array

    def _whole(self, base: str) -> ShapedArray:
        extents, type_ = (
            [],
            self.types.get(self._local.get(base) or self.globals.types.get(base, "")),
        )
        while type_ is not None and type_.is_array:
            extents.append(type_.count)
            type_ = type_.parts[0]
        array = ShapedArray(
            base, base.lstrip("%@"), 0, 1 if type_ is None else type_.size, tuple(extents)
        )
        whole = base.partition(_SPLIT)[0]
        if whole != base:
            array.shapings += [s for a in self.arrays if a.base == whole for s in a.shapings]
        return array

    def _home(self, array: ShapedArray, address: Address, moving: frozenset[str]) -> Home:
        """What an array becomes.

        Args:
            array: The array.
            address: A place in it.
            moving: Names of variables that the pass reads or writes at an index of run time.
        """
        base = array.base.partition(_SPLIT)[0]
        if base in self.globals.constants:
            return Home.ROM if address.offset.terms and not array.is_registers else Home.WIRES
        if base in self.anew:
            wires = array.is_registers or array.base not in moving
            return Home.WIRES if wires else Home.MEMORY
        return Home.REGISTERS if array.is_registers else Home.MEMORY
