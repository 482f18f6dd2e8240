"""The table of registers, and what is made of it."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from gatewright.hls_templates.ip.constants import c_header, markdown, python_module, sv_package
from gatewright.hls_templates.ip.registers import ADDRESS_BITS, REGISTERS, WORD, constants

PAGE = Path(__file__).parents[2] / "docs/registers.md"


def test_no_two_registers_overlap() -> None:
    for register, following in pairwise(REGISTERS):
        assert register.offset % WORD == 0
        assert register.offset + WORD * register.count <= following.offset
    last = REGISTERS[-1]
    assert last.offset + WORD * last.count <= 1 << ADDRESS_BITS


@pytest.mark.parametrize("register", REGISTERS, ids=lambda register: register.name)
def test_fields_fit_in(register) -> None:
    taken = [bit for field in register.fields for bit in range(field.low, field.low + field.bits)]
    assert len(taken) == len(set(taken))
    assert all(0 <= bit < 32 for bit in taken)
    assert register.access == "ro" or all(bit < 8 for bit in taken), "written by byte 0 alone"


def test_names_are_names_and_differ() -> None:
    names = [name for name, _, _ in constants()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[A-Z][A-Z0-9_]*", name) for name in names)


def test_the_page_is_made_of_the_table(request: pytest.FixtureRequest) -> None:
    """``make snapshot`` writes its table anew."""
    text, table = PAGE.read_text(), markdown()
    if request.config.getoption("update_snapshot"):
        text = text[: text.index("| offset")] + table
        PAGE.write_text(text)
    assert text.endswith(f"\n\n{table}")


def numbers(text: str, form: str) -> dict[str, int]:
    return {name: int(value, 16) for name, value in re.findall(form, text)}


def test_every_language_says_the_same() -> None:
    wanted = {name: value for name, value, _ in constants()}
    module: dict[str, int] = {}
    exec(python_module(), module)  # what a user imports
    assert {name: module[name] for name in wanted} == wanted
    assert numbers(sv_package(), r"(\w+) = \d+'h([0-9a-f]+);") == wanted
    assert numbers(c_header("kws"), r"#define KWS_REGS_(\w+) 0x([0-9a-f]+)u") == wanted


def test_headers_of_two_builds_have_no_macro_in_common() -> None:
    """Not even those of a build whose name ends as a register begins."""
    ends = {name.lower()[:n] for name, _, _ in constants() for n in range(1, len(name))}
    names = ["kws", "kws_regs", *sorted(f"kws_{end}" for end in ends if not end.endswith("_"))]
    seen: dict[str, str] = {}
    for name in names:
        for macro in re.findall(r"#define (\w+)", c_header(name)):
            assert macro not in seen, f"{macro} is of {seen[macro]} and of {name}"
            seen[macro] = name
