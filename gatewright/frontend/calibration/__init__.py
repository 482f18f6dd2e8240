"""Calibration: integer quantizers for what a model leaves in float, ranged on data."""

from gatewright.frontend.calibration.options import RangeOptions
from gatewright.frontend.calibration.result import (
    Calibration,
    OutputChange,
    Placed,
    Sensitivity,
)

__all__ = ["Calibration", "OutputChange", "Placed", "RangeOptions", "Sensitivity"]
