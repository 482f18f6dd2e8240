"""How much of a model is proven, in one ratio that everything shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gatewright.ir.certificate.certificate import Certificate

HUNDREDTHS = 100 * 100
"""Of a percent, in all."""


@dataclass(frozen=True)
class Proof:
    """The integers that can reach a rounding, and those at which float32 rounds as kernels do.

    Counted are the reachable integers of every place of rounding, once a channel, whatever data
    comes: the certificate judges each of them. What it does not list is proven.

    Attributes:
        reachable: How many there are.
        listed: At how many of them float32 may round otherwise.
    """

    reachable: int
    listed: int

    @staticmethod
    def of(certificate: Certificate) -> Proof:
        """What a certificate proves."""
        total = certificate.summary()[-1]
        return Proof(total.inputs, total.inputs_listed)

    @property
    def proven(self) -> int:
        """At how many of them it cannot."""
        return self.reachable - self.listed

    @property
    def share(self) -> str:
        """Proven of reachable, rounded down: 100 % says that nothing is left out."""
        if not self.listed:
            return "100 %"
        share = self.proven * HUNDREDTHS // self.reachable
        return f"{share // 100}.{share % 100:02} %"

    def __str__(self) -> str:
        proven = (
            f"Proof: {self.share} of the {self.reachable:,} integers that can reach a rounding are "
            "proven to round in torch's float32 as in the kernels"
        )
        if not self.listed:
            return f"{proven}."
        return f"{proven}; certificate.json lists the other {self.listed:,}."

    def facts(self) -> dict[str, Any]:
        """All of it, by name."""
        return {
            "share": self.share,
            "sentence": str(self),
            "proven": self.proven,
            "listed": self.listed,
            "reachable": self.reachable,
        }
