"""What a page is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Facts:
    """Everything a page shows.

    Attributes:
        name: Of the build.
        manifest: ``gatewright.json``.
        kernels: ``3_kernels.json``.
        places: The certificate's summary, a dict a place of rounding, and the total last.
        proof: How much is proven: ``share``, as text, and the ``sentence`` about it; integers that
            are ``proven``, and the others, ``listed``, of all that are ``reachable``.
        assumptions: What the certificate assumes.
        levels: What each level is, and what runs it, by name.
        verified: ``verify.json``, or None where verify has not run.
        boards: A ``synth.json`` for each board.
    """

    name: str
    manifest: dict[str, Any]
    kernels: dict[str, Any]
    places: list[dict[str, Any]]
    proof: dict[str, Any]
    assumptions: list[str]
    levels: dict[str, tuple[str, str]]
    verified: dict[str, Any] | None
    boards: list[dict[str, Any]]
