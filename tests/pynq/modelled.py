"""The model of a board with the IP of a build, compiled."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gatewright.hls_templates.cosim.verilator import run_time
from gatewright.tools import find_verilator, run_tool
from gatewright.tools.compiler import find_compiler, run_compiler

HARNESS = Path(__file__).with_name("harness.cpp")
LIBRARY = "board.so"
PINS = """#pragma once
#include <cstdint>
#include <vector>
#include "model/V{top}.h"

using ip_top = V{top};
struct axis {{
  std::uint8_t *data, *keep, *valid, *ready, *last;
  std::size_t bytes;
}};
constexpr std::size_t DMAS = {dmas};
template <class T>
std::uint8_t* pin(T& value) {{ return reinterpret_cast<std::uint8_t*>(&value); }}
inline std::vector<axis> inputs_of(ip_top& top) {{ return {{{inputs}}}; }}
inline std::vector<axis> outputs_of(ip_top& top) {{ return {{{outputs}}}; }}
"""


def compile_board(build: Path, facts: dict[str, Any], folder: Path, name: str) -> Path:
    """The library, in a folder of its own with the ROM files.

    Args:
        build: The build, with a ``kernel/`` where that of Vitis HLS stands in its IP.
        facts: Its ``NAME.json``.
        folder: Where it is made.
        name: Of the build.
    """
    for part in ("rtl", "ip", "kernel"):
        if (build / part).is_dir():
            shutil.copytree(build / part, folder / part)
    shutil.copytree(build / "rtl" / "rom", folder / "rom")
    tool, compiler = find_verilator(), find_compiler()
    assert tool.root is not None
    sources = [f"ip/{line}" for line in (folder / "ip" / "ip.f").read_text().split()]
    top = f"{name}_ip"
    options = ["--cc", "-O3", "--assert", "--x-assign", "unique", "--x-initial", "unique", "-Wall"]
    run_tool(tool, [*options, "--top-module", top, "--Mdir", "model", *sources], folder)
    dmas = max(len(facts["inputs"]), len(facts["outputs"]))
    ends = {side: _pins(facts[side]) for side in ("inputs", "outputs")}
    (folder / "pins.hpp").write_text(PINS.format(top=top, dmas=dmas, **ends))
    generated = sorted(str(path.relative_to(folder)) for path in folder.glob("model/*.cpp"))
    text = "".join(f'#include "{path}"\n' for path in generated)
    (folder / "all.cpp").write_text(f'#pragma GCC system_header\n#include "{HARNESS}"\n{text}')
    includes = [f"-isystem{tool.root / 'include' / place}" for place in ("", "vltstd")]
    objects = [str(path) for path in run_time(tool, compiler, trace=False).paths()]
    arguments = ["-std=c++17", "-O1", "-fPIC", "-shared", "-w", "-I.", *includes]
    run_compiler(compiler, [*arguments, "all.cpp", *objects, "-o", LIBRARY], folder)
    return folder / LIBRARY


def _pins(ports: Sequence[dict[str, Any]]) -> str:
    signals = ("tdata", "tkeep", "tvalid", "tready", "tlast")
    return ", ".join(
        "{"
        + ", ".join(f"pin(top.{port['name']}_{signal})" for signal in signals)
        + f", {port['bus_bits'] // 8}}}"
        for port in ports
    )
