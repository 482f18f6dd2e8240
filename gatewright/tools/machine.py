"""What of a machine decides whether a library that was compiled on another one runs on it."""

from __future__ import annotations

import platform
import sys
from functools import cache
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
# Of the first processor; the others are clocks and counters.
_TELLING = (
    *("vendor_id", "cpu family", "model", "model name", "stepping", "flags"),  # x86
    *("CPU implementer", "CPU architecture", "CPU variant", "CPU part", "Features"),  # ARM
    *("isa", "uarch", "cpu", "machine"),  # RISC-V, POWER
)


def machine() -> list[str]:
    """System, architecture, C library and CPU."""
    return [sys.platform, platform.machine(), *platform.libc_ver(), cpu()]


@cache
def cpu() -> str:
    """What ``-march=native`` looks at: the model, and the instructions that it has."""
    try:
        first = CPUINFO.read_text(errors="replace").partition("\n\n")[0]
    except OSError:  # no Linux
        return platform.processor()
    pairs = (line.partition(":") for line in first.splitlines())
    return "\n".join(f"{k.strip()}: {v.strip()}" for k, _, v in pairs if k.strip() in _TELLING)
