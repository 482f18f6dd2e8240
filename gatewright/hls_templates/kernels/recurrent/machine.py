"""The control of the recurrent kernel, cycle by cycle."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from gatewright.hls_templates.kernels.timing import Channel, Machine

X_READ = 2
"""Cycles from a slot to the reading of its operands."""


@dataclass(frozen=True)
class LayerTiming:
    """Where in a step things happen, in cycles from its first slot.

    Attributes:
        slots: Slots of a step.
        x_taken: When x is taken.
        done: When the last h is written.
        holds_c: Whether the final c is given, and so has to stay until it is taken.
    """

    slots: int
    x_taken: int
    done: int
    holds_c: bool


def layer_machine(
    timing: LayerTiming,
    x: Channel,
    given: Sequence[Channel],
    always: Sequence[Channel],
    finals: Sequence[Channel],
) -> Machine:
    """The machine of ``gw_recurrent``.

    Args:
        timing: Of a step.
        x: Its input.
        given: The states that a sequence begins with.
        always: What gets a beat each step.
        finals: What gets one at the end of a sequence.
    """
    cycle = slot = 0
    x_held = begun = state_held = final_held = False
    flying: deque[tuple[int, bool, bool]] = deque()  # cycle of completion, first, last
    takings: deque[int] = deque()  # when x is taken
    complete: deque[bool] = deque()  # last
    waiting: list[Channel] = []
    pending = 0
    while True:
        starts = (
            slot == 0
            and x.valid
            and not x_held
            and pending < 2
            and (begun or not (state_held or final_held))
            and (begun or all(state.valid for state in given))
        )
        advances = slot > 0 or starts
        retires = False
        if complete:
            if not waiting:
                waiting = [*always, *(finals if complete[0] else ())]
            still = []
            for channel in waiting:
                if channel.ready:
                    channel.push(complete[0])
                else:
                    still.append(channel)
            waiting = still
            retires = not waiting
            if retires:
                last_given = complete.popleft()
                final_held = final_held and not last_given
        if flying and flying[0][0] == cycle:
            _, first, last = flying.popleft()
            complete.append(last)
            if first:
                state_held = False
                for state in given:
                    state.pop()
        if takings and takings[0] == cycle:
            takings.popleft()
            x.pop()
            x_held = False
        if starts:
            flying.append((cycle + timing.done, not begun, x.last))
            takings.append(cycle + timing.x_taken)
            state_held = state_held or (bool(given) and not begun)
            final_held = final_held or (timing.holds_c and x.last)
            begun = not x.last
            x_held = True
        pending += starts - retires
        if advances:
            slot = (slot + 1) % timing.slots
        cycle += 1
        yield
