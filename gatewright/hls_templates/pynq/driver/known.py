"""NAME.json: what the driver knows of a build."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

from gatewright.hls_templates.pynq.driver.faults import TOGETHER, OverlayError

FACTS_SCHEMA = 1
"""The version of NAME.json, and of what its registers mean."""
LEAST_BYTES = 96
"""Of the registers of a DMA (PG021), and fewer than a design has."""


def read_facts(path: str) -> dict[str, Any]:
    """NAME.json.

    Raises:
        OverlayError: GW-911 if it cannot be read, is damaged, or is of another version.
    """
    try:
        with open(path, encoding="utf-8") as file:
            facts: dict[str, Any] = json.load(file)
        schema = facts["schema"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise OverlayError("GW-911", path, f"it cannot be read: {error!r}.", TOGETHER) from error
    if type(schema) is not int or schema != FACTS_SCHEMA:
        fault = f"it is of version {schema}, and this driver reads {FACTS_SCHEMA}."
        raise OverlayError("GW-911", path, fault, "Copy gatewright_pynq.py of that build, too.")
    if facts.get("seal") != seal(facts):
        fault = "it is not as Gatewright wrote it, beside its addresses."
        raise OverlayError("GW-911", path, fault, TOGETHER)
    says = unfit_addresses(facts)
    if says:
        remedy = "Write them as docs/pynq.md has it. " + TOGETHER
        raise OverlayError("GW-911", path, f"its addresses are damaged: {says}.", remedy)
    return facts


def seal(facts: dict[str, Any]) -> str:
    """SHA-256, in hexadecimal, of all but the addresses, which a board adds."""
    sealed = {key: facts[key] for key in facts if key not in ("addresses", "seal")}
    return hashlib.sha256(json.dumps(sealed, sort_keys=True).encode()).hexdigest()


def unfit_addresses(facts: dict[str, Any]) -> str:
    """What is wrong with the addresses of a board; "" if nothing is."""
    if "addresses" not in facts:
        return "there are none"
    addresses = facts["addresses"]
    if addresses is None:
        return ""  # which is said where they are needed
    if not isinstance(addresses, dict) or not isinstance(addresses.get("dma"), list):
        return "dma is no list"
    pairs = max(len(facts["inputs"]), len(facts["outputs"]))
    if len(addresses["dma"]) != pairs:
        return "there are {} dma, and {} are needed".format(len(addresses["dma"]), pairs)
    for place in [addresses.get("ip"), *addresses["dma"]]:
        if not isinstance(place, dict):
            return "ip or one of dma is no object"
        base, size = place.get("base"), place.get("bytes")
        if type(base) is not int or base < 0 or base % 4:
            return f"base is {base!r}"
        if type(size) is not int or not LEAST_BYTES <= size < 1 << 32:
            return f"bytes is {size!r}"
    clock = addresses.get("clock_mhz")
    if not isinstance(clock, (int, float)) or not 0 < clock < math.inf:
        return f"clock_mhz is {clock!r}"
    return ""
