"""``hls/``, compiled as C++."""

from __future__ import annotations

from gatewright.builds.documents import Documents
from gatewright.builds.folder import INTEGER, KERNELS, PROJECT
from gatewright.hls_templates.csim import Simulator, csim_sources
from gatewright.hls_templates.mapping.ports import Ports
from gatewright.ir.lowering import IntegerModel
from gatewright.levels.level import Level
from gatewright.levels.run import Arguments, Kept, Run, StreamEngine
from gatewright.tools.programs import named_tools


def csim_engine(
    simulator: Simulator, integer: IntegerModel, *, states: bool = False
) -> StreamEngine:
    """``hls/`` through a C++ compiler; sequences go on from the state that the simulator keeps.

    Args:
        simulator: Of ``hls/``.
        integer: The integer model.
        states: Whether the states that it keeps are shown, instead of its taps.
    """

    def run(arguments: Arguments, kept: Kept | None = None) -> Run:
        n, inner = simulator.run(integer.encode(arguments), keep=kept is not None)
        if states:
            inner = {name: state[None, None] for name, state in simulator.states().items()}
        return Run(integer.decode(n), n, inner)

    return run


def simulator(build: Documents, *, taps: bool, native: bool) -> Simulator:
    """The compiled ``hls/`` of a build, with a state of its own."""
    files = csim_sources(build.path / PROJECT, build.listed(PROJECT))
    return Simulator(files, Ports.of(build.kernels), native=native, taps=taps)


def stream_engine(build: Documents) -> StreamEngine:
    """An engine that nobody else has, whose state goes on from one call to the next."""
    return csim_engine(simulator(build, taps=False, native=True), build.integer, states=True)


def _open(build: Documents, taps: bool, native: bool | None) -> StreamEngine:
    on_words = not taps if native is None else native
    return build.opened.get(
        ("csim", taps, on_words, *named_tools()),
        (PROJECT, INTEGER, KERNELS),
        lambda: csim_engine(simulator(build, taps=taps, native=on_words), build.integer),
        warns=True,
    )


LEVEL = Level("csim", f"{PROJECT}/", "C++, compiled on ap_int", _open)
