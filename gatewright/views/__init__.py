"""What results say of themselves: lines and tables, as text, as HTML and in a terminal."""

from gatewright.views.paths import near
from gatewright.views.view import Line, Table, Tone, View, Viewed

__all__ = ["Line", "Table", "Tone", "View", "Viewed", "near"]
