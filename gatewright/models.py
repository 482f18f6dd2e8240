"""The MODEL argument of the command line: an ONNX file, ``module:factory``, or a folder."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from gatewright.errors import GatewrightError

FOLDER_MODULE = "model.py"


@dataclass(frozen=True)
class ModelSource:
    """What a MODEL argument stands for.

    Attributes:
        model: A torch module, or the path of an ONNX file.
        example_input: For a torch module.
        dataset: ``dataset(split)`` of the model's Python module, giving inputs and labels.
    """

    model: Any
    example_input: Any = None
    dataset: Callable[[str], tuple[Any, Any]] | None = None

    @property
    def torch_module(self) -> Any:
        """The torch module, or None for a file."""
        return None if isinstance(self.model, Path) else self.model


def load_model(argument: str) -> ModelSource:
    """Load a MODEL argument.

    Args:
        argument: A path that ends in ``.onnx``; ``module:factory``, where the factory returns a
            module or a pair (module, example input); or a folder whose ``model.py`` has
            ``model()`` and ``example_input()``, and may have ``dataset(split)``.

    Raises:
        GatewrightError: GW-603.
    """
    path = Path(argument)
    if path.is_dir():
        return _from_module(_import_file(path / FOLDER_MODULE), "model", argument)
    name, colon, factory = argument.partition(":")
    if colon and factory.isidentifier() and not path.exists():
        return _from_module(_import_name(name, argument), factory, argument)
    return ModelSource(path)


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise _refused(str(path.parent), f"it holds no {FOLDER_MODULE}")
    spec = importlib.util.spec_from_file_location(f"gatewright_model_{path.parent.name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        raise _refused(str(path), f"importing it failed: {error}") from error
    return module


def _import_name(name: str, argument: str) -> ModuleType:
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` does, so that a module beside the user is found
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise _refused(argument, f"importing {name} failed: {error}") from error


def _from_module(module: ModuleType, factory: str, argument: str) -> ModelSource:
    make = getattr(module, factory, None)
    if not callable(make):
        raise _refused(argument, f"{module.__name__} has no function {factory}()")
    made = make()
    dataset = getattr(module, "dataset", None)
    if isinstance(made, tuple):
        return ModelSource(made[0], made[1], dataset)
    example = getattr(module, "example_input", None)
    if not callable(example):
        raise _refused(argument, f"{module.__name__} has no function example_input()")
    return ModelSource(made, example(), dataset)


def _refused(where: str, cause: str) -> GatewrightError:
    return GatewrightError(
        "GW-603",
        where=where,
        cause=f"{cause}.",
        remedy="Pass an .onnx file, module:factory, or a folder whose model.py has model() and "
        "example_input().",
    )
