"""The ops of the integer graph: each is described once, in the module of its family."""

from __future__ import annotations

from gatewright.ir.ops.argmax import ArgMax
from gatewright.ir.ops.base import Op
from gatewright.ir.ops.elementwise import Add, Mul, Sub
from gatewright.ir.ops.lookup import LookUp
from gatewright.ir.ops.matmul import MatMul
from gatewright.ir.ops.multithreshold import MultiThreshold
from gatewright.ir.ops.over_time import ReduceMax, ReduceSum
from gatewright.ir.ops.scan import Scan
from gatewright.ir.ops.sequence import Concat, Flatten, InitialState, SelectLast

REGISTRY: dict[str, Op] = {
    op.name: op
    for op in (
        Add(),
        ArgMax(),
        Concat(),
        Flatten(),
        InitialState(),
        LookUp(),
        MatMul(),
        Mul(),
        MultiThreshold(),
        ReduceMax(),
        ReduceSum(),
        Scan(),
        SelectLast(),
        Sub(),
    )
}
