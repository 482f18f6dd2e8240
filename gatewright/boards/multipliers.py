"""Choose which multiplications go to DSP blocks where there are fewer blocks than products.

yosys maps every product to DSP blocks, and a design with more of them does not fit. So the products
that would cost most in LUTs get the blocks, and the rest becomes adders before that mapping.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_CELL = re.compile(r"^\s*cell \$mul (\S+)$")
_WIDTH = re.compile(r"^\s*parameter(?: signed)? \\([ABY])_WIDTH (\d+)$")
_CONSTANT = re.compile(r"^\s*connect \\[AB] \d+'([01]+)$")
_END = re.compile(r"^\s*end$")


@dataclass(frozen=True)
class Product:
    """A multiplication of a netlist.

    Attributes:
        name: Of the cell, as yosys writes it.
        a: Bits of the first factor.
        b: Bits of the second.
        y: Bits of the product.
        ones: Ones of the factor that is a constant, if one is.
    """

    name: str
    a: int
    b: int
    y: int
    ones: int | None = None

    def blocks(self, width: int, half: int = 0) -> float:
        """DSP blocks with factors of ``width`` bits; half a block where both have ``half``."""
        if max(self.a, self.b) <= half:
            return 0.5

        # Of the parts of a longer factor only the first has its sign bit.
        def parts(bits: int) -> int:
            return 1 if bits <= width else 1 + -(-(bits - width) // (width - 1))

        return parts(self.a) * parts(self.b)

    @property
    def luts(self) -> int:
        """LUTs of the same in logic, about: one a bit of every partial product."""
        if self.ones is not None:
            return self.ones * min(max(self.a, self.b), self.y)
        return min(self.a, self.y) * min(self.b, self.y)


def read_products(dump: str) -> list[Product]:
    """The products in the text of yosys' ``dump t:$mul``."""
    return list(_read(dump.splitlines()))


def _read(lines: Iterable[str]) -> Iterator[Product]:
    name, ones = "", None
    widths: dict[str, int] = {}
    for line in lines:
        if match := _CELL.match(line):
            name, ones, widths = match[1], None, {}
        elif match := _WIDTH.match(line):
            widths[match[1]] = int(match[2])
        elif match := _CONSTANT.match(line):
            ones = match[1].count("1")
        elif name and _END.match(line):
            yield Product(name, widths["A"], widths["B"], widths["Y"], ones)
            name = ""


def choose_soft(
    products: Iterable[Product], blocks: float, width: int, half: int = 0
) -> list[Product]:
    """The products that stay in logic, so that the others need at most ``blocks`` blocks.

    Args:
        products: All of the netlist.
        blocks: DSP blocks of the device.
        width: Bits of a factor of a block.
        half: Bits of a factor of half a block; 0 where there are no halves.
    """
    soft = []
    for product in sorted(products, key=lambda p: (-p.luts / p.blocks(width, half), p.name)):
        if product.blocks(width, half) <= blocks:
            blocks -= product.blocks(width, half)
        else:
            soft.append(product)
    return soft


def script(soft: Iterable[Product]) -> str:
    """The yosys commands that turn products into adders, as its own mapping to LUTs would later."""
    names = [f"c:{_selectable(product.name)}" for product in soft]
    if not names:
        return "# Every product has its DSP blocks.\n"
    return f"select -set soft {' '.join(names)}\nalumacc @soft\nmaccmap t:$macc t:$macc_v2\n"


def _selectable(name: str) -> str:
    # In a selection these have meanings; ? stands for any one character.
    return re.sub(r"[\[\]*:/,%@=<>!|&;#\"'()]", "?", name.removeprefix("\\"))


def main() -> int:
    """``DUMP SCRIPT BLOCKS WIDTH HALF``: read a dump, write the commands."""
    dump, target, *numbers = sys.argv[1:]
    products = read_products(Path(dump).read_text())
    blocks, width, half = map(int, numbers)
    soft = choose_soft(products, blocks, width, half)
    Path(target).write_text(script(soft))
    print(f"Info: {len(products) - len(soft)} products in DSP blocks, {len(soft)} in logic.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
