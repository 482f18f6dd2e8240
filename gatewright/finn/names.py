"""What a node's modules and namespaces are called, in either language."""

from __future__ import annotations

import re
from hashlib import sha256

from gatewright.hls_templates.project.names import Names

_READABLE = 31
"""Letters of a node's name that they carry, before the digest that tells it from others."""


def names_of(node: str) -> Names:
    """What the modules of a node begin with; no other node's do.

    Args:
        node: Its name, which tells it from the other nodes of its graph.
    """
    words = re.findall(r"[a-z0-9]+", node.lower()[:_READABLE])
    return Names("_".join(["n", *words, sha256(node.encode()).hexdigest()[:6]]))
