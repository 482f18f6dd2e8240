"""Every emitter of a module, function or method: importing them enters them in the registry."""

from gatewright.frontend.torch import (
    activations,
    arithmetic,
    arrangements,
    calls,
    embedding,
    layers,
    on_host,
    recurrent,
    reductions,
    windows,
)

__all__ = [
    "activations",
    "arithmetic",
    "arrangements",
    "calls",
    "embedding",
    "layers",
    "on_host",
    "recurrent",
    "reductions",
    "windows",
]
