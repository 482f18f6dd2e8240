"""Gatewright: quantized recurrent networks from PyTorch to bit-exact FPGA kernels.

Importing this package teaches qonnx the op ``QuantLSTMCell``, and ONNX Runtime to tell nobody.
"""

import os

# ONNX Runtime 1.29 and later report each process and model to its maker, by a database in the
# user's cache that processes wait for. It asks for this as it is imported, which the next lines do.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

from gatewright.build import Build
from gatewright.builds.check import ChangedBuildError, Checked, check
from gatewright.builds.opened import ChangedBuildWarning
from gatewright.calibration import Calibration, calibrate, finetune
from gatewright.compiler import compile
from gatewright.device import Device
from gatewright.errors import GatewrightError
from gatewright.ir.traced import register as _register
from gatewright.levels.stream import Stream
from gatewright.levels.table import FAST_LEVELS, LEVELS
from gatewright.tools.home import NoCacheWarning
from gatewright.verify.result import Report
from gatewright.verify.verify import UnsavedReportWarning
from gatewright.version import VERSION

_register()

__version__ = VERSION

__all__ = [
    "FAST_LEVELS",
    "LEVELS",
    "Build",
    "Calibration",
    "ChangedBuildError",
    "ChangedBuildWarning",
    "Checked",
    "Device",
    "GatewrightError",
    "NoCacheWarning",
    "Report",
    "Stream",
    "UnsavedReportWarning",
    "__version__",
    "calibrate",
    "check",
    "compile",
    "finetune",
]
