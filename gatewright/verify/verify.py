"""Verification: every level against the one before it, integer by integer, with no tolerance."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gatewright.builds.documents import Documents
from gatewright.builds.folder import VERIFY, WAVES, place_in, write_text, writing
from gatewright.errors import GatewrightError
from gatewright.files.warn import warn
from gatewright.hls_templates.cosim import Drive, Waveform
from gatewright.ir.types import IntArray
from gatewright.levels.cores import clocked_engine
from gatewright.levels.inputs import check_arguments, check_labels
from gatewright.levels.run import Arguments, Engine, Run, chunks
from gatewright.levels.table import FAST_LEVELS, LEVELS, TABLE, TORCH, level_engine
from gatewright.levels.torch import torch_engine
from gatewright.verify.divergence import first_divergence
from gatewright.verify.explained import boundary_cases, is_exact
from gatewright.verify.result import KINDS, Comparison, Report

RANDOM_SEQUENCES = 64
UNSAVED = ("GW-404", "GW-606")
"""What only says that a waveform cannot be kept."""


class UnsavedReportWarning(UserWarning):
    """The report of ``verify``, or a waveform, could not be left in the build folder."""


def verify(
    build: Documents,
    x: Any = None,
    model: Any = None,
    *,
    labels: npt.NDArray[np.int64] | None = None,
    levels: Sequence[str] = FAST_LEVELS,
    progress: Callable[[str, int, int], None] | None = None,
) -> Report:
    """Run every level on the same input and compare each with the one before it.

    Compared are h and c of every step, every other value inside the layers that both levels show,
    and the output. C-simulation runs on ap_int, as Vitis HLS does. The report is left in the build
    folder too, as ``verify.json``; an ``UnsavedReportWarning`` says where that could not be.

    Args:
        build: The build.
        x: Input in the model's layout, a tuple if it takes states too; by default seeded random
            sequences that span the input quantizer's range, or the table.
        model: The torch module, to begin the chain with torch itself.
        labels: Right classes, to report each level's accuracy (argmax of the output, or the output
            itself where the model ends in argmax).
        levels: Levels to run, in order; by default all that need no hardware tools.
        progress: Called with what begins (``compiling rtl``, ``running rtl``, ``comparing``), the
            sequences done and their total.

    Returns:
        The report; ``report.mismatches`` is 0 if all levels agree.

    Raises:
        GatewrightError: GW-601 for inputs or labels that do not fit, GW-602 for an unknown level,
            GW-605 for levels that give other shapes (a model that is not the one compiled), and
            those of the C++ compiler.
    """
    _check_levels(levels)
    arguments = random_input(build) if x is None else check_arguments(x, build.integer)
    labels = check_labels(labels, arguments, build.integer)
    total = arguments[0].shape[build.integer.arguments[0].batch_axis]
    report = progress or (lambda stage, done, total: None)
    engines: dict[str, Engine] = {}
    for name in levels:
        report(f"compiling {name}", 0, total)
        engines[name] = level_engine(build, name, taps=True)
    if model is not None:
        torch = torch_engine(build.integer, model, calibrated=build.calibrated)
        engines = {TORCH: torch, **engines}
    if len(engines) < 2:
        raise GatewrightError(
            "GW-602",
            where=f"levels {', '.join(engines)}",
            cause="there is nothing to compare.",
            remedy="Name two levels or more, or give the torch model.",
        )
    names = list(engines)
    pairs = [Comparison(a, b) for a, b in itertools.pairwise(names)]
    votes: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in names}
    for first, part in chunks(arguments, build.integer):
        runs = {}
        for name, engine in engines.items():
            report(f"running {name}", first, total)
            runs[name] = engine(part)
            y = runs[name].outputs[0]
            votes[name].append(y if build.integer.outputs[0].index else y.argmax(axis=-1))
        report("comparing", first, total)
        for pair in pairs:
            _compare(build, pair, runs, part, first)
    report("comparing", total, total)
    result = Report(total, pairs, _accuracy(votes, labels))
    _keep(build, result)
    return result


def _keep(build: Documents, report: Report) -> None:
    """Leave a report in the build; a folder that may only be read costs nobody the result."""
    text = json.dumps(report.to_json(), indent=1, sort_keys=True) + "\n"
    try:
        write_text(place_in(build.path, VERIFY), text)
    except GatewrightError as error:
        _say_unsaved(error)


def _say_unsaved(error: GatewrightError) -> None:
    message = f"{error.where} could not be written: {error.cause}"
    warn(message, UnsavedReportWarning)


def _check_levels(levels: Any) -> None:
    if isinstance(levels, str) or not isinstance(levels, Iterable):
        raise GatewrightError(
            "GW-602",
            where=f"levels {levels!r}",
            cause="that is no sequence of names.",
            remedy=f"Pass some of {LEVELS}.",
        )
    names = list(levels)
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise GatewrightError(
            "GW-602",
            where=f"level {repeated}",
            cause="it is named twice.",
            remedy="Name each level once.",
        )


def random_input(build: Documents, sequences: int = RANDOM_SEQUENCES, seed: int = 0) -> Arguments:
    """Seeded sequences of the example's length, and states, that span their quantizers' ranges."""
    rng, integer = np.random.default_rng(seed), build.integer
    steps = min(integer.trial_steps, build.kernels.max_steps or integer.trial_steps)
    sizes = {"B": sequences, "T": steps}
    arrays = []
    for position, argument in enumerate(integer.arguments):
        shape = [sizes[n] if isinstance(n, str) else n for n in argument.shape]
        arrays.append(integer.drawn(rng, position, shape))
    return tuple(arrays)


def _compare(
    build: Documents, pair: Comparison, runs: dict[str, Run], arguments: Arguments, first: int
) -> None:
    a, b = runs[pair.reference], runs[pair.level]
    before = pair.differing.total()
    for name in a.taps.keys() & b.taps.keys():
        kind = name.rpartition("/")[2] if "/" in name else "gates"
        _count(pair, kind if kind in KINDS else "gates", name, a.taps[name], b.taps[name])
    for name in build.integer.graph.outputs:
        _count(pair, "output", name, a.n[name], b.n[name])
    if pair.differing.total() == before:
        return
    if pair.divergence is None:
        pair.divergence = first_divergence(build, a, b, arguments, first)
        pair.waveform = _waveform(build, pair, arguments, first)
    cases = _boundary_cases(build, pair, runs, arguments)
    pair.unexplained |= cases is None
    pair.boundary += cases or 0


def _waveform(build: Documents, pair: Comparison, arguments: Arguments, first: int) -> str | None:
    """Run again what differs, and write down its signals from the step before on."""
    place = pair.divergence
    if place is None or not TABLE[pair.level].clocked:
        return None
    argument = build.integer.arguments[0]
    steps = 1 if argument.time_axis is None else arguments[0].shape[argument.time_axis]
    step = steps if place.step is None else place.step
    # A layer that runs backwards computes its last step first.
    begin = 0 if place.direction == "reverse" else max(0, step - 1)
    try:
        path = place_in(build.path, f"{WAVES}/{pair.level}-sequence{place.sequence}.vcd")
        with writing(path):
            path.parent.mkdir(exist_ok=True)
        drive = Drive(trace=Waveform(path, place.sequence - first, begin))
        clocked_engine(build, pair.level, drive)(arguments)
    except GatewrightError as error:
        if error.code not in UNSAVED:
            raise
        _say_unsaved(error)
        return None
    return str(path)


def _count(pair: Comparison, kind: str, name: str, a: IntArray, b: IntArray) -> None:
    if a.shape != b.shape:
        raise GatewrightError(
            "GW-605",
            where=f"{pair.level}: {name}",
            cause=f"its shape is {list(b.shape)}; {pair.reference} gives {list(a.shape)}.",
            remedy="Give the model that was compiled; if it is that one, please report a defect.",
        )
    pair.compared[kind] += a.size
    pair.differing[kind] += int((a != b).sum())


def _boundary_cases(
    build: Documents, pair: Comparison, runs: dict[str, Run], arguments: Arguments
) -> int | None:
    """How many float32 roundings explain the differences; None if anything else is needed.

    Each level of the pair answers for itself: a float one may round otherwise where that is
    listed, an exact one may not. So a wrong kernel does not pass for lying beside torch.
    """
    names = (pair.reference, pair.level)
    if not any(TABLE[name].floats for name in names):
        return None
    encoded, cases = build.float_model.encode(arguments), 0
    for name in names:
        if TABLE[name].floats:
            listed = boundary_cases(build.float_model, build.certificate, encoded, runs[name])
            if listed is None:
                return None
            cases += listed
        elif not is_exact(build.float_model, encoded, runs[name]):
            return None
    return cases or None  # what differs has a cause


def _accuracy(
    votes: dict[str, list[npt.NDArray[Any]]], labels: npt.NDArray[np.int64] | None
) -> dict[str, float]:
    if labels is None:
        return {}
    return {name: float((np.concatenate(v) == labels).mean()) for name, v in votes.items()}
