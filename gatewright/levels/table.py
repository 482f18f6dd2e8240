"""Every level there is, in the order in which they are compared."""

from __future__ import annotations

from gatewright.builds.documents import Documents
from gatewright.errors import GatewrightError
from gatewright.levels import cores, csim, integer, standard, torch, traced
from gatewright.levels.level import Level
from gatewright.levels.run import StreamEngine

TORCH = torch.LEVEL.name
TABLE: dict[str, Level] = {
    level.name: level
    for level in (
        torch.LEVEL,
        traced.LEVEL,
        integer.LEVEL,
        standard.LEVEL,
        csim.LEVEL,
        *cores.CLOCKED,
    )
}
LEVELS = tuple(name for name, level in TABLE.items() if level.engine is not None)
"""Those that a build holds."""
FAST_LEVELS = tuple(name for name in LEVELS if not TABLE[name].clocked)
RTL_LEVELS = tuple(name for name in LEVELS if TABLE[name].clocked)
"""Those that run cycle by cycle."""


def find_level(name: str) -> Level:
    """The level of that name.

    Raises:
        GatewrightError: GW-602 for an unknown one.
    """
    if name not in TABLE:
        raise _unknown(name, f"Use one of {', '.join(LEVELS)}.")
    return TABLE[name]


def level_engine(
    build: Documents, name: str, *, taps: bool = False, native: bool | None = None
) -> StreamEngine:
    """The engine of one level of a build.

    Args:
        build: The build.
        name: One of ``LEVELS``.
        taps: Whether the values inside are shown; h and c always are.
        native: C-simulation on machine integers instead of ap_int. By default that is so without
            taps.

    Raises:
        GatewrightError: GW-602 for an unknown level, and those of its tools.
    """
    level = find_level(name)
    if level.engine is None:
        remedy = "Give the model itself, which is this level: --model of verify, or model=."
        raise _unknown(name, remedy)
    return level.engine(build, taps, native)


def stream_engine(build: Documents, name: str) -> StreamEngine:
    """An engine for pieces of one sequence, with a state that is its own."""
    engine = level_engine(build, name)
    return csim.stream_engine(build) if name == csim.LEVEL.name else engine


def check_level(level: str, **wanted: object) -> None:
    """Refuse options that only levels with a clock have.

    Args:
        level: The level.
        wanted: The options by name.

    Raises:
        GatewrightError: GW-606.
    """
    for name, value in wanted.items():
        if value and level not in RTL_LEVELS:
            raise GatewrightError(
                "GW-606",
                where=f"level {level}",
                cause=f"it has no {name}.",
                remedy=f"Use one of the levels {', '.join(RTL_LEVELS)}.",
            )


def _unknown(name: str, remedy: str) -> GatewrightError:
    return GatewrightError(
        "GW-602", where=f"level {name}", cause="there is no such level.", remedy=remedy
    )
