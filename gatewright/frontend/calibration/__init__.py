"""Calibration: integer quantizers for what a model leaves in float, ranged on data."""

from gatewright.frontend.calibration.options import Options
from gatewright.frontend.calibration.result import Calibration, OutputError, Placed

__all__ = ["Calibration", "Options", "OutputError", "Placed"]
