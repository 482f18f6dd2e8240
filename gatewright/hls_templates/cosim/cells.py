"""Models of the cells that netlists are made of: yosys' own, and ours where it has none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources

from gatewright.errors import GatewrightError
from gatewright.tools import Tool
from gatewright.tools.programs import YOSYS

_INCLUDE = re.compile(r"^\s*`include .*$", re.MULTILINE)
_BLACK_BOX = re.compile(r"^\(\* blackbox \*\)\s*module\b.*?^endmodule\b", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class CellModels:
    """Files with the models of a family's cells.

    Attributes:
        yosys: Of yosys' share folder.
        own: Of this folder; they take the place of black boxes.
    """

    yosys: tuple[str, ...]
    own: tuple[str, ...]


def cell_models(models: CellModels, yosys: Tool) -> dict[str, str]:
    """Verilog of every cell that yosys maps to, by file name, in compile order.

    Args:
        models: Their files.
        yosys: Its ``root`` has the models.

    Raises:
        GatewrightError: GW-702 if they are not there.
    """
    # Files are listed rather than included.
    library = "\n".join(_BLACK_BOX.sub("", _INCLUDE.sub("", _read(yosys, n))) for n in models.yosys)
    texts = {name: resources.files(__package__).joinpath(name).read_text() for name in models.own}
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
            remedy=f"Run {YOSYS.install}, or let {YOSYS.variable} name a whole installation.",
        ) from error
