"""What a board does, where Python finds numpy and nothing else: 1,000 sequences, and faults.

Arguments: a folder with gatewright_pynq.py, NAME.json, the compiled model and sequences.npz; NAME.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any, Callable

STALL = 0.3
"""Seconds of patience where a DMA stands still."""
PATIENT = 60.0
ABSENT = ("gatewright", "torch", "onnx", "brevitas", "pynq")
STANDARD = getattr(sys, "stdlib_module_names", frozenset())
"""Unknown before Python 3.10."""


class Refuse:
    """Finds nothing but the standard library, numpy and what lies beside the driver."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        top = name.partition(".")[0]
        ours = ("numpy", "gatewright_pynq", "modelled_board")
        if top in ABSENT or (STANDARD and top not in STANDARD and top not in ours):
            raise ModuleNotFoundError("not on a board: " + name)


sys.meta_path.insert(0, Refuse())  # type: ignore[arg-type]
for absent in ABSENT:
    try:
        importlib.import_module(absent)
    except ModuleNotFoundError:
        continue
    raise AssertionError(absent + " is there")

folder, name = sys.argv[1:]
sys.path.insert(0, folder)

import numpy as np  # noqa: E402
from gatewright_pynq import Overlay, OverlayError, seal  # noqa: E402
from modelled_board import ModelledBoard  # noqa: E402


def refused(code: str, call: Callable[[], Any]) -> OverlayError:
    """The error of a call."""
    try:
        call()
    except OverlayError as error:
        assert error.code == code, error
        assert error.where and error.cause.endswith(".") and error.remedy, error
        return error
    raise AssertionError("nothing was refused with " + code)


data = np.load(os.path.join(folder, "sequences.npz"))
with open(os.path.join(folder, name + ".json")) as file:
    facts = json.load(file)
axes = [argument["shape"].index("B") for argument in facts["arguments"]]
lengths = data["lengths"].tolist()
ends = np.cumsum(lengths).tolist()
arguments = [data[f"argument_{i}"] for i in range(len(axes))]
results = [data[f"result_{i}"] for i in range(len(facts["results"]))]
floats = [data[f"float_{i}"] for i in range(len(facts["results"]))]
# Sequences one behind the other along time; all else along B.
xs = [
    (arguments[0][end - steps : end], *(a[:, i : i + 1] for a in arguments[1:]))
    for i, (end, steps) in enumerate(zip(ends, lengths))
]


def expected(all_of: list[Any], i: int) -> list[Any]:
    """What the model returns for one sequence."""
    return [all_of[0][ends[i] - lengths[i] : ends[i]], *(y[:, i : i + 1] for y in all_of[1:])]


def check(ys: list[Any], first: int, all_of: list[Any]) -> None:
    for i, y in enumerate(ys, first):
        for mine, theirs in zip(y, expected(all_of, i)):
            assert mine.dtype == theirs.dtype and np.array_equal(mine, theirs), (i, mine, theirs)


dmas = max(len(facts["inputs"]), len(facts["outputs"]))
board = ModelledBoard(os.path.join(folder, "board.so"), dmas)
bitfile = os.path.join(folder, name + ".bit")
overlay = Overlay(bitfile, timeout=PATIENT, board=board)
done = 0


def go_on(count: int, raw: bool = True, share: int = 0) -> None:
    """The next sequences, in one call or one by one; they have to be right."""
    global done
    for begin in range(done, done + count, share or count):
        end = min(begin + (share or count), done + count)
        check(overlay.run(xs[begin:end], raw), begin, results if raw else floats)
    done += count


# Back to back, one by one, as floats, under stalls of every kind.
go_on(200)
assert overlay.counters()["sequences_out"] == 200
assert overlay.counters()["busy_cycles"] <= overlay.counters()["cycles"]
board.stall(128, seed=7)
go_on(100, raw=False)
go_on(30, share=1)
board.stall(240, seed=9)
go_on(20)
board.stall(0, seed=1)

# Empty and oversized ones never leave; what came before and comes after is right.
steps = facts["max_steps"]
for odd in (xs[0][0][:0], np.repeat(xs[0][0][:1], steps + 1, axis=0)):
    refused("GW-601", lambda odd=odd: overlay.run([xs[1], (odd, *xs[0][1:])]))  # type: ignore[misc]
go_on(20)
facts["max_steps"] = None
facts["seal"] = seal(facts)
os.mkdir(os.path.join(folder, "long"))
with open(os.path.join(folder, "long", name + ".json"), "w") as file:
    json.dump(facts, file)
careless = Overlay(os.path.join(folder, "long", name + ".bit"), timeout=PATIENT, board=board)
long = (np.repeat(xs[0][0][:1], steps + 1, axis=0), *xs[0][1:])
refused("GW-908", lambda: careless.run([xs[1], long, xs[2]]))
check(careless.run([xs[3]], raw=True), 3, results)
go_on(30)

# A DMA that stands still, each way.
for receives in (False, True):
    for dma in (0, len(facts["outputs" if receives else "inputs"]) - 1):
        overlay.timeout = STALL
        board.hold(dma, receives, True)
        refused("GW-904", lambda: overlay.run(xs[:8]))
        board.hold(dma, receives, False)
        overlay.timeout = PATIENT
        go_on(20)
board.hold(0, True, True)
board.later(300, lambda: board.hold(0, True, False))  # which is not for ever
go_on(20)

# A reset and a clear: between calls, and while sequences are under way.
for disturb in (board.reset, board.clear, overlay.reset, overlay.clear):
    disturb()
    go_on(25)
codes: dict[str, set[str]] = {"reset": set(), "clear": set()}
for place in (3, 40, 75, 130, 190, 260):
    for disturb in (board.reset, board.clear):
        board.ahead(place % 3)
        overlay.timeout = STALL
        board.later(place, disturb)
        try:
            ys = overlay.run(xs[done : done + 12], raw=True)
        except OverlayError as error:
            codes[disturb.__name__].add(error.code)
        else:
            check(ys, done, results)  # it came before the first one, or behind the last
        overlay.timeout = PATIENT
        go_on(12)
assert {"GW-912"} <= codes["reset"] <= {"GW-905", "GW-912"}, codes
assert {"GW-905"} <= codes["clear"] <= {"GW-904", "GW-905", "GW-912"}, codes

# Memory that goes away, and memory that there is not.
board.later(60, lambda: board.library.board_memory(board.handle, *forget(), 0))


def forget() -> Any:
    import ctypes

    return ctypes.c_uint64(max(board.live)), ctypes.c_uint64(0)


refused("GW-912", lambda: overlay.run(xs[:60]))

# It runs backwards, too, so it has to see a whole sequence.
refused("GW-607", overlay.stream)
go_on(1000 - done)
assert len(board.live) == 2 * len(facts["outputs"]), board.live  # the scraps of both overlays
assert not board.trouble, board.trouble
board.close()
print(done, "sequences")
