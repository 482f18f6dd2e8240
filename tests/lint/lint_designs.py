"""Small designs as the linter looks at them, without a build folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from drawn_graphs import draw
from graphs import BYTE, STEPS, dense, recurrent, requantize, sequence_graph
from msgspec import structs
from small_cells import INPUTS, KINDS

from gatewright.hls_templates import map_design
from gatewright.hls_templates.mapping.mapper import MappingOptions
from gatewright.hls_templates.project.hls import project_files
from gatewright.hls_templates.records import StreamRecord
from gatewright.ir import ops
from gatewright.ir.graph import Graph
from gatewright.lint.view import View, is_hardware


def both_directions() -> Graph:
    """A layer in both directions, and a head on its last step."""
    graph = Graph("both")
    graph.add_input("x", BYTE, ("B", "T", INPUTS))
    states = [recurrent("lstm", graph, reverse, False)[0] for reverse in (False, True)]
    joined = graph.add(ops.CONCAT, states, ["joined"], name="joined")
    last = graph.add(ops.SELECT_LAST, [joined], ["last"], name="last")
    hidden = requantize(graph, dense(graph, last, 6, "hidden"), np.arange(-7, 8)[None], "levels")
    graph.outputs = [dense(graph, hidden, 3, "scores")]
    return graph


def given_states(kind: str) -> Graph:
    """A layer from given states, whose final states are wanted too."""
    graph = Graph(kind)
    graph.add_input("x", BYTE, ("B", "T", INPUTS))
    graph.outputs = recurrent(kind, graph, False, True)
    return graph


def stages() -> Graph:
    """Kernels that are in none of the others."""
    graph = sequence_graph("stages")
    flat = graph.add(ops.FLATTEN, ["x"], ["flat"], name="flat", steps=STEPS)
    graph.outputs = [graph.add(ops.ARGMAX, [dense(graph, flat, 3, "scores")], ["c"], name="c")]
    return graph


DESIGNS: dict[str, Callable[[], Graph]] = {
    "both": both_directions,
    **{kind: lambda kind=kind: given_states(kind) for kind in KINDS},
    "drawn": lambda: draw(0).graph,
}


@cache
def view(name: str, multipliers: int = 64, requantizer: str = "auto") -> View:
    """A design of the table; its text is not changed by anybody."""
    graph = DESIGNS[name]()
    steps = graph.fixed_steps() or STEPS
    options = MappingOptions(multipliers, requantizer, steps)  # type: ignore[arg-type]
    design = map_design(graph, options)
    texts = {f"hls/{name}": text for name, text in project_files(design, "part", 10).items()}
    kernels = design.document(steps, {})
    return View({name: text for name, text in texts.items() if is_hardware(name)}, kernels)


def small() -> View:
    """A design small enough to read, which was written for these tests."""
    folder = Path(__file__).parent / "small"
    texts = {f"hls/{path.name}": path.read_text() for path in sorted(folder.iterdir())}
    ends = {  # of each kernel, what it reads and what it writes
        "copier": (("source",), ("left", "right")),
        "recurrent": (("left",), ("states",)),
        "turner": (("states",), ("turned",)),
        "joiner": (("turned", "right"), ("sums",)),
    }
    some = next(k for k in view("both").kernels.kernels if k.kind == "fork")
    kernels = tuple(
        structs.replace(some, name=name, reads=reads, writes=writes)
        for name, (reads, writes) in ends.items()
    )
    names = sorted({name for reads, writes in ends.values() for name in (*reads, *writes)})
    streams = tuple(
        StreamRecord(name, True, 16 if name == "right" else 1, 4, -128, 127) for name in names
    )
    document = structs.replace(view("rnn_relu").kernels, streams=streams, kernels=kernels)
    return View(texts, document)


def changed(view: View, **texts: str) -> View:
    """The same with other texts."""
    return View(view.texts | texts, view.kernels)
