"""Every emitter of a module, function or method: importing them enters them in the registry."""

from gatewright.frontend.torch import activations, calls, layers, recurrent, reductions

__all__ = ["activations", "calls", "layers", "recurrent", "reductions"]
