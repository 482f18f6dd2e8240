"""What results say of themselves: lines and tables, as text, as HTML and in a terminal."""

from gatewright.views.paths import near
from gatewright.views.view import Shown, ShownLine, ShownTable, Tone, Viewed

__all__ = ["Shown", "ShownLine", "ShownTable", "Tone", "Viewed", "near"]
