"""Recurrent layers as one executable node of QONNX, for flows that have none of their own.

Importing this package registers the domain ``gatewright.qonnx``.
"""

from gatewright.qonnx.extract import ExtractRecurrent
from gatewright.qonnx.node import (
    DOMAIN,
    OP_TYPE,
    NodePort,
    NodePorts,
    inner_model,
    integer_model,
    ports,
    recurrent_nodes,
)
from gatewright.qonnx.op import QuantRecurrent, register

register()

__all__ = [
    "DOMAIN",
    "OP_TYPE",
    "ExtractRecurrent",
    "NodePort",
    "NodePorts",
    "QuantRecurrent",
    "inner_model",
    "integer_model",
    "ports",
    "recurrent_nodes",
]
