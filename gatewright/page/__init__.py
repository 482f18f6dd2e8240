"""A build as one HTML page, from its JSON facts alone."""

from gatewright.page.facts import Facts
from gatewright.page.render import render

__all__ = ["Facts", "render"]
