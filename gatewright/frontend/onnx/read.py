"""Reads an ONNX file from disk, and tells apart what can be wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError, Message
from onnx import TensorProto

from gatewright.errors import GatewrightError
from gatewright.files.limits import ENTRIES, FILE_BYTES, NODES, RANK
from gatewright.files.reading import open_regular
from gatewright.frontend.onnx.fields import check_fields, varint
from gatewright.frontend.onnx.files import read_external

# Fields of ModelProto and their protobuf wire types (0: varint, 2: length-delimited).
_MODEL_FIELDS = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}
_START = 64
"""Bytes that tell whether a file may be a model: two tags and two numbers at most."""


def read_model(source: str | os.PathLike[str] | onnx.ModelProto) -> onnx.ModelProto:
    """The model with all its weights in memory, the source left as it is.

    Raises:
        GatewrightError: GW-201, GW-202, GW-203, GW-206, GW-207, GW-208.
    """
    if isinstance(source, onnx.ModelProto):
        model = onnx.ModelProto()
        model.CopyFrom(source)
        where, folder = "the model", None
    else:
        path = Path(source)
        model = _parse(path)
        where, folder = str(path), path.parent
    NODES.check(where, len(model.graph.node))
    _check_parts(where, model)
    used = model.ByteSize()
    for tensor in _tensors(model.graph):
        if tensor.data_location == TensorProto.EXTERNAL:
            used = read_external(tensor, folder, used)
    return model


def _check_parts(where: str, message: Message) -> None:
    """Refuse more dimensions than an array can have, and text that is no UTF-8.

    Such text protobuf hands out as bytes, in the place of a name.
    """
    if isinstance(message, onnx.TensorProto):
        RANK.check(message.name or where, len(message.dims))
    elif isinstance(message, onnx.TensorShapeProto):
        RANK.check(where, len(message.dim))
    for field, value in message.ListFields():
        if field.type not in (field.TYPE_MESSAGE, field.TYPE_STRING):
            continue  # numbers
        parts = [value] if isinstance(value, Message | str | bytes) else value
        if field.type == field.TYPE_MESSAGE:
            for part in parts:
                _check_parts(where, part)
        elif not all(isinstance(part, str) for part in parts):
            raise _damaged(where, f"a text in it ({field.full_name}) is no UTF-8")


def _parse(path: Path) -> onnx.ModelProto:
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                raise _damaged(path, "it is empty")
            _check_start(path, file.read(_START), size)
            FILE_BYTES.check(str(path), size)
            file.seek(0)
            data = file.read(size)
    except (OSError, ValueError) as error:
        what = "it is a folder." if path.is_dir() else f"it cannot be read ({error})."
        raise GatewrightError(
            "GW-201", where=str(path), cause=what, remedy="Check the path."
        ) from error
    check_fields(str(path), data, onnx.ModelProto.DESCRIPTOR, ENTRIES)
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        what = f"it begins like an ONNX model, but its {size} bytes cannot be parsed"
        raise _damaged(path, what) from error
    if not model.HasField("graph"):
        raise _damaged(path, "it ends before its graph")
    return model


def _damaged(path: Path | str, what: str) -> GatewrightError:
    return GatewrightError(
        "GW-203",
        where=str(path),
        cause=f"{what}.",
        remedy="Export or copy the file again, and compare its size.",
    )


def _check_start(path: Path, start: bytes, size: int) -> None:
    if not _starts_like_a_model(start, size):
        raise GatewrightError(
            "GW-202",
            where=str(path),
            cause="its first bytes are no ONNX model.",
            remedy="Give the .onnx file that export_qonnx wrote.",
        )


def _starts_like_a_model(data: bytes, size: int) -> bool:
    """Whether the first field is one of ModelProto, and a number or of a plausible length."""
    tag, at = varint(data, 0)
    field, wire = tag >> 3, tag & 7
    if _MODEL_FIELDS.get(field) != wire:
        return False
    value, at = varint(data, at)
    if wire == 0:
        next_tag, _ = varint(data, at)
        known = _MODEL_FIELDS.get(next_tag >> 3) == next_tag & 7
        return field != 1 or (0 < value < 1000 and (known or at >= size))
    return field == 7 or at + value <= size


def _tensors(graph: onnx.GraphProto) -> Iterator[TensorProto]:
    """Every tensor that may hold data, also inside attributes and subgraphs."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for subgraph in [attribute.g] if attribute.HasField("g") else [*attribute.graphs]:
                yield from _tensors(subgraph)
