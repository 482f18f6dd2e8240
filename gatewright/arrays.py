"""Arrays on disk: what the command line reads and writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np

from gatewright.errors import GatewrightError
from gatewright.ir.lowering import IntegerModel


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


def load_arrays(path: Path) -> Any:
    """The array of a ``.npy``, or the arrays of an ``.npz`` by name.

    Raises:
        GatewrightError: GW-601 if it cannot be read.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            return loaded
        with loaded:
            return {name: loaded[name] for name in loaded.files}
    except (OSError, ValueError, EOFError) as error:
        raise GatewrightError(
            "GW-601",
            where=str(path),
            cause=f"it cannot be read as .npy: {error}.",
            remedy="Save the input with numpy.save.",
        ) from error


def named_outputs(result: Any, model: IntegerModel) -> dict[str, Any]:
    """What ``simulate`` gave, by the names of the model's outputs."""
    arrays = result if len(model.outputs) > 1 else (result,)
    return {output.name: array for output, array in zip(model.outputs, arrays, strict=True)}


def check_output(path: Path | None, *, several: bool) -> None:
    """Refuse a file that numpy would write under another name, before anything runs."""
    if path is None:
        return
    suffix = ".npz" if several else ".npy"
    if path.suffix != suffix:
        raise click.BadParameter(f"{path} does not end in {suffix}.", param_hint="-o")
    if not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.parent}.", param_hint="-o")


def store(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write one array as ``.npy``, several as ``.npz``."""
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    else:
        (array,) = arrays.values()
        np.save(path, array)
