"""Where the open FPGA tools are: the wheels of pip, or what a variable names."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec

from gatewright.errors import GatewrightError
from gatewright.tools import find_yosys, which

# The program of a wheel is run by this Python, so that it need not be on the PATH.
_RUN = "import sys; from {module} import {function}; sys.argv[0] = {name!r}; sys.exit({function}())"


@dataclass(frozen=True)
class Program:
    """A program, and where it may come from.

    Attributes:
        name: What it is.
        variable: Names one to use instead of the wheel's; "" where there is no other.
        package: The wheel; "" for yosys, which simulations need too.
        entry: The wheel's ``module:function`` that runs it.
    """

    name: str
    variable: str
    package: str = ""
    entry: str = ""


YOSYS = Program("yosys", "YOSYS")


@dataclass(frozen=True)
class Found:
    """A program that can be run.

    Attributes:
        program: What it is.
        argv: The command without its arguments.
        origin: The wheel or the path it comes from.
    """

    program: Program
    argv: tuple[str, ...]
    origin: str


def find_program(program: Program) -> Found:
    """The program a variable such as ``NEXTPNR_ECP5`` names, or else that of the pip wheel.

    Programs on the PATH are not taken: distributions mix versions that do not fit each other.

    Raises:
        GatewrightError: GW-801 if there is neither; of yosys, GW-701.
    """
    if program is YOSYS:
        found = find_yosys()
        return Found(program, found.command, found.version)
    chosen = os.environ.get(program.variable, "") if program.variable else ""
    if chosen:
        path = which(chosen)
        if path is None:
            raise GatewrightError(
                "GW-801",
                where=f"{program.variable}={chosen}",
                cause="there is no such program.",
                remedy=f"Correct the variable, or unset it and pip install {program.package}.",
            )
        return Found(program, (path,), path)
    module, _, function = program.entry.partition(":")
    if find_spec(module.partition(".")[0]) is None:
        raise GatewrightError(
            "GW-801",
            where=program.name,
            cause=f"the package {program.package} is not installed.",
            remedy=f"pip install {program.package}, or set {program.variable} to a "
            f"{program.name} of your own.",
        )
    run = _RUN.format(module=module, function=function, name=program.name)
    return Found(program, (sys.executable, "-c", run), program.package)
