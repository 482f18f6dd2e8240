"""A sequence that comes in pieces."""

from __future__ import annotations

import threading
from typing import Any, Callable

import numpy as np

from gatewright.hls_templates.pynq.driver.faults import OverlayError
from gatewright.hls_templates.pynq.driver.numbers import unfit


class OverlayStream:
    """One sequence in pieces: each call goes on from the state that the one before left.

    Use it as a context manager, or call ``close``.

    Args:
        where: What runs it, for errors.
        argument: What NAME.json says of the frames.
        check: The arrays of a call that goes on or begins, or GW-601.
        run: Runs them, raw or not, from the state there is or from the start.
    """

    def __init__(
        self,
        where: str,
        argument: dict[str, Any],
        check: Callable[[Any, bool], list[Any]],
        run: Callable[[list[Any], bool, bool], Any],
    ) -> None:
        self._where, self._argument, self._check, self._run = where, argument, check, run
        self.closed = False
        self._turns = threading.RLock()  # a piece goes on from the one before, of any thread
        self.reset()

    def __enter__(self) -> OverlayStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the board to others."""
        self.closed = True

    def reset(self) -> None:
        """Let the next call begin a new sequence, with new initial states if there are any.

        Raises:
            OverlayError: GW-606 if the stream is closed.
        """
        with self._turns:
            self._check_open()
            self._begun = self._lost = False
            self._given: list[Any] = []

    def __call__(self, frame: Any, raw: bool = False) -> Any:
        """Run the next steps.

        Args:
            frame: float32 [1, n, I], or [n, 1, I] or [1, I, n] as the model takes it, of any n
                that windows over time leave. The first call of a sequence takes a tuple of it and
                the initial states, if the model takes those; they hold for the whole sequence.
            raw: Integer codes out instead of floats.

        Returns:
            What ``simulate`` returns, as if the sequence ended here.

        Raises:
            OverlayError: GW-601 for a frame that does not fit; GW-606 if the stream is closed, or
                its last call failed on its way; GW-909 if the state was lost; and as ``simulate``.
        """
        with self._turns:
            return self._next(frame, raw)

    def _next(self, frame: Any, raw: bool) -> Any:
        self._check_open()
        if self._lost:
            raise self._refused("its last call failed on its way", "Call reset() and begin anew.")
        if self._begun and self._given:
            if isinstance(frame, tuple) and len(frame) > 1:
                fault = "initial states come with the first call of a stream only"
                raise unfit(fault, self._argument)
            frame = (frame, *self._given)
        arrays = self._check(frame, self._begun)
        if arrays[0].shape[self._argument["shape"].index("B")] != 1:
            raise unfit("a stream is one sequence", self._argument)
        self._lost = True  # unless the board comes back
        answer = self._run(arrays, raw, self._begun)
        self._given = self._given or [np.copy(state) for state in arrays[1:]]
        self._begun, self._lost = True, False
        return answer

    @property
    def states(self) -> Any:
        """Not of a board, which keeps them to itself.

        Raises:
            OverlayError: GW-606.
        """
        raise self._refused("a board shows no states", "Stream at a level of the build.")

    def _check_open(self) -> None:
        if self.closed:
            raise self._refused("it is closed", "Open another one.")

    def _refused(self, fault: str, remedy: str) -> OverlayError:
        return OverlayError("GW-606", "stream of " + self._where, fault + ".", remedy)
