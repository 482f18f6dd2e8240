"""Facts in, one HTML page out; every name in it is escaped by the templates."""

from __future__ import annotations

import functools
from typing import Any

import jinja2

from gatewright.page.cycles import make_work
from gatewright.page.facts import Facts
from gatewright.page.flow import make_flow
from gatewright.page.road import judge, make_road
from gatewright.page.tiles import make_picture

RESOURCE_WORDS = {"lut": "LUTs", "ff": "flip-flops", "bram": "block RAMs", "dsp": "DSP blocks"}
PART_NAMES = {
    "multiplying": "multiplying",
    "waiting": "waiting for h",
    "ends": "first operands and last tail",
    "streaming": "passing on values",
}
_UNSAID: dict[str, Any] = {"hls": None, "vivado": None, "commands": []}
"""What earlier versions did not say of a board."""


def render(facts: Facts) -> str:
    """The page.

    Args:
        facts: What it shows. The same facts give the same text.
    """
    road = make_road(facts.verified, facts.levels)
    kernels = facts.kernels
    # Where nothing was placed, or the clock was missed, there is no bitstream to count on.
    made = [board for board in facts.boards if board["bitstream"]]
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            facts=facts,
            kernels=kernels,
            road=road,
            verdict=judge(road),
            places=facts.places[:-1],
            total=facts.places[-1],
            flow=make_flow(kernels),
            work=make_work(kernels),
            pictures=[make_picture(k) for k in kernels["kernels"] if "schedule" in k],
            resource_names=RESOURCE_WORDS,
            part_names=PART_NAMES,
            boards=[
                {**_UNSAID, **board, "usage": _usage(board["usage"])} for board in facts.boards
            ],
            fastest=max(made, key=lambda b: b["inferences_per_second"], default=None),
        )
    )


def _usage(usage: dict[str, Any]) -> dict[str, Any]:
    """In the order that people name resources in, and whether the device has so many."""
    return {
        name: {**usage[name], "too_much": usage[name]["used"] > usage[name]["available"]}
        for name in RESOURCE_WORDS
        if name in usage
    }


@functools.cache
def environment() -> jinja2.Environment:
    """The templates of this folder; what they are given is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gatewright.page", "."),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Any] = {"count": _count, "percent": _percent, "number": _number}
    environment.filters |= filters
    return environment


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _number(value: float) -> str:
    return f"{value:,.6g}"


def _percent(part: float, whole: float) -> str:
    """A share, never rounded to all or nothing where it is not."""
    share = part / whole if whole else 0.0
    text = f"{share:.1%}"
    if text == "100.0%" and part < whole:
        return "> 99.9%"
    return "< 0.1%" if text == "0.0%" and part else text
