"""What a model may hold at most; ``docs/limits.md`` states every row of the table."""

from __future__ import annotations

from dataclasses import dataclass

from gatewright.errors import GatewrightError


@dataclass(frozen=True)
class Limit:
    """One bound.

    Attributes:
        most: The largest number that is allowed.
        what: What is counted.
        remedy: What to do about more.
        code: Of the error.
    """

    most: int
    what: str
    remedy: str
    code: str = "GW-208"

    def check(self, where: str, count: int) -> None:
        """Refuse more than ``most``.

        Raises:
            GatewrightError: Of this limit's code.
        """
        if count > self.most:
            raise GatewrightError(
                self.code,
                where=where,
                cause=f"there are {_shown(count)} {self.what}; {self.most} is the limit.",
                remedy=self.remedy,
            )


def _shown(count: int) -> str:
    """A number; Python writes none of thousands of digits."""
    return str(count) if count < VAST else f"over {VAST}"


VAST = 2**62
FILE_BYTES = Limit(
    2**28,
    "bytes of model and external data",
    "Give a model with fewer parameters: 2^26 float32 numbers fit.",
)
ENTRIES = Limit(
    2**19,
    "fields in the file, each of which takes far more memory than room",
    "Export the model without what its outputs do not need.",
)
INPUT_VALUES = Limit(
    2**26,
    "values in the example input",
    "Export with a shorter example input; a build takes any batch and length.",
    "GW-106",
)
STEPS = Limit(
    2**16,
    "steps in the example input",
    "Export or compile with a shorter example; a build takes sequences of any length.",
    "GW-106",
)
MAX_STEPS = Limit(
    2**20,
    "steps in a buffer (option max_steps)",
    "Pass a smaller max_steps: a buffer holds them all.",
    "GW-405",
)
RANK = Limit(64, "dimensions of one tensor", "Reshape it; numpy has no more either.")
NODES = Limit(2**14, "nodes", "Export the model without what its outputs do not need.")
OPERATIONS = Limit(2**9, "operations on activations", "Cut the model into several.")
LAYERS = Limit(2**6, "recurrent layers, each direction counted", "Cut the model into several.")
FEATURES = Limit(
    2**18,
    "features that Concat and Flatten give, together",
    "Join or flatten fewer features.",
)
UNFOLDED_BYTES = Limit(
    2**27,
    "bytes in constants that are computed, not stored, together",
    "Export with a smaller batch, and without constants that nothing needs.",
)
ACTIVATION_BITS = Limit(
    16,
    "bits in an activation",
    "Give that quantizer a bit_width of 16 or less; weights and biases may have 32.",
    "GW-107",
)
PARAMETER_BITS = Limit(
    32, "bits in a weight or bias", "Give that quantizer a bit_width of 32 or less.", "GW-107"
)
THRESHOLDS = Limit(
    2**25,
    "thresholds in one quantizer, codes times channels",
    "Use fewer bits in that quantizer, or one scale for all channels of the weight before it.",
)

LIMITS = {name: limit for name, limit in globals().items() if isinstance(limit, Limit)}
"""All of them by name, in the order of the page."""
