"""Reads external data: of regular files beside the model, as many bytes as a tensor has."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath, PureWindowsPath

from onnx import TensorProto, helper

from gatewright.errors import GatewrightError
from gatewright.files.limits import FILE_BYTES
from gatewright.files.reading import open_regular

ELEMENT_BYTES: dict[int, int] = {
    kind: helper.tensor_dtype_to_np_dtype(kind).itemsize
    for kind in (
        TensorProto.BOOL,
        TensorProto.DOUBLE,
        TensorProto.FLOAT,
        TensorProto.FLOAT16,
        TensorProto.INT8,
        TensorProto.INT16,
        TensorProto.INT32,
        TensorProto.INT64,
        TensorProto.UINT8,
        TensorProto.UINT16,
        TensorProto.UINT32,
        TensorProto.UINT64,
    )
}
"""Bytes of an element of each type that a constant may have."""


def tensor_bytes(tensor: TensorProto) -> int | None:
    """Bytes that the elements of a tensor take; None without a known type or a possible shape."""
    if tensor.data_type not in ELEMENT_BYTES or any(d < 0 for d in tensor.dims):
        return None
    count = ELEMENT_BYTES[tensor.data_type]
    for size in tensor.dims:
        count *= size
    return count


def read_external(tensor: TensorProto, folder: Path | None, used: int) -> int:
    """Move external data into ``raw_data``, from regular files inside the model's folder only.

    Args:
        tensor: Changed in place.
        folder: Of the model; None for a model in memory, which has no files.
        used: Bytes read so far, of the model and its other tensors.

    Returns:
        Bytes read with this tensor.

    Raises:
        GatewrightError: GW-201, GW-203, GW-206, GW-207, GW-208.
    """
    info = {entry.key: entry.value for entry in tensor.external_data}
    path = _external_path(tensor.name, info.get("location", ""), folder)
    size = tensor_bytes(tensor)
    if size is None:
        raise _mismatch(tensor.name, f"its type {tensor.data_type} or its shape is not possible.")
    FILE_BYTES.check(tensor.name, used + size)
    try:
        with open_regular(path) as file:
            there = os.fstat(file.fileno()).st_size
            offset = _number(tensor.name, info, "offset", 0)
            length = _number(tensor.name, info, "length", max(there - offset, 0))
            if offset + length > there:
                raise GatewrightError(
                    "GW-203",
                    where=str(path),
                    cause=f"tensor {tensor.name} ends after the file's end.",
                    remedy="Export or copy the file again, and compare its size.",
                )
            if length != size:
                raise _mismatch(
                    tensor.name, f"its data has {length} bytes, its shape and type need {size}."
                )
            file.seek(offset)
            data = file.read(size)
    except (OSError, ValueError) as error:
        raise GatewrightError(
            "GW-201",
            where=tensor.name,
            cause=f"its data file {info['location']!r} cannot be read "
            f"({getattr(error, 'strerror', None) or error}).",
            remedy="Keep the model and its data files in one folder.",
        ) from error
    if len(data) != size:
        raise _mismatch(tensor.name, "its data file became shorter while it was read.")
    tensor.raw_data = data
    tensor.ClearField("external_data")
    tensor.data_location = TensorProto.DEFAULT
    return used + size


def _number(name: str, info: dict[str, str], key: str, default: int) -> int:
    text = info.get(key, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise _mismatch(name, f"the {key} of its external data is {text[:40]!r}.")
    return int(text)


def _mismatch(name: str, cause: str) -> GatewrightError:
    return GatewrightError(
        "GW-207", where=name, cause=cause, remedy="Export the model again, and do not edit it."
    )


def _external_path(name: str, location: str, folder: Path | None) -> Path:
    refusal = GatewrightError(
        "GW-206",
        where=name,
        cause=f"its data is in {location[:200]!r}, which is not a file inside the model's folder.",
        remedy="Save the model with its weights inside: onnx.save(model, path).",
    )
    posix, windows = PurePosixPath(location), PureWindowsPath(location)
    absolute = posix.is_absolute() or windows.is_absolute() or bool(windows.drive)
    if folder is None or not location or absolute or "\0" in location:
        raise refusal
    if ".." in posix.parts or ".." in windows.parts:
        raise refusal
    try:
        root = folder.resolve()
        path = (root / location).resolve()  # follows symbolic links
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, or no possible name
        raise refusal from error
    if not path.is_relative_to(root) or path == root:
        raise refusal
    return path
