"""What AMD's UG1553 and UG1399 (2023.1 to 2024.2) say of the keys of ``v++ -c --mode hls``."""

from __future__ import annotations

import re
from pathlib import Path

TRUTH = "true|false|0|1"
PERIOD = r"\d+(\.\d+)?(ns|MHz)?"
FLAGS, TEXT, FILE = "flags", "text", "file"

GENERAL = {"part": r"xc[a-z0-9-]+", "platform": TEXT, "freqhz": TEXT}
"""Keys above every section."""
HLS = {
    "clock": PERIOD,
    "clock_uncertainty": r"\d+(\.\d+)?(%|ns|MHz)?",
    "flow_target": "vivado|vitis",
    "syn.top": r"\w+",
    "syn.file": FILE,
    "syn.cflags": FLAGS,
    "syn.csimflags": FLAGS,
    "tb.file": FILE,
    "tb.cflags": FLAGS,
    "syn.array_partition.complete_threshold": r"\d+",
    "syn.array_partition.throughput_driven": "auto|off",
    "csim.O": TRUTH,
    "csim.argv": TEXT,
    "csim.clean": TRUTH,
    "csim.ldflags": TEXT,
    "csim.setup": TRUTH,
    "cosim.O": TRUTH,
    "cosim.argv": TEXT,
    "cosim.rtl": "verilog|vhdl",
    "package.output.file": TEXT,
    "package.output.format": "ip_catalog|xo|syn_dcp|sysgen|rtl",
    "package.output.syn": TRUTH,
    "vivado.flow": "syn|impl",
}
"""Keys of the section ``[hls]``."""
SEVERAL = {"syn.file", "tb.file"}
"""What may be said more than once."""


def faults(text: str, folder: Path) -> list[str]:
    """What in a configuration file is not as documented.

    Args:
        text: Of the file.
        folder: Where it lies, to which its paths are relative.
    """
    keys, found, seen = GENERAL, [], set()
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            keys = HLS if line == "[hls]" else {}
            found += [] if keys else [f"{line}: no such section"]
            continue
        key, _, value = line.partition("=")
        if key not in keys:
            found.append(f"{key}: no such key here")
        elif key in seen - SEVERAL:
            found.append(f"{key}: said twice")
        else:
            found += [f"{key}: {fault}" for fault in wrong(keys[key], value, folder)]
        seen.add(key)
    return found


def wrong(kind: str, value: str, folder: Path) -> list[str]:
    """What is wrong with a value."""
    if not value:
        return ["it has no value"]
    if kind == FILE:
        return at(folder, value)
    if kind == FLAGS:
        return [fault for path in re.findall(r"-I\s*(\S+)", value) for fault in at(folder, path)]
    good = kind == TEXT or re.fullmatch(kind, value)
    return [] if good else [f"it cannot be {value}"]


def at(folder: Path, path: str) -> list[str]:
    """Whether a path leads to something in the file's own folder, wherever that is moved."""
    if Path(path).is_absolute():
        return [f"{path} is of one machine"]
    return [] if (folder / path).exists() else [f"there is no {path}"]
