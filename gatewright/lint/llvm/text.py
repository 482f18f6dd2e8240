"""LLVM IR as text, read into functions, blocks and instructions.

LLVM itself has parsed and verified the text before (``passes.py``): this reads what it prints.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_QUOTED = r'"(?:[^"\\]|\\.)*"'
IR_NAME = rf"(?:{_QUOTED}|[\w.$-]+)"
IR_DEFINE = re.compile(rf"^define .*?@({IR_NAME})\((.*)\).*\{{$")
_LABEL = re.compile(rf"^({IR_NAME}):")
_RESULT = re.compile(rf"^  (?:(%{IR_NAME}) = )?(?:(?:tail|musttail|notail) )?(\w+) ?(.*)$")
_DEBUG = re.compile(r", !dbg (!\d+)")
_ATTACHED = re.compile(r", ![\w.]+ !\d+")
_CALLEE = re.compile(rf"@({IR_NAME})\(")
_LABELS = re.compile(rf"label %({IR_NAME})")
_INCOMING = re.compile(rf"\[ (.*?), %({IR_NAME}) \](?:, |$)")
_RANGE = re.compile(r"inrange\([^)]*\) ")
_OPENING, _CLOSING = "([{<", ")]}>"


@dataclass(slots=True, eq=False)
class Instruction:
    """One instruction.

    Attributes:
        name: What it gives, with its ``%``; "" where that is nothing.
        opcode: As LLVM has it.
        type: Of what it gives; of a store that of the value, of a comparison that of the operands.
        operands: Their values: names, literals, constant expressions. Of a phi those that come in,
            of a call the arguments.
        labels: Blocks that it names: of a branch where it goes, of a phi whence.
        detail: The predicate of a comparison, the callee of a call, the source type of a cast or a
            getelementptr, the flags of anything else.
        debug: The number of its place; "" for none.
    """

    name: str
    opcode: str
    type: str
    operands: tuple[str, ...]
    labels: tuple[str, ...] = ()
    detail: str = ""
    debug: str = ""


@dataclass(slots=True, eq=False)
class Block:
    """Instructions that run one after the other; the last one says where it goes on."""

    label: str
    instructions: list[Instruction] = field(default_factory=list)

    @property
    def successors(self) -> tuple[str, ...]:
        """Blocks that may follow."""
        return self.instructions[-1].labels


@dataclass(slots=True, eq=False)
class IrFunction:
    """A function: its blocks in the order of the text, the first of which is its entry."""

    name: str
    arguments: tuple[str, ...]
    blocks: dict[str, Block] = field(default_factory=dict)

    def instructions(self) -> Iterator[Instruction]:
        """All of them, in the order of the text."""
        for block in self.blocks.values():
            yield from block.instructions


def read_functions(text: str) -> Iterator[IrFunction]:
    """The functions that a module defines, of the text that LLVM prints of it."""
    function, block, pending = None, None, ""
    for line in _RANGE.sub("", text).splitlines():
        if function is None:
            found = IR_DEFINE.match(line)
            if found:
                arguments = (last_word(a) for a in split(found[2]) if a)
                function = IrFunction(found[1], tuple(a for a in arguments if a.startswith("%")))
                block = None
        elif line == "}":
            yield function
            function = None
        elif pending or line.startswith("  "):
            pending += line
            if pending.count("[") != pending.count("]"):  # a switch goes over several lines
                continue
            if block is None:
                block = function.blocks.setdefault("entry", Block("entry"))
            instruction = read_instruction(pending)
            pending = ""
            if instruction is not None:
                block.instructions.append(instruction)
        elif found := _LABEL.match(line):
            block = function.blocks.setdefault(found[1], Block(found[1]))


def read_instruction(line: str) -> Instruction | None:
    """An instruction of its line; None for records of debugging."""
    found = _RESULT.match(line)
    if found is None:
        return None
    name, opcode, rest = found[1] or "", found[2], found[3]
    debug = _DEBUG.search(rest)
    rest = _ATTACHED.sub("", rest)
    parts = _READERS.get(opcode, _plain)(opcode, rest)
    return Instruction(name, opcode, *parts, debug=debug[1] if debug else "")


_Parts = tuple[str, tuple[str, ...], tuple[str, ...], str]


def _plain(opcode: str, rest: str) -> _Parts:
    pieces = split(rest)
    words = pieces[0].split(" ") if pieces and pieces[0] else [""]
    flags = 0
    while flags < len(words) - 1 and words[flags] in _FLAGS:
        flags += 1
    type_, first = _typed(" ".join(words[flags:]))
    others = tuple(last_word(piece) for piece in pieces[1:])
    return type_, (first, *others), (), " ".join(words[:flags])


def _cast(opcode: str, rest: str) -> _Parts:
    source, _, target = rest.rpartition(" to ")
    type_, values, _, _ = _plain(opcode, source)
    return target, values, (), type_


def _compare(opcode: str, rest: str) -> _Parts:
    rest = rest.removeprefix("samesign ")
    predicate, _, operands = rest.partition(" ")
    type_, values, _, _ = _plain(opcode, operands)
    return type_, values, (), predicate


def _select(opcode: str, rest: str) -> _Parts:
    pieces = split(rest)
    return _typed(pieces[1])[0], tuple(map(last_word, pieces)), (), ""


def _phi(opcode: str, rest: str) -> _Parts:
    at = rest.index(" [ ") if not rest.startswith("[ ") else rest.index(" [ ", 1)
    incoming = _INCOMING.findall(rest[at + 1 :])
    return rest[:at], tuple(i[0] for i in incoming), tuple(i[1] for i in incoming), ""


def _branch(opcode: str, rest: str) -> _Parts:
    condition = (last_word(split(rest)[0]),) if rest.startswith("i1 ") else ()
    return "", condition, tuple(_LABELS.findall(rest)), ""


def _switch(opcode: str, rest: str) -> _Parts:
    head, _, cases = rest.partition("[")
    values = re.findall(r"i\d+ (-?\d+), label", cases)
    return "", (last_word(split(head)[0]), *values), tuple(_LABELS.findall(rest)), ""


def _load(opcode: str, rest: str) -> _Parts:
    pieces = split(rest.removeprefix("volatile "))
    return pieces[0], (last_word(pieces[1]),), (), ""


def _store(opcode: str, rest: str) -> _Parts:
    pieces = split(rest.removeprefix("volatile "))
    type_, value = _typed(pieces[0])
    return type_, (value, last_word(pieces[1])), (), ""


def _address(opcode: str, rest: str) -> _Parts:
    pieces = split(rest)
    words = pieces[0].split(" ")
    while words[0] in _FLAGS or words[0].startswith("inrange("):
        words.pop(0)
    return "ptr", tuple(map(last_word, pieces[1:])), (), " ".join(words)


def _call(opcode: str, rest: str) -> _Parts:
    found = _CALLEE.search(rest)
    if found is None:
        return "", (), (), ""
    inner = rest[found.end() : _closing(rest, found.end() - 1)]
    type_ = " ".join(w for w in rest[: found.start()].split(" ") if w and w not in _FLAGS)
    arguments = tuple(last_word(piece) for piece in split(inner) if piece)
    return type_, arguments, (), found[1]


def _allocate(opcode: str, rest: str) -> _Parts:
    return split(rest)[0], (), (), ""


def _return(opcode: str, rest: str) -> _Parts:
    return "", (last_word(rest),) if rest != "void" else (), (), ""


_READERS = {
    **dict.fromkeys(
        ["zext", "sext", "trunc", "bitcast", "ptrtoint", "inttoptr", "ptrtoaddr", "addrspacecast"],
        _cast,
    ),
    "icmp": _compare,
    "select": _select,
    "phi": _phi,
    "br": _branch,
    "switch": _switch,
    "load": _load,
    "store": _store,
    "getelementptr": _address,
    "call": _call,
    "alloca": _allocate,
    "ret": _return,
}
_FLAGS = frozenset(
    [
        "nuw",
        "nsw",
        "exact",
        "disjoint",
        "nneg",
        "inbounds",
        "nusw",
        "noundef",
        "zeroext",
        "signext",
        "nonnull",
        "fastcc",
    ]
)


def _typed(piece: str) -> tuple[str, str]:
    """A type and the value behind it."""
    value = last_word(piece)
    return piece[: len(piece) - len(value)].strip(), value


def last_word(piece: str) -> str:
    """The value at the end of ``type attributes value``: a constant expression is one word."""
    piece = piece.strip()
    if piece.endswith((")", "]", "}", ">")):
        start = _opening(piece)
        before = piece[:start].rstrip()
        if piece.endswith(")") and before:  # getelementptr inbounds (...)
            words = before.split(" ")
            at = len(words) - 1
            while at > 0 and words[at] in _FLAGS:
                at -= 1
            return piece[len(" ".join(words[:at])) :].strip()
        return piece[start:]
    if piece.endswith('"'):
        return piece[piece.rindex('"', 0, len(piece) - 1) - 1 :]
    return piece[piece.rfind(" ") + 1 :]


def split(text: str) -> list[str]:
    """At commas that stand in no brackets and no quotes."""
    if '"' not in text and not any(bracket in text for bracket in _OPENING):
        return text.split(", ")
    pieces, depth, start, quoted = [], 0, 0, False
    for i, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif letter in _OPENING:
            depth += 1
        elif letter in _CLOSING:
            depth -= 1
        elif letter == "," and depth == 0:
            pieces.append(text[start:i].strip())
            start = i + 1
    return [*pieces, text[start:].strip()]


def _closing(text: str, start: int) -> int:
    depth, quoted = 0, False
    for i in range(start, len(text)):
        if text[i] == '"':
            quoted = not quoted
        elif not quoted:
            depth += (text[i] in _OPENING) - (text[i] in _CLOSING)
            if depth == 0:
                return i
    return len(text)


def _opening(text: str) -> int:
    depth, quoted = 0, False
    for i in range(len(text) - 1, -1, -1):
        if text[i] == '"':
            quoted = not quoted
        elif not quoted:
            depth += (text[i] in _CLOSING) - (text[i] in _OPENING)
            if depth == 0:
                return i
    return 0


def first_word(text: str) -> str:
    """The type that a text begins with."""
    if text[0] in _OPENING:
        return text[: _closing(text, 0) + 1]
    if text.startswith('%"'):
        return text[: text.index('"', 2) + 1]
    return re.split(r"[ ,]", text, maxsplit=1)[0]
