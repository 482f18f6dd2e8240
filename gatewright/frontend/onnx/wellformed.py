"""Refuses files whose meaning would be a guess, whatever kind of file they are."""

from __future__ import annotations

from collections import Counter

import onnx
import onnx.checker
from onnx.checker import C

from gatewright.errors import GatewrightError
from gatewright.ir.traced.vocabulary import QONNX_DOMAIN

# From 7 on Add and Gemm broadcast as today; what is newer than the installed onnx is not known.
OPSETS = {"": range(7, onnx.defs.onnx_opset_version() + 1), QONNX_DOMAIN: range(1, 3)}


def check_wellformed(model: onnx.ModelProto) -> int:
    """Check what a model says more than once, not at all, or in a language of another version.

    Returns:
        The version of ONNX it is written in; 0 if it does not say.

    Raises:
        GatewrightError: GW-205 for versions, functions and subgraphs, GW-207 for names that are
            double or missing.
    """
    for opset in model.opset_import:
        _check_version(opset)
    for function in model.functions:
        raise _unsupported(f"function {function.name}", "the file defines an op of its own.")
    graph = model.graph
    tensors = [t.name for t in graph.initializer]
    tensors += [t.values.name for t in graph.sparse_initializer]
    _check_names("graph", "initializer", tensors)
    _check_names("graph", "input", [i.name for i in graph.input])
    _check_names("graph", "opset", [_domain(o.domain) or "ai.onnx" for o in model.opset_import])
    for node in graph.node:
        where = node.name or node.op_type
        _check_names(where, "attribute", [a.name for a in node.attribute])
        if any(a.HasField("g") or a.graphs for a in node.attribute):
            raise _unsupported(where, "it holds a subgraph.")
        if not node.output or not node.output[0]:
            raise _malformed(where, "its first output has no name.")
    return next((o.version for o in model.opset_import if not _domain(o.domain)), 0)


def check_node(node: onnx.NodeProto, opset: int) -> None:
    """Check the inputs and attributes of a node against the definition of its op.

    Args:
        node: Those of other domains than ONNX' own are left to whoever reads them.
        opset: The version of ONNX.

    Raises:
        GatewrightError: GW-207.
    """
    if _domain(node.domain):
        return
    where = node.name or node.op_type
    if not opset:
        raise _malformed("the graph", "it does not say which version of ONNX it is written in.")
    context = C.CheckerContext()
    context.ir_version, context.opset_imports = onnx.IR_VERSION, {"": opset}
    plain = onnx.NodeProto()
    plain.CopyFrom(node)
    plain.domain = ""  # the checker does not know its other name
    try:
        onnx.checker.check_node(plain, context)
    except onnx.checker.ValidationError as error:
        says = str(error).strip().splitlines()[0]
        raise _malformed(
            where, f"it is no valid {node.op_type}: {says[:200].rstrip('.')}."
        ) from error


def _domain(name: str) -> str:
    return "" if name == "ai.onnx" else name


def _check_version(opset: onnx.OperatorSetIdProto) -> None:
    known = OPSETS.get(_domain(opset.domain))
    if known is not None and opset.version not in known:
        raise _unsupported(
            f"opset {opset.domain or 'ai.onnx'}",
            f"its version is {opset.version}; known are {known.start} to {known.stop - 1}.",
        )


def _check_names(where: str, kind: str, names: list[str]) -> None:
    if not all(names):
        raise _malformed(where, f"an {kind} of it has no name.")
    name, count = max(Counter(names).items(), key=lambda item: item[1], default=("", 0))
    if count > 1:
        raise _malformed(where, f"its {kind} {name!r} is given {count} times.")


def _malformed(where: str, cause: str) -> GatewrightError:
    return GatewrightError(
        "GW-207", where=where, cause=cause, remedy="Export the model again, and do not edit it."
    )


def _unsupported(where: str, cause: str) -> GatewrightError:
    return GatewrightError(
        "GW-205",
        where=where,
        cause=cause,
        remedy="Export the model again with export_qonnx(..., dynamo=False).",
    )
