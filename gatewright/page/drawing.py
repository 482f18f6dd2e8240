"""The pictures of the page one by one, for notebooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gatewright.page.cycles import make_work
from gatewright.page.flow import make_flow
from gatewright.page.render import PART_NAMES, environment
from gatewright.page.tiles import WIDTH, make_picture

WORK_ROW = 48
"""Pixels of a kernel in the picture of cycles: a line of words and a bar."""


@dataclass(frozen=True)
class Drawing:
    """A picture that a notebook shows.

    Attributes:
        title: What it is of.
        svg: The picture, with all that it needs.
    """

    title: str
    svg: str

    def __repr__(self) -> str:
        return f"<Drawing: {self.title}>"

    def _repr_svg_(self) -> str:
        return self.svg


def draw(kernels: dict[str, Any]) -> tuple[Drawing, ...]:
    """The dataflow, the tile schedule of each recurrent layer, and where the cycles go.

    Args:
        kernels: ``3_kernels.json``. The same one gives the same pictures.
    """
    flow = make_flow(kernels)
    pictures = [make_picture(k) for k in kernels["kernels"] if "schedule" in k]
    schedules = [
        _drawing(f"the tile schedule of {p.source}", p.width, p.height, schedule=p)
        for p in pictures
    ]
    work = make_work(kernels)
    facts = {"work": work, "part_names": PART_NAMES, "row": WORK_ROW}
    return (
        _drawing("the dataflow", flow.width, flow.height, flow=flow),
        *schedules,
        _drawing("where the cycles go", WIDTH, WORK_ROW * len(work), **facts),
    )


def _drawing(title: str, width: float, height: float, **picture: Any) -> Drawing:
    template = environment().get_template("drawing.svg.j2")
    return Drawing(title, template.render(width=width, height=height, **picture))
