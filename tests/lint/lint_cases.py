"""A change of a small design, and the names of what changes there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gatewright.lint.view import View

TOP, KERNELS = "hls/top.cpp", "hls/kernels.hpp"


@dataclass(frozen=True)
class Edit:
    """A change of a text.

    Attributes:
        old: What stands there; its first occurrence is changed.
        new: What stands there then.
        file: Path below the build.
    """

    old: str | re.Pattern[str]
    new: str
    file: str = KERNELS

    def apply(self, text: str) -> str:
        if isinstance(self.old, str):
            assert self.old in text, self.old
            return text.replace(self.old, self.new, 1)
        changed, count = self.old.subn(self.new, text, count=1)
        assert count == 1, self.old
        return changed


@dataclass(frozen=True)
class Case:
    """A changed design.

    Attributes:
        name: Of the change.
        edits: Made one after the other.
        rule: What it is against; empty for none.
        base: The design: ``small``, or one of ``lint_designs.DESIGNS``.
    """

    name: str
    edits: tuple[Edit, ...]
    rule: str = ""
    base: str = "small"

    def view(self, base: View) -> View:
        texts = dict(base.texts)
        for edit in self.edits:
            texts[edit.file] = edit.apply(texts[edit.file])
        return View(texts, base.kernels)


def lines(*parts: str) -> str:
    return "\n".join(parts)


def in_top(old: str, new: str) -> Edit:
    return Edit(old, new, TOP)


PIPELINE = "#pragma HLS pipeline II = 1 style = flp"
ACC = "#pragma HLS array_partition variable = acc complete dim = 0"
BANKS = "#pragma HLS array_partition variable = h complete dim = 2"
DEPENDENCE = "#pragma HLS dependence variable = h inter RAW distance = P::DISTANCE true"
ROM = "#pragma HLS bind_storage variable = weights type = rom_1p impl = bram"
RAM = "#pragma HLS bind_storage variable = h type = ram_2p impl = lutram"
AGGREGATE = "#pragma HLS aggregate variable = kept compact = bit"
DEPTH = "#pragma HLS stream variable=right depth=16"
PORT = "#pragma HLS interface mode=axis port=s_axis"
SUM = "for (int i = 0; i < P::WIDTH; ++i) sum.data[i] = x.data[i] + y.data[i];"
LAYER = "layer<recurrent>(left, states);"
READ = "const beat y = b.read();"


def against(rule: str, name: str, *edits: Edit, base: str = "small") -> Case:
    return Case(name, edits, rule, base)
