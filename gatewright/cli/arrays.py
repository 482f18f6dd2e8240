"""Arrays on disk: what the command line reads and writes."""

from __future__ import annotations

import io
import lzma
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from gatewright.builds.folder import check_file, write_bytes
from gatewright.errors import GatewrightError
from gatewright.files.reading import UNREADABLE
from gatewright.ir.lowering import IntegerModel

DAMAGED = (
    *UNREADABLE,
    *(EOFError, MemoryError, OverflowError, RuntimeError),  # sizes that a header makes up; locks
    *(SyntaxError, tokenize.TokenError),  # a header is a literal of Python
    *(lzma.LZMAError, zipfile.BadZipFile, zlib.error),
)
"""What numpy raises for a damaged file."""


def load_inputs(path: Path, model: IntegerModel) -> Any:
    """The arguments of a model from a file.

    Args:
        path: A ``.npy`` with the sequence; or an ``.npz`` with an array for each argument.
        model: Says what they are called.

    Raises:
        GatewrightError: GW-601 if it cannot be read, or an argument is missing.
    """
    loaded = load_arrays(path)
    if not isinstance(loaded, dict):
        return loaded
    names = [argument.name for argument in model.arguments]
    missing = [name for name in names if name not in loaded]
    if missing:
        raise GatewrightError(
            "GW-601",
            where=str(path),
            cause=f"it holds no array {missing[0]!r}.",
            remedy=f"Save {', '.join(names)} with numpy.savez.",
        )
    return tuple(loaded[name] for name in names)


def load_array(path: Path, code: str) -> npt.NDArray[Any]:
    """The array of a ``.npy``.

    Raises:
        GatewrightError: ``code`` if it cannot be read, or holds several.
    """
    loaded = load_arrays(path, code)
    if isinstance(loaded, dict):
        raise _unreadable(path, code, "it is an .npz")
    return np.asarray(loaded)


def load_arrays(path: Path, code: str = "GW-601") -> Any:
    """The array of a ``.npy``, or the arrays of an ``.npz`` by name.

    Raises:
        GatewrightError: ``code`` if it cannot be read.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            return loaded
        with loaded:
            return {name: loaded[name] for name in loaded.files}
    except DAMAGED as error:
        raise _unreadable(path, code, _reason(error)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if "pickled" in str(error):  # numpy's guess at whatever has no header of its own
        return "it has no header of numpy's, or holds Python objects"
    return str(error).rstrip(".") or type(error).__name__


def _unreadable(path: Path, code: str, fault: str) -> GatewrightError:
    return GatewrightError(
        code,
        where=str(path),
        cause=f"it cannot be read as {path.suffix if path.suffix == '.npz' else '.npy'}: {fault}.",
        remedy="Save sequences with numpy.save, several arguments with numpy.savez by their names, "
        "and name that file.",
    )


def named_outputs(result: Any, model: IntegerModel) -> dict[str, Any]:
    """What ``simulate`` gave, by the names of the model's outputs."""
    arrays = result if len(model.outputs) > 1 else (result,)
    return {output.name: array for output, array in zip(model.outputs, arrays, strict=True)}


def check_output(path: Path | None, *, several: bool) -> None:
    """Refuse a file that cannot be written as it is named, before anything runs.

    Raises:
        GatewrightError: GW-404.
    """
    if path is None:
        return
    suffix = ".npz" if several else ".npy"
    if path.suffix != suffix:
        raise click.BadParameter(f"{path} does not end in {suffix}.", param_hint="-o")
    check_place(path)


def check_place(path: Path) -> None:
    """Refuse a file that cannot be written, before anything runs.

    Raises:
        GatewrightError: GW-404.
    """
    if not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.parent}.", param_hint="-o")
    check_file(path)


def store(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write one array as ``.npy``, several as ``.npz``.

    Raises:
        GatewrightError: GW-404 if it cannot be written.
    """
    content = io.BytesIO()
    if path.suffix == ".npz":
        np.savez(content, **arrays)
    else:
        (array,) = arrays.values()
        np.save(content, array)
    write_bytes(path, content.getvalue())
