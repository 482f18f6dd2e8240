"""A sequence that comes in pieces: one call a piece, at any level and on a board."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from gatewright.errors import GatewrightError
from gatewright.hls_templates.records import QuantizerRecord
from gatewright.ir.host import finished
from gatewright.ir.lowering import IntegerModel
from gatewright.ir.streamable import Pieces, check_one_sequence, check_streamable
from gatewright.levels.inputs import check_arguments
from gatewright.levels.run import Arguments, Kept, StreamEngine, state_values

KeptStates = dict[str, npt.NDArray[Any]]

P = ParamSpec("P")
R = TypeVar("R")


class Stream:
    """One sequence in pieces: each call goes on from the state that the one before left.

    Use it as a context manager, or call ``close``. It runs what the build held when it was opened;
    whatever else runs in between, other streams too, leaves its state alone.

    Args:
        where: What runs it, for errors.
        integer: The integer model.
        make_engine: Makes what runs pieces, where the model allows it; freed with the stream.
        quantizers: Of each state that the engine shows, as in ``3_kernels.json``; None if it shows
            none.

    Raises:
        GatewrightError: GW-607 for a model that has to see a whole sequence.
    """

    def __init__(
        self,
        where: str,
        integer: IntegerModel,
        make_engine: Callable[[], StreamEngine],
        quantizers: Mapping[str, QuantizerRecord] | None,
    ) -> None:
        check_one_sequence(integer.arguments)
        self._pieces = check_streamable(integer.graph)
        self._where, self._integer, self._quantizers = where, integer, quantizers
        self._engine: StreamEngine | None = make_engine()
        self.reset()

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free what runs it."""
        self._engine = None

    @property
    def pieces(self) -> Pieces:
        """How many time steps its calls may have."""
        return self._pieces

    @property
    def closed(self) -> bool:
        """Whether it is."""
        return self._engine is None

    def reset(self) -> None:
        """Let the next call begin a new sequence, with new initial states if the model takes them.

        Raises:
            GatewrightError: GW-606 if the stream is closed.
        """
        self._opened()
        self._kept: Kept | None = None
        self._given: Arguments = ()
        self._raw = self._lost = False

    def __call__(self, frame: Any, *, raw: bool = False) -> Any:
        """Run the next steps.

        Args:
            frame: float32 [1, n, I], or [n, 1, I] or [1, I, n] as the model takes it, or the
                integers [1, n] or [n, 1] that it looks up, of any n that windows over time leave:
                ``pieces``. The first call of a sequence takes a tuple of it and the initial states,
                if the model takes those; they hold for the whole sequence.
            raw: Integer codes out instead of floats, here and in ``states``.

        Returns:
            What ``simulate`` returns: n steps, or, of a head on the last step or on a final state,
            the answer as if the sequence ended here.

        Raises:
            GatewrightError: GW-601 for a frame that does not fit, more than one sequence, or
                initial states in a later call; GW-606 if the stream is closed, or if the last call
                failed on its way; and what ``simulate`` raises while it runs.
        """
        engine = self._opened()
        if self._lost:
            raise self._unusable("its last call failed on its way", "Call reset() and begin anew.")
        arguments = self._check(frame)
        self._lost = True  # unless the engine comes back
        run = engine(arguments, self._kept)
        shown = self._quantizers or {}
        self._kept = {**{name: run.taps[name][:, -1] for name in shown}, **run.past}
        # The caller's arrays are the caller's: they may hold something else at the next call.
        self._given = self._given or tuple(np.copy(state) for state in arguments[1:])
        self._raw, self._lost = raw, False
        pairs = zip(run.outputs, self._integer.outputs, strict=True)
        outputs: tuple[Any, ...] = tuple(finished(y, output.on_host) for y, output in pairs)
        if raw:
            outputs = tuple(output.codes(run.n) for output in self._integer.outputs)
        return outputs if len(outputs) > 1 else outputs[0]

    @property
    def states(self) -> KeptStates:
        """h and c after the last call, by ``<layer>/h`` and ``<layer>/c``, [1, H]; none before.

        Floats, or codes after a call with ``raw``.

        Raises:
            GatewrightError: GW-606 on a board, which keeps them to itself, and if the stream is
                closed.
        """
        self._opened()
        if self._quantizers is None:
            raise self._unusable("a board shows no states", "Stream at a level of the build.")
        kept = self._kept or {}
        shown = {name: q for name, q in self._quantizers.items() if name in kept}
        return {name: state_values(kept[name], q, self._raw) for name, q in shown.items()}

    def _opened(self) -> StreamEngine:
        if self._engine is None:
            raise self._unusable("it is closed", "Open another one.")
        return self._engine

    def _check(self, frame: Any) -> Arguments:
        """The arguments of a call, with the initial states of the first one."""
        later = self._kept is not None
        if later and self._given:
            if _several(frame):
                raise GatewrightError(
                    "GW-601",
                    where="input",
                    cause="initial states come with the first call of a stream only.",
                    remedy="Pass the next steps alone, or call reset() to begin anew.",
                )
            frame = (frame, *self._given)
        arguments = check_arguments(frame, self._integer, piece=True)
        argument = self._integer.arguments[0]
        sequences = arguments[0].shape[argument.batch_axis]
        if sequences != 1:
            raise GatewrightError(
                "GW-601",
                where="input",
                cause=f"it holds {sequences} sequences, and a stream is one.",
                remedy="Pass B = 1, and open a stream for each sequence.",
            )
        if argument.time_axis is not None:
            self.pieces.check(arguments[0].shape[argument.time_axis], begins=not later)
        return arguments

    def _unusable(self, fault: str, remedy: str) -> GatewrightError:
        return GatewrightError(
            "GW-606", where=f"stream of {self._where}", cause=f"{fault}.", remedy=remedy
        )


def _several(frame: Any) -> bool:
    """Whether these are several arrays, rather than one or nested lists of numbers."""
    if isinstance(frame, list):
        return any(hasattr(part, "ndim") and part.ndim > 2 for part in frame)
    return isinstance(frame, tuple) and not hasattr(frame, "value") and len(frame) > 1


def check_stream(**wanted: object) -> None:
    """Refuse options that a stream does not have.

    Raises:
        GatewrightError: GW-606.
    """
    for name, value in wanted.items():
        if value:
            raise GatewrightError(
                "GW-606",
                where="stream",
                cause=f"it has no {name}.",
                remedy="Run the whole sequence without --stream.",
            )


def refuses_keep_state(method: Callable[P, R]) -> Callable[P, R]:
    """A method that tells who still passes ``keep_state`` of streams."""

    @wraps(method)
    def refusing(*args: P.args, **kwargs: P.kwargs) -> R:
        if "keep_state" in kwargs:
            raise no_keep_state(method.__name__)
        return method(*args, **kwargs)

    return refusing


def no_keep_state(where: str) -> GatewrightError:
    """What is said of it."""
    return GatewrightError(
        "GW-606",
        where=where,
        cause="there is no keep_state.",
        remedy="Use a stream, whose calls go on from each other: with build.stream(level) as "
        "stream, or device.stream(); on the command line --stream N.",
    )
