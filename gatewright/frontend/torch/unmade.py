"""Why no kernel gives a re-arranged tensor, and what to write instead."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from gatewright.errors import GatewrightError


class Why(enum.Enum):
    """What about an arrangement no kernel does."""

    REPEATS = enum.auto()
    NO_FEATURES = enum.auto()
    CUTS = enum.auto()
    ONE_STEP = enum.auto()
    JOINS_STEPS = enum.auto()
    ROWS = enum.auto()


_REASONS = {
    Why.REPEATS: (
        "it repeats elements, and a kernel gives as many steps as it takes, or fewer.",
        "Let a decoder read the sequence, with the encoder's state, decoder(x, (h, c)); or compile "
        "what lies before and behind as two models, and repeat on the host between them.",
    ),
    Why.NO_FEATURES: (
        "it has no axis of features.",
        "Keep one of size 1: y[:, :1] for y[:, 0], out[:, -1:] of values [B, T]; at the end of the "
        "model squeeze(-1) drops it.",
    ),
    Why.CUTS: (
        "it takes some features of a tensor, or all in another order, and a kernel takes all of "
        "them as they are.",
        "Let each part be a tensor of its own: of the input an argument, forward(self, a, b), cut "
        "on the host; of a linear layer two of them, self.a(y) and self.b(y), each with rows of "
        "its weights; of an output return all, and cut on the host. In a float model nn.LSTM, "
        "nn.RNN and nn.Linear may read features of an argument, each always the same, "
        "self.lstm(x[..., :2]): calibration makes layers of all features of them.",
    ),
    Why.ONE_STEP: (
        "the input has one time step, its axis 1 is one, and no kernel makes steps of the features "
        "of one.",
        "Take the axis of one away on the host: pass [B, T, F], which is x.squeeze(1) of "
        "[B, 1, T, F].",
    ),
    Why.JOINS_STEPS: (
        "it puts steps of several tensors behind one another, and a kernel gives those of one.",
        "Call a layer once, with the whole sequence: out, state = self.lstm(x). A loop that only "
        "steps, and gives all steps in their order, calibration makes a layer of. Features are "
        "joined by torch.cat((a, b), -1), sequences on the host.",
    ),
    Why.ROWS: (
        "its rows are neither one a sequence nor one a time step, or not in their order.",
        "Give layers and the output a row for each sequence, [B, F], or for each time step, "
        "[B, T, F], with features side by side; of steps take one, out[:, 2], or some in their "
        "order, out[:, 1:5], out[:, ::2]. A view that only gives the output another shape is the "
        "host's.",
    ),
}


def not_made(where: str, shape: Sequence[int], why: Why) -> GatewrightError:
    """GW-108 for a tensor that no kernel gives.

    Args:
        where: The call that makes it.
        shape: Its own.
        why: What about it.
    """
    cause, remedy = _REASONS[why]
    return GatewrightError(
        "GW-108",
        where=where,
        cause=f"it gives a tensor {list(shape)} that no kernel makes: {cause}",
        remedy=remedy,
    )
