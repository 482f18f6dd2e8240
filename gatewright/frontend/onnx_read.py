"""Reads an ONNX file from disk, and tells apart what can be wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto

from gatewright.errors import GatewrightError

# Fields of ModelProto and their protobuf wire types (0: varint, 2: length-delimited).
_MODEL_FIELDS = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}


def read_model(source: str | os.PathLike[str] | onnx.ModelProto) -> onnx.ModelProto:
    """The model with all its weights in memory, the source left as it is.

    Raises:
        GatewrightError: GW-201, GW-202, GW-203, GW-206.
    """
    if isinstance(source, onnx.ModelProto):
        model = onnx.ModelProto()
        model.CopyFrom(source)
        folder = None
    else:
        path = Path(source)
        model = _parse(path)
        folder = path.parent
    for tensor in _tensors(model.graph):
        if tensor.data_location == TensorProto.EXTERNAL:
            _read_external(tensor, folder)
    return model


def _parse(path: Path) -> onnx.ModelProto:
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        what = "it is a folder." if path.is_dir() else f"it cannot be read ({error})."
        raise GatewrightError(
            "GW-201", where=str(path), cause=what, remedy="Check the path."
        ) from error
    if not data:
        raise _damaged(path, "it is empty")
    if not _starts_like_a_model(data):
        raise GatewrightError(
            "GW-202",
            where=str(path),
            cause="its first bytes are no ONNX model.",
            remedy="give the .onnx file that export_qonnx wrote.",
        )
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        what = f"it begins like an ONNX model, but its {len(data)} bytes cannot be parsed"
        raise _damaged(path, what) from error
    if not model.HasField("graph"):
        raise _damaged(path, "it ends before its graph")
    return model


def _damaged(path: Path, what: str) -> GatewrightError:
    return GatewrightError(
        "GW-203",
        where=str(path),
        cause=f"{what}.",
        remedy="export or copy the file again, and compare its size.",
    )


def _starts_like_a_model(data: bytes) -> bool:
    """Whether the first field is one of ModelProto, and a number or of a plausible length."""
    tag, at = _varint(data, 0)
    field, wire = tag >> 3, tag & 7
    if _MODEL_FIELDS.get(field) != wire:
        return False
    value, at = _varint(data, at)
    if wire == 0:
        next_tag, _ = _varint(data, at)
        known = _MODEL_FIELDS.get(next_tag >> 3) == next_tag & 7
        return field != 1 or (0 < value < 1000 and (known or at >= len(data)))
    return field == 7 or at + value <= len(data)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            break
        shift += 7
    return value, at


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


def _read_external(tensor: TensorProto, folder: Path | None) -> None:
    """Move external data into ``raw_data``, from files inside the model's folder only."""
    info = {entry.key: entry.value for entry in tensor.external_data}
    path = _external_path(tensor.name, info.get("location", ""), folder)
    try:
        offset, length = int(info.get("offset", "0")), int(info.get("length", "-1"))
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read() if length < 0 else file.read(length)
    except OSError as error:
        raise GatewrightError(
            "GW-201",
            where=tensor.name,
            cause=f"its data file {info['location']!r} cannot be read.",
            remedy="keep the model and its data files in one folder.",
        ) from error
    except ValueError as error:
        raise _damaged(path, f"offset or length of tensor {tensor.name} is not a number") from error
    if 0 <= length != len(data):
        raise _damaged(path, f"tensor {tensor.name} ends after the file's end")
    tensor.raw_data = data
    tensor.ClearField("external_data")
    tensor.data_location = TensorProto.DEFAULT


def _external_path(name: str, location: str, folder: Path | None) -> Path:
    refusal = GatewrightError(
        "GW-206",
        where=name,
        cause=f"its data is in {location!r}, which is not a file inside the model's folder.",
        remedy="save the model with its weights inside: onnx.save(model, path).",
    )
    posix, windows = PurePosixPath(location), PureWindowsPath(location)
    absolute = posix.is_absolute() or windows.is_absolute() or bool(windows.drive)
    if folder is None or not location or absolute or "\0" in location:
        raise refusal
    if ".." in posix.parts or ".." in windows.parts:
        raise refusal
    root = folder.resolve()
    path = (root / location).resolve()  # follows symbolic links
    if not path.is_relative_to(root) or path == root:
        raise refusal
    return path
