"""A build as one HTML page, or picture by picture, from its JSON facts alone."""

from gatewright.page.drawing import Drawing, draw
from gatewright.page.facts import Facts
from gatewright.page.render import render

__all__ = ["Drawing", "Facts", "draw", "render"]
