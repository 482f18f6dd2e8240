"""LLVM IR as it is read: instructions, addresses, widths, constants, loops; no compiler is run."""

from __future__ import annotations

import llvmlite.binding as llvm
import pytest

from gatewright.lint.llvm.address import Address, Addresses, Sum
from gatewright.lint.llvm.cfg import loops
from gatewright.lint.llvm.constants import scalars
from gatewright.lint.llvm.integers import MEANING, compare, wrapped
from gatewright.lint.llvm.layout import layouts
from gatewright.lint.llvm.text import Instruction, IrFunction, read_functions, read_instruction
from gatewright.lint.llvm.variables import read_globals
from gatewright.lint.llvm.widths import Widths

LINES = {
    "  %a = add nuw nsw i32 %b, -3, !dbg !12": ("%a", "add", "i32", ("%b", "-3"), (), "nuw nsw"),
    "  %c = icmp samesign ult i9 %a, 7": ("%c", "icmp", "i9", ("%a", "7"), (), "ult"),
    "  %z = zext nneg i8 %x to i32": ("%z", "zext", "i32", ("%x",), (), "i8"),
    "  %s = select i1 %c, i8 %x, i8 0": ("%s", "select", "i8", ("%c", "%x", "0"), (), ""),
    "  %p = phi i32 [ 0, %entry ], [ %n, %for.body.i ]": (
        *("%p", "phi", "i32", ("0", "%n")),
        *(("entry", "for.body.i"), ""),
    ),
    "  br i1 %c, label %then, label %else, !llvm.loop !4": (
        *("", "br", "", ("%c",)),
        *(("then", "else"), ""),
    ),
    "  switch i32 %v, label %d [    i32 0, label %e    i32 -4, label %f  ]": (
        *("", "switch", "", ("%v", "0", "-4")),
        *(("d", "e", "f"), ""),
    ),
    '  %l = load volatile i16, ptr %"a b", align 2, !tbaa !9': (
        *("%l", "load", "i16", ('%"a b"',)),
        *((), ""),
    ),
    "  store [2 x i8] zeroinitializer, ptr getelementptr inbounds (i8, ptr @g, i64 4), align 1": (
        *("", "store", "[2 x i8]"),
        *(("zeroinitializer", "getelementptr inbounds (i8, ptr @g, i64 4)"), (), ""),
    ),
    '  %g = getelementptr inbounds nuw [8 x %"t<a, b>"], ptr %h, i32 0, i32 %i': (
        *("%g", "getelementptr", "ptr", ("%h", "0", "%i")),
        *((), '[8 x %"t<a, b>"]'),
    ),
    "  %r = tail call noundef i32 @llvm.smax.i32(i32 %a, i32 noundef 7), !dbg !3": (
        *("%r", "call", "i32", ("%a", "7")),
        *((), "llvm.smax.i32"),
    ),
    "  %m = alloca [4 x i8], align 16": ("%m", "alloca", "[4 x i8]", (), (), ""),
    "  ret void": ("", "ret", "", (), (), ""),
}


@pytest.mark.parametrize("line", LINES)
def test_an_instruction_of_its_line(line: str) -> None:
    made = read_instruction(line)
    assert isinstance(made, Instruction)
    found = (made.name, made.opcode, made.type, made.operands, made.labels, made.detail)
    assert found == LINES[line]
    assert made.debug == ("!12" if "!12" in line else "!3" if "!3" in line else "")


def test_records_of_debugging_are_no_instructions() -> None:
    assert read_instruction("    #dbg_value(i32 0, !10, !DIExpression(), !12)") is None


MODULE = """target datalayout = "e-m:e-p:32:32-p270:32:32-p271:32:32-p272:64:64-i128:128-f64:32:64"
%pair = type { i8, i32 }
%held = type { %pair, [3 x i16] }
@rom = internal constant [2 x %held] [
  %held { %pair { i8 1, i32 -2 }, [3 x i16] [i16 3, i16 0, i16 5] }, %held zeroinitializer
], align 4
@text = private unnamed_addr constant [4 x i8] c"a\\00\\FFb", align 1
@kept = internal global [2 x i16] zeroinitializer
define i32 @f(ptr %where, i32 %i, i1 %c) {
entry:
  br label %loop
loop:
  %n = phi i32 [ 0, %entry ], [ %next, %latch ]
  %twice = shl i32 %n, 1
  %at = add i32 %twice, 3
  %there = getelementptr [2 x %held], ptr @rom, i32 0, i32 %at, i32 1, i32 %i
  %wide = sext i32 %n to i64
  %other = getelementptr i8, ptr %where, i64 %wide
  %one = select i1 %c, ptr %there, ptr %other
  br i1 %c, label %then, label %inner
then:
  br label %latch
inner:
  %k = phi i32 [ 0, %loop ], [ %k1, %inner ]
  %k1 = add i32 %k, 1
  %more = icmp slt i32 %k1, %i
  br i1 %more, label %inner, label %latch
latch:
  %next = add i32 %n, 1
  %on = icmp slt i32 %next, %i
  br i1 %on, label %loop, label %end
end:
  ret i32 %n
}
"""


