"""The MODEL argument of the command line: an ONNX file, ``module:factory``, or a folder."""

from __future__ import annotations

import errno
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from gatewright.errors import GatewrightError

FOLDER_MODULE = "model.py"
USAGE = (
    "Pass an .onnx file, module:factory, file.py:factory, or a folder whose model.py has model() "
    "and example_input()."
)


@dataclass(frozen=True)
class ModelSource:
    """What a MODEL argument stands for.

    Attributes:
        model: A torch module, or the path of an ONNX file.
        example_input: For a torch module; None where its Python module makes none.
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
        argument: A path that ends in ``.onnx``; ``module:factory`` or ``file.py:factory``, where
            the factory returns a module or a pair (module, example input), or is the module; or a
            folder whose ``model.py`` has ``model()`` and ``example_input()``, and may have
            ``dataset(split)``.

    Raises:
        GatewrightError: GW-603.
    """
    path = Path(argument)
    exists = _exists(path)
    if exists and path.is_dir():
        return _from_module(_import_file(path / FOLDER_MODULE), "model", argument)
    name, _, factory = argument.rpartition(":")
    if not exists and name.endswith(".py") and factory.isidentifier():
        return _from_module(_import_file(Path(name)), factory, argument)
    if not exists and all(part.isidentifier() for part in [*name.split("."), factory]):
        return _from_module(_import_name(name, argument), factory, argument)
    if not exists and path.suffix != ".onnx":
        raise _refused(argument, "there is no such file or folder, and it is no module:factory")
    return ModelSource(path)


def _exists(path: Path) -> bool:
    """Whether there is such a file or folder; not so for a name that no file can have."""
    try:
        return path.exists()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise _refused(str(path), f"it cannot be read: {error.strerror}") from error


def torch_model(source: ModelSource, argument: str) -> Any:
    """The torch module that verification begins with.

    Raises:
        GatewrightError: GW-603 if MODEL is a file, which holds none.
    """
    if source.torch_module is None:
        raise _refused(
            argument,
            "a file holds no torch module to begin with",
            "Pass module:factory or a folder with model.py, or leave --model out.",
        )
    return source.torch_module


def load_dataset(source: ModelSource, split: str) -> tuple[Any, Any] | None:
    """Inputs and labels of one split, or None without a dataset.

    Raises:
        GatewrightError: GW-603.
    """
    if source.dataset is None:
        return None
    with _user_code(f"dataset({split!r})"):
        x, labels = source.dataset(split)
        return x, labels


def with_example(source: ModelSource, argument: str) -> ModelSource:
    """A model that has an example input, or needs none.

    Raises:
        GatewrightError: GW-603.
    """
    if source.torch_module is None or source.example_input is not None:
        return source
    raise _refused(
        argument,
        "beside the model there is no function example_input(), and no data is given",
        "Write one beside the model, def example_input(): return torch.zeros(1, T, I), of the "
        "shape that the model takes; or give calibration data, --calibrate data.npy.",
    )


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise _refused(str(path.parent), f"it holds no {path.name}")
    spec = importlib.util.spec_from_file_location(f"gatewright_model_{path.parent.name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    with _user_code(str(path)):
        spec.loader.exec_module(module)
    return module


def _import_name(name: str, argument: str) -> ModuleType:
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` does, so that a module beside the user is found
    with _user_code(argument):
        return importlib.import_module(name)


def _from_module(module: ModuleType, factory: str, argument: str) -> ModelSource:
    make = getattr(module, factory, None)
    if not callable(make):
        raise _refused(argument, f"{module.__name__} has no function {factory}()")
    with _user_code(argument):
        made = make if _is_module(make) else make()
    dataset = getattr(module, "dataset", None)
    if isinstance(made, tuple):
        if len(made) != 2:
            raise _refused(
                argument, f"{factory}() gives {len(made)} values, not module and example input"
            )
        return _source(argument, factory, made[0], made[1], dataset)
    example = getattr(module, "example_input", None)
    with _user_code(argument):
        example_input = example() if callable(example) else None
    return _source(argument, factory, made, example_input, dataset)


def _is_module(value: object) -> bool:
    """Whether it is a torch module itself, and no function that makes one."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module)


def _source(argument: str, factory: str, model: Any, example: Any, dataset: Any) -> ModelSource:
    if isinstance(model, str | os.PathLike):
        raise _refused(argument, f"{factory}() gives a path, not a torch module")
    return ModelSource(model, example, dataset)


@contextmanager
def _user_code(where: str) -> Iterator[None]:
    """The user's own code may fail in any way: say how, and in which line."""
    try:
        yield
    except (GatewrightError, KeyboardInterrupt):
        raise
    except BaseException as error:  # also SystemExit, with which it would end as if all were well
        raise _refused(
            where, _failure(error), "Make it run in Python first, with what it imports installed."
        ) from error


def _failure(error: BaseException) -> str:
    """What was raised, where, and what it says."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    file, line, says = frame.filename, frame.lineno, _words(error)
    if isinstance(error, SyntaxError) and error.filename:
        file, line, says = error.filename, error.lineno, error.msg
    return f"{type(error).__name__} in {Path(file).name}, line {line}: {says}".rstrip(".: ")


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as failed:  # the user's own __str__
        return f"its message fails with {type(failed).__name__}"


def _refused(where: str, fault: str, remedy: str = USAGE) -> GatewrightError:
    return GatewrightError("GW-603", where=where, cause=f"{fault}.", remedy=remedy)
