"""``--calibrate`` and what goes with it: the options of ``calibrate``, on the command line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from gatewright.calibration import Calibration, calibrate
from gatewright.cli import progress
from gatewright.cli.arrays import load_array, load_arrays
from gatewright.cli.models import ModelSource, load_dataset
from gatewright.errors import GatewrightError

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Calibrating:
    """What the command line says of calibration.

    Attributes:
        data: A ``.npy`` file of sequences, an ``.npz`` of arguments by name, or a split of the
            model's dataset; None for none.
        options: Of ``calibrate``, those that were given.
    """

    data: str | None
    options: dict[str, Any]


_OPTIONS = (
    click.option(
        "--calibrate",
        "data",
        metavar="X.npy|X.npz|SPLIT",
        help="Place the quantizers that MODEL lacks, ranged on these sequences.",
    ),
    click.option(
        "--bits",
        metavar="N|KIND=N,...",
        help="Of activations that --calibrate places: io, gate_acc, sigmoid, tanh, cell_state, "
        "act, input, all, or LAYER.KIND; auto for the cheapest. Without it 8; cell_state 10.",
    ),
    click.option(
        "--weight-bits",
        metavar="N|LAYER.weight=N,...",
        help="Of weights that --calibrate places; auto for the cheapest. Without it 8.",
    ),
    click.option(
        "--weight-scale",
        metavar="per_tensor|per_channel",
        help="One scale for each weight matrix, or for each of its rows.",
    ),
    click.option(
        "--max-loss",
        metavar="SHARE",
        help="What auto may cost: of accuracy, without labels of the output. Without it 0.01.",
    ),
    click.option(
        "--sensitivity",
        is_flag=True,
        help="Show what each layer and kind of value costs alone, and with a bit more.",
    ),
    click.option("--method", metavar="percentile|mse", help="How --calibrate chooses ranges."),
    click.option(
        "--percentile",
        metavar="P|KIND=P,...",
        help="Of the values seen, what a range holds. Without it 99.9.",
    ),
)


def calibrate_with(command: F) -> F:
    """The options of calibration, given to a command as ``calibrating``."""

    @wraps(command)
    def bundled(*args: Any, data: str | None, **parameters: Any) -> Any:
        texts = {name: parameters.pop(name) for name in _READERS}
        given = {name: text for name, text in texts.items() if text not in (None, False)}
        if given and data is None:
            option = next(iter(given)).replace("_", "-")
            raise click.UsageError(f"--{option} needs --calibrate, the data to calibrate with.")
        options = {name: _READERS[name](name, text) for name, text in given.items()}
        return command(*args, calibrating=Calibrating(data, options), **parameters)

    result: Any = bundled
    for option in reversed(_OPTIONS):
        result = option(result)
    return result  # type: ignore[no-any-return]


def calibrated(
    source: ModelSource, calibrating: Calibrating, quiet: bool
) -> tuple[ModelSource, Calibration | None]:
    """A model calibrated as the command line says, and the report; as it is without data.

    Raises:
        GatewrightError: GW-603, GW-604 and those of ``calibrate``.
    """
    if calibrating.data is None:
        return source, None
    x, labels = _data(source, calibrating.data)
    with progress.calibrating(quiet) as report:
        options = calibrating.options
        result = calibrate(source.model, x, labels=labels, progress=report, **options)
    return replace(source, model=result.model, example_input=result.example_input), result


def _data(source: ModelSource, argument: str) -> tuple[Any, Any]:
    if argument.endswith(".npz"):
        loaded = load_arrays(Path(argument), "GW-604")
        return _arguments(source, loaded) if isinstance(loaded, dict) else loaded, None
    if not argument.endswith(".npy"):
        loaded = load_dataset(source, argument)
        if loaded is None:
            raise GatewrightError(
                "GW-604",
                where=argument,
                cause="it is no .npy file, and the model has no dataset with such a split.",
                remedy="Save sequences with numpy.save and name that file; of several arguments, "
                "each with numpy.savez by its name, in an .npz.",
            )
        return loaded
    return load_array(Path(argument), "GW-604"), None


def _arguments(source: ModelSource, arrays: dict[str, Any]) -> tuple[Any, ...]:
    """Arrays by the names of arguments of forward(), in their order; as they come of a file."""
    forward = getattr(source.torch_module, "forward", None)
    names = list(arrays) if forward is None else list(inspect.signature(forward).parameters)
    if not arrays or not set(arrays) <= set(names):
        raise GatewrightError(
            "GW-604",
            where=", ".join(arrays) or "calibration data",
            cause=f"forward() has no such arguments: it takes {', '.join(names)}.",
            remedy=f"Save {', '.join(names)} with numpy.savez, each by its name.",
        )
    return tuple(arrays[name] for name in names if name in arrays)


def _by_key(name: str, text: str) -> Any:
    """``8``, or ``io=8,cell_state=12``; what is no number stays text, which is refused later."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) == 1 and "=" not in text:
        return _number(text)
    pairs = [part.partition("=") for part in parts]
    for part, (key, sign, value) in zip(parts, pairs, strict=True):
        if not (key and sign and value):
            raise GatewrightError(
                "GW-604",
                where=name,
                cause=f"{part!r} in it is no KEY=VALUE.",
                remedy="Write one value, or pairs such as io=8,cell_state=12.",
            )
    return {key.strip(): _number(value.strip()) for key, _, value in pairs}


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "bits": _by_key,
    "weight_bits": _by_key,
    "weight_scale": _by_key,
    "method": lambda name, text: text,
    "percentile": _by_key,
    "max_loss": lambda name, text: _number(text),
    "sensitivity": lambda name, flag: flag,
}
