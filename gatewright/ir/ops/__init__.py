"""The ops of the integer graph: each is described once, in the module of its family."""

from __future__ import annotations

from gatewright.ir.graph import Op
from gatewright.ir.ops.argmax import ArgMax
from gatewright.ir.ops.elementwise import Add, Mul, Sub
from gatewright.ir.ops.embedding import Embedding
from gatewright.ir.ops.lookup import LookUp
from gatewright.ir.ops.matmul import MatMul
from gatewright.ir.ops.multithreshold import MultiThreshold
from gatewright.ir.ops.over_time import ReduceMax, ReduceSum
from gatewright.ir.ops.scan import Scan
from gatewright.ir.ops.sequence import Concat, Flatten, InitialState, SelectLast, SelectSteps
from gatewright.ir.ops.window import GroupMax, GroupSum, Window

ADD = Add()
ARGMAX = ArgMax()
CONCAT = Concat()
EMBEDDING = Embedding()
FLATTEN = Flatten()
GROUP_MAX = GroupMax()
GROUP_SUM = GroupSum()
INITIAL_STATE = InitialState()
LOOKUP = LookUp()
MATMUL = MatMul()
MUL = Mul()
MULTITHRESHOLD = MultiThreshold()
REDUCE_MAX = ReduceMax()
REDUCE_SUM = ReduceSum()
SCAN = Scan()
SELECT_LAST = SelectLast()
SELECT_STEPS = SelectSteps()
SUB = Sub()
WINDOW = Window()

BY_NAME: dict[str, Op] = {
    op.name: op
    for op in (
        ADD,
        ARGMAX,
        CONCAT,
        EMBEDDING,
        FLATTEN,
        GROUP_MAX,
        GROUP_SUM,
        INITIAL_STATE,
        LOOKUP,
        MATMUL,
        MUL,
        MULTITHRESHOLD,
        REDUCE_MAX,
        REDUCE_SUM,
        SCAN,
        SELECT_LAST,
        SELECT_STEPS,
        SUB,
        WINDOW,
    )
}
"""As ONNX files name them."""
