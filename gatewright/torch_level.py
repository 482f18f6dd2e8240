"""The level before all others: the torch module itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatewright.ir.lowering import IntegerModel
from gatewright.levels import Arguments, Engine, Run, nearest


def torch_engine(integer: IntegerModel, model: Any) -> Engine:
    """A torch module, its integers read off its quantizers.

    Args:
        integer: What it was compiled to.
        model: The module.
    """
    from gatewright.frontend import TorchReference

    reference = TorchReference(model)
    tensors = integer.graph.tensors
    time_major = integer.arguments[0].time_axis == 0

    def run(arguments: Arguments) -> Run:
        result = reference.run(*arguments)
        taps = {}
        for name, value in result.taps.items():
            layer = name.removesuffix("/out")
            if layer != name:  # the output of a quantizer in the head, in the user's layout
                name = next(
                    (n for n in (f"{layer}.out", f"{layer}.output_quant.out") if n in tensors), ""
                )
                if time_major and value.ndim == 3:
                    value = np.swapaxes(value, 0, 1)
            if name:
                taps[name] = value
        return Run(result.outputs, nearest(integer, result.outputs), taps)

    return run
