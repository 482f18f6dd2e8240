"""Refuses files whose meaning would be a guess: names given twice, unknown versions, subgraphs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import onnx

from gatewright.errors import GatewrightError
from gatewright.ir.traced.vocabulary import QONNX_DOMAIN

# From 7 on Add and Gemm broadcast as today; what is newer than the installed onnx is not known.
OPSETS = {"": range(7, onnx.defs.onnx_opset_version() + 1), QONNX_DOMAIN: range(1, 3)}


def check_wellformed(model: onnx.ModelProto) -> None:
    """Check what a model says more than once, or in a language of another version.

    Raises:
        GatewrightError: GW-205 for versions, functions and subgraphs, GW-207 for double names.
    """
    for opset in model.opset_import:
        _check_version(opset)
    for function in model.functions:
        raise _unsupported(f"function {function.name}", "the file defines an op of its own.")
    graph = model.graph
    tensors = [t.name for t in graph.initializer]
    tensors += [t.values.name for t in graph.sparse_initializer]
    _check_once("graph", "initializer", tensors)
    _check_once("graph", "input", [i.name for i in graph.input])
    _check_once("graph", "opset", [_domain(o.domain) for o in model.opset_import])
    for node in graph.node:
        where = node.name or node.op_type
        _check_once(where, "attribute", [a.name for a in node.attribute])
        if any(a.HasField("g") or a.graphs for a in node.attribute):
            raise _unsupported(where, "it holds a subgraph.")


def _domain(name: str) -> str:
    return "" if name == "ai.onnx" else name


def _check_version(opset: onnx.OperatorSetIdProto) -> None:
    known = OPSETS.get(_domain(opset.domain))
    if known is not None and opset.version not in known:
        raise _unsupported(
            f"opset {opset.domain or 'ai.onnx'}",
            f"its version is {opset.version}; known are {known.start} to {known.stop - 1}.",
        )


def _check_once(where: str, kind: str, names: Iterable[str]) -> None:
    name, count = max(Counter(names).items(), key=lambda item: item[1], default=("", 0))
    if count > 1:
        raise GatewrightError(
            "GW-207",
            where=where,
            cause=f"its {kind} {name!r} is given {count} times.",
            remedy="export the model again, and do not edit it.",
        )


def _unsupported(where: str, cause: str) -> GatewrightError:
    return GatewrightError(
        "GW-205",
        where=where,
        cause=cause,
        remedy="export the model again with export_qonnx(..., dynamo=False).",
    )
