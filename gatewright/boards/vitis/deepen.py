"""Whether the schedule has to be made again: for the latency from h to h that the tool shows."""

from __future__ import annotations

from collections.abc import Iterable

from gatewright.boards.vitis.report import HlsKernel

CARRIED = "[HLS 200-880]"
"""Of the warning that a dependence from pass to pass keeps a loop from its interval."""


def deeper(kernels: Iterable[HlsKernel], complaints: Iterable[str]) -> int | None:
    """Cycles from an h to the next with which an interval of one can be kept; None if it is.

    What is read ``distance`` passes after it was written reaches an interval of k where the way
    from read to write takes at most k times as many cycles: so many, or those of a whole pass, do.

    Args:
        kernels: As they were scheduled.
        complaints: Of the log: other causes of an interval, such as ports of a memory, stay.
    """
    carried = [line for line in complaints if CARRIED in line]
    depths = [
        max(kernel.distance + 1, min(kernel.interval * kernel.distance, kernel.depth or 1 << 31))
        for kernel in kernels
        if kernel.distance is not None
        and kernel.interval is not None
        and kernel.interval > kernel.predicted_interval
        and any(kernel.name in line for line in carried)
    ]
    return max(depths, default=None)
