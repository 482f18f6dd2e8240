"""From the IR of a source to that of its pipelines; what pragmas say is taken out on the way."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import llvmlite.binding as llvm

from gatewright.lint.llvm import passes
from gatewright.lint.llvm.accesses import callee
from gatewright.lint.llvm.address import Addresses
from gatewright.lint.llvm.arrays import ShapedArray
from gatewright.lint.llvm.cfg import Loop, loops
from gatewright.lint.llvm.layout import layouts
from gatewright.lint.llvm.markers import FUNCTION_MARKER, LOOP_MARKER, VARIABLE_MARKER
from gatewright.lint.llvm.text import IR_DEFINE, IR_NAME, IrFunction, read_functions
from gatewright.lint.llvm.variables import Globals, Variables, marked_arrays, read_globals
from gatewright.lint.llvm.widths import literal
from gatewright.lint.pragmas.parse import Pragma

_KEEP = "gw_keep"
"""Called with what is a memory, so that LLVM does not take it apart."""
_MARKER = re.compile(rf"^  (?:tail )?call void @{VARIABLE_MARKER}\(.*\n", re.MULTILINE)
_ACCESS = re.compile(rf"^(  (?:%{IR_NAME} = load |store ))(.*, ptr )([%@]{IR_NAME})")
_LIFETIME = "llvm.lifetime.start"


@dataclass(frozen=True)
class Prepared:
    """A design whose loops are unrolled.

    Attributes:
        text: Its IR.
        functions: What it defines, with the variables of each.
    """

    text: str
    functions: tuple[Variables, ...]


def prepare(text: str, pragmas: Mapping[int, Pragma]) -> Prepared:
    """Inline, look up what pragmas say, unroll.

    Args:
        text: IR with markers.
        pragmas: By the markers' numbers.
    """
    module = passes.parse(text)
    passes.inline(module, _kept(module, list(read_functions(text))))
    inlined = str(module)
    functions = list(read_functions(inlined))
    types = layouts(inlined, _types(functions))
    globals_ = read_globals(inlined)
    arrays, anew, kept = {}, {}, {}
    for function in functions:
        addresses = Addresses(function, types)
        found = arrays[function.name] = marked_arrays(function, addresses, pragmas)
        fresh = anew[function.name] = frozenset(_anew(function))
        memories = {*_memories(function, found, fresh), *_global_memories(globals_, found)}
        kept[function.name] = {
            made.name
            for made in function.instructions()
            if made.type == "ptr" or made.opcode == "alloca"
            if any(address.base in memories for address in addresses.of(made.name))
        } | memories
    module = passes.parse(_with_memories(_MARKER.sub("", inlined), kept))
    passes.unroll(module)
    unrolled = str(module)
    functions = list(read_functions(unrolled))
    globals_ = read_globals(unrolled)
    types = layouts(unrolled, (*_types(functions), *globals_.types.values()))
    return Prepared(
        unrolled,
        tuple(
            Variables(f, types, globals_, arrays.get(f.name, []), anew.get(f.name, frozenset()))
            for f in functions
        ),
    )


def pipelines(function: IrFunction) -> Iterator[tuple[int, int, Loop]]:
    """The loops of a function that a pragma makes a pipeline.

    Returns:
        Of each its pragma's number, the interval that this asks for, and the loop.
    """
    found = loops(function)
    for block in function.blocks.values():
        for made in block.instructions:
            if callee(made) == LOOP_MARKER:
                inside = (loop for loop in found if block.label in loop.blocks)
                loop = next(inside, None)  # the innermost comes first
                if loop is not None:
                    number, interval = (literal(operand) for operand in made.operands)
                    assert number is not None, "a marker has the number of its pragma"
                    yield number, max(interval or 1, 1), loop


def _kept(module: llvm.ModuleRef, functions: Iterable[IrFunction]) -> set[str]:
    """What becomes a module of its own: the top level, and the processes that it starts."""
    kept = {f.name for f in module.functions if f.linkage == llvm.Linkage.external}
    for function in functions:
        calls = [callee(made) for made in function.instructions() if made.opcode == "call"]
        if FUNCTION_MARKER in calls:
            kept |= {function.name.strip('"'), *calls}
    return kept


def _types(functions: Iterable[IrFunction]) -> Iterator[str]:
    """Types of which sizes are asked."""
    for function in functions:
        for made in function.instructions():
            if made.opcode == "getelementptr":
                yield made.detail
            elif made.opcode in ("load", "store", "alloca"):
                yield made.type
            for operand in made.operands:
                if operand.startswith("getelementptr"):
                    yield operand.partition("(")[2].partition(", ptr")[0]


def _anew(function: IrFunction) -> Iterator[str]:
    """Variables whose life begins in a pass of a pipeline."""
    for *_, loop in pipelines(function):
        for label in loop.blocks:
            for made in function.blocks[label].instructions:
                if callee(made).startswith(_LIFETIME):
                    yield made.operands[-1]


def _memories(
    function: IrFunction, arrays: Sequence[ShapedArray], anew: Collection[str]
) -> Iterator[str]:
    registers = {array.base for array in arrays if array.is_registers}
    memories = {array.base for array in arrays if not array.is_registers}
    for made in function.instructions():
        if made.opcode != "alloca":
            continue
        plain = "[" in made.type and made.name not in registers and made.name not in anew
        if made.name in memories or plain:
            yield made.name


def _global_memories(globals_: Globals, arrays: Sequence[ShapedArray]) -> Iterator[str]:
    registers = {array.base for array in arrays if array.is_registers}
    for name, type_ in globals_.types.items():
        if "[" in type_ and name not in registers:
            yield name


def _with_memories(text: str, kept: Mapping[str, Collection[str]]) -> str:
    """Keep memories whole by a call that may do anything to them, and each access as it is.

    Args:
        text: Of a module.
        kept: By function its memories, and the pointers to places in them.
    """
    lines: list[str] = []
    names: Collection[str] = ()
    for line in text.splitlines():
        defined = IR_DEFINE.match(line)
        access = _ACCESS.match(line)
        if defined:
            names = kept[defined[1]]
        elif access and access[3] in names:
            line = f"{access[1]}volatile {access[2]}{line[access.end(2) :]}"
        lines.append(line)
        if " = alloca " in line and (name := line.strip().partition(" = ")[0]) in names:
            lines.append(f"  call void @{_KEEP}(ptr {name})")
    return "\n".join([*lines, f"declare void @{_KEEP}(ptr)", ""])