def module() -> tuple[str, IrFunction]:
    text = str(llvm.parse_assembly(MODULE, llvm.create_context()))
    (function,) = read_functions(text)
    return text, function


def test_constants_by_their_bytes() -> None:
    text, _ = module()
    found = read_globals(text)
    types = layouts(text, found.types.values())
    assert set(found.constants) == {"@rom", "@text"}
    values = {n: dict(scalars(types[found.types[n]], found.constants[n])) for n in found.constants}
    assert values["@rom"] == {0: 1, 4: -2, 8: 3, 12: 5}
    assert values["@text"] == {0: ord("a"), 1: 0, 2: 0xFF, 3: ord("b")}
    assert types["[2 x %held]"].size == 2 * 16


def test_addresses_are_sums() -> None:
    text, function = module()
    types = layouts(text, ("[2 x %held]", "i8"))
    addresses = Addresses(function, types)
    there = Sum(3 * 16 + 8, (("%i", 2), ("%n", 32)))
    assert addresses.of("%there") == (Address("@rom", there),)
    assert addresses.of("%one") == (
        Address("@rom", there, (("%one", 0),)),
        Address("%where", Sum(0, (("%n", 1),)), (("%one", 1),)),
    )


def test_loops_and_what_decides_in_a_pass() -> None:
    _, function = module()
    inner, outer = loops(function)
    assert (inner.header, inner.inner, inner.latches) == ("inner", (), ("inner",))
    assert (outer.header, outer.inner, outer.exits) == ("loop", ("inner",), ("latch",))
    assert outer.control["then"] == ("loop",)
    assert outer.control["latch"] == ()


def test_bits_that_change() -> None:
    widths = Widths()
    for line in (
        "  %x = zext i8 %a to i32",
        "  %y = mul i32 %x, %x",
        "  %z = add i32 %y, 5",
        "  %m = and i32 %z, 15",
        "  %s = ashr i32 %y, 10",
        "  %t = trunc i32 %z to i4",
        "  %c = icmp slt i32 %z, 0",
    ):
        made = read_instruction(line)
        assert made is not None
        widths.add(made)
    bits = {name: widths.of(f"%{name}") for name in "xyzmstc"}
    assert bits == {"x": 9, "y": 18, "z": 19, "m": 5, "s": 8, "t": 4, "c": 1}
    assert [widths.of(n) for n in ("0", "1", "-1", "127", "-128")] == [1, 2, 1, 8, 8]


@pytest.mark.parametrize(
    ("opcode", "bits", "operands", "result"),
    [
        ("add", 8, (127, 1), -128),
        ("lshr", 8, (-1, 4), 15),
        ("ashr", 8, (-16, 2), -4),
        ("sdiv", 32, (-7, 2), -3),
        ("srem", 32, (-7, 2), -1),
        ("urem", 8, (-1, 16), 15),
        ("zext", 8, (-1,), 255),
        ("sext", 1, (1,), -1),
    ],
)
def test_operators(opcode: str, bits: int, operands: tuple[int, ...], result: int) -> None:
    wide = 32 if opcode.endswith("ext") else bits
    assert wrapped(MEANING[opcode](bits, *operands), wide) == result


def test_a_truth_has_no_sign() -> None:
    assert [wrapped(value, 1) for value in (-1, 0, 1, 2, 3)] == [1, 0, 1, 0, 1]


def test_comparisons() -> None:
    assert compare("slt", -1, 1, 8) == 1
    assert compare("ult", -1, 1, 8) == 0
    assert compare("uge", -1, 1, 8) == 1
    assert compare("eq", 3, 3, 8) == 1
