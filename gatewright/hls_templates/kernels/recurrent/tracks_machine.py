"""The control of the recurrent kernel where sequences take turns, cycle by cycle."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from gatewright.hls_templates.kernels.recurrent.machine import LayerTiming
from gatewright.hls_templates.kernels.recurrent.tracks import FINALS
from gatewright.hls_templates.kernels.timing import Channel, Machine


@dataclass(frozen=True)
class TrackTiming:
    """What is said of tracks.

    Attributes:
        sequences: How many there are.
        distance: Cycles from a step to the next one of its track, at least.
        depth: Beats that a track holds.
    """

    sequences: int
    distance: int
    depth: int


@dataclass
class _Queues:
    """``gw_tracks_out``: the tracks of one stream that is written."""

    write: Channel
    depth: int
    sequences: int
    order: Channel = field(init=False)
    tracks: list[Channel] = field(init=False)
    counts: list[int] = field(init=False)
    ordered: deque[int] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.order = Channel(2 * self.sequences)
        self.tracks = [Channel(self.depth) for _ in range(self.sequences)]
        self.counts = [0] * self.sequences

    def room(self, track: int) -> bool:
        return self.counts[track] < self.depth

    def give(self) -> int | None:
        """The track of what goes out in this cycle."""
        if not self.order.valid or not self.write.ready:
            return None
        track = self.ordered[0]
        queue = self.tracks[track]
        if not queue.valid:
            return None
        self.write.push(queue.last)
        if queue.last:
            self.order.pop()
            self.ordered.popleft()
        queue.pop()
        return track

    def commit(self) -> None:
        for channel in (self.order, *self.tracks):
            if channel.active:
                channel.commit()


def tracks_machine(
    timing: LayerTiming,
    tracks: TrackTiming,
    x: Channel,
    always: Sequence[Channel],
    finals: Sequence[Channel],
) -> Machine:
    """The machine of ``gw_recurrent`` between ``gw_tracks_in`` and ``gw_tracks_out``.

    Args:
        timing: Of a step.
        tracks: How many, and how they are held.
        x: Its input.
        always: What gets a beat each step.
        finals: What gets one at the end of a sequence.
    """
    count = tracks.sequences
    steps = [_Queues(write, tracks.depth, count) for write in always]
    ends = [_Queues(write, FINALS, count) for write in finals]
    beats = [Channel(tracks.depth) for _ in range(count)]
    waits = [0] * count
    fill = began = count - 1
    inside = x_held = False
    slot = pending = cycle = 0
    flying: deque[tuple[int, int, bool]] = deque()  # cycle of completion, track, last
    takings: deque[int] = deque()  # when x is taken
    complete: deque[tuple[int, bool]] = deque()
    while True:
        track = fill if inside else (fill + 1) % count
        told = inside or all(queue.order.ready for queue in (*steps, *ends))
        take = x.valid and beats[track].ready and told
        starts = None
        if slot == 0 and not x_held and pending < 2 * count:
            turns = ((began + 1 + i) % count for i in range(count))
            starts = next((n for n in turns if _may(n, beats, waits, steps, ends)), None)
        gives = [queue.give() for queue in (*steps, *ends)]
        retires = bool(complete)
        if complete:
            from_track, last = complete.popleft()
            for queue in (*steps, *(ends if last else ())):
                queue.tracks[from_track].push(last if queue in steps else True)
        if flying and flying[0][0] == cycle:
            complete.append(flying.popleft()[1:])
        if takings and takings[0] == cycle:
            takings.popleft()
            beats[began].pop()
            x_held = False
        for queue, given in zip((*steps, *ends), gives, strict=True):
            if given is not None:
                queue.counts[given] -= 1
        waits = [max(wait - 1, 0) for wait in waits]
        if starts is not None:
            last = beats[starts].last
            for queue in (*steps, *(ends if last else ())):
                queue.counts[starts] += 1
            flying.append((cycle + timing.done, starts, last))
            takings.append(cycle + timing.x_taken)
            waits[starts] = tracks.distance - 1
            began, x_held = starts, True
        if take:
            beats[track].push(x.last)
            if not inside:
                for queue in (*steps, *ends):
                    queue.order.push(False)
                    queue.ordered.append(track)
            fill, inside = track, not x.last
            x.pop()
        pending += (starts is not None) - retires
        if slot > 0 or starts is not None:
            slot = (slot + 1) % timing.slots
        for channel in beats:
            if channel.active:
                channel.commit()
        for queue in (*steps, *ends):
            queue.commit()
        cycle += 1
        yield


def _may(
    track: int,
    beats: Sequence[Channel],
    waits: Sequence[int],
    steps: Sequence[_Queues],
    ends: Sequence[_Queues],
) -> bool:
    """Whether a track may begin a step."""
    if not beats[track].valid or waits[track]:
        return False
    held = (*steps, *(ends if beats[track].last else ()))
    return all(queue.room(track) for queue in held)
