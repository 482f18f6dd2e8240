"""Pipelines of elementwise functions, a value a lane: a cell's tail, the function of a stage.

Every operation has a fixed latency. Values that have to wait for each other go through delays, so
a pipeline takes a row of lanes every cycle and never stalls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gatewright.hls_templates.delays import Arrival
from gatewright.hls_templates.project.names import library_module
from gatewright.hls_templates.rtl.cut import UNCUT, Cut, Stretch, cycles, multiplication
from gatewright.hls_templates.rtl.functions import RtlFunction, row_bits, with_cut
from gatewright.hls_templates.rtl.sv import Bits, Generated, Instance, Module
from gatewright.ir import ops
from gatewright.ir.graph import Graph, Node, Op
from gatewright.ir.types import IntType


@dataclass(frozen=True)
class Binary:
    """An operation on two values.

    Attributes:
        module: What computes it.
        chain: Its operators, given the bits of its operands.
        params: Of the module, beside the widths.
    """

    module: str
    chain: Callable[[int, int], tuple[Stretch, ...]]
    params: Mapping[str, Any]


def _sum(a: int, b: int) -> tuple[Stretch, ...]:
    return (Stretch("add", max(a, b) + 1, 0),)


BINARY = {
    ops.MUL: Binary("gw_product", lambda a, b: multiplication(a + 1, b + 1), {}),
    ops.ADD: Binary("gw_sum", _sum, {"SUBTRACT": False}),
    ops.SUB: Binary("gw_sum", _sum, {"SUBTRACT": True}),
}


@dataclass(frozen=True)
class NodeTimes:
    """When the values of a step graph are there, in cycles behind the first input.

    Attributes:
        ready: By tensor.
        begins: By node output: the cycle in which its operands are read.
        cuts: By node output: the ``CUT`` of its module.
        latency: The cycle in which every output is there.
    """

    ready: Mapping[str, Arrival]
    begins: Mapping[str, int]
    cuts: Mapping[str, int]
    latency: int


def time_nodes(
    body: Graph,
    nodes: tuple[Node, ...],
    inputs: Mapping[str, int],
    outputs: Sequence[str],
    functions: Mapping[str, RtlFunction],
    cut: Cut = UNCUT,
) -> NodeTimes:
    """As soon as possible: each node begins when the last of its operands is there.

    Args:
        body: The step graph.
        nodes: In topological order.
        inputs: The cycle in which a register gives each input.
        outputs: What has to be there in the end.
        functions: Of MultiThreshold and LookUp nodes, by output.
        cut: Where registers stand.
    """
    ready: dict[str, Arrival] = {name: (cycle, cut.start) for name, cycle in inputs.items()}
    begins, cuts = {}, {}
    for node in nodes:
        (output,) = node.outputs
        operands = node.inputs[:1] if output in functions else node.inputs
        latest = max(ready[name] for name in operands if name in ready)
        passed = cut.through(latest, _chain(body, node, functions))
        begins[output], cuts[output] = passed.begins, passed.cut
        ready[output] = passed.ready
    return NodeTimes(ready, begins, cuts, max(ready[name][0] for name in outputs))


def _chain(body: Graph, node: Node, functions: Mapping[str, RtlFunction]) -> tuple[Stretch, ...]:
    if node.outputs[0] in functions:
        return functions[node.outputs[0]].chain
    a, b = (body[name].type.bits for name in node.inputs)
    return BINARY[node.op].chain(a, b)


class PipelineWriter:
    """Writes one pipeline as a module.

    Args:
        ident: Name of the module, and what its constants begin with.
        lanes: Values side by side.
        rows: Rows of lanes.
    """

    def __init__(self, ident: str, lanes: int, rows: int) -> None:
        self.ident = ident
        self.lanes = lanes
        self.rows = rows
        self.row_bits = row_bits(rows)
        self._body: list[str | Instance] = []
        self._types: dict[str, IntType] = {}
        self._waiting: dict[tuple[str, int], str] = {("row_i", 0): "row_i"}
        self._outputs: dict[str, int] = {}

    def signal(self, name: str, type_: IntType, time: int) -> None:
        """Declare a value of each lane, there at a time."""
        self._body.append(f"  logic [{self.lanes * type_.bits - 1}:0] {name};")
        self._types[name] = type_
        self._waiting[name, time] = name

    def input(self, name: str, type_: IntType, time: int, port: str, at: str) -> None:
        """A signal from an input port, there at a time: lane ``u`` begins at bit ``at``."""
        self.signal(name, type_, time)
        self._body.append(
            f"  generate for (u = 0; u < {self.lanes}; u++) begin : gen_{name}\n"
            f"    assign {name}[u*{type_.bits}+:{type_.bits}] = {port}[{at}+:{type_.bits}];\n"
            "  end endgenerate"
        )

    def at(self, name: str, time: int) -> str:
        """A signal at a later time."""
        if (name, time) not in self._waiting:
            since, source = self._latest(name, time)
            type_ = self._types[name]
            later = f"{name}_at_{time}"
            self._body.append(f"  logic [{self.lanes * type_.bits - 1}:0] {later};")
            self._delay(self.lanes * type_.bits, time - since, source, later)
            self._waiting[name, time] = later
        return self._waiting[name, time]

    def _latest(self, name: str, time: int) -> tuple[int, str]:
        """The last form of a signal before a time, and when it is there."""
        return max((t, s) for (n, t), s in self._waiting.items() if n == name and t < time)

    def _row(self, time: int) -> str:
        name = f"row_at_{time}"
        if ("row_i", time) not in self._waiting:
            since, source = self._latest("row_i", time)
            self._body.append(f"  logic [{self.row_bits - 1}:0] {name};")
            self._delay(self.row_bits, time - since, source, name)
            self._waiting["row_i", time] = name
        return self._waiting["row_i", time]

    def _delay(self, width: int, latency: int, source: str, target: str) -> None:
        self._body.append(
            f"  {library_module('gw_delay')} #(.WIDTH({width}), .LATENCY({latency})) u_{target} (\n"
            f"    .clk_i, .rst_i, .data_i({source}), .data_o({target})\n  );"
        )

    def function(
        self,
        function: RtlFunction,
        source: str,
        time: int,
        output: str,
        out: IntType,
        cut: tuple[int, int] | None = None,
    ) -> int:
        """Apply a function to a signal that is there at a time; returns when the result is.

        Args:
            function: What is applied.
            source: The signal.
            time: Its cycle.
            output: Name of the result.
            out: Its range.
            cut: ``CUT`` of the module, and the cycle of the result; None for every register.
        """
        ident = f"{self.ident}_{output}"
        registers, ready = cut or (None, time + function.latency)
        made = function.rtl(self.lanes, self.rows, ident.lower(), registers)
        self.signal(output, out, ready)
        ports = {"clk_i": "clk_i"}
        if made.resets:
            ports["rst_i"] = "rst_i"
        if "ROW_BITS" in made.module.params:
            ports["row_i"] = self._row(time) if made.by_row else f"{self.row_bits}'d0"
        ports |= {"n_i": self.at(source, time), "y_o": output}
        self._body.append(Instance(made.module, ident, ports))
        return ready

    def binary(
        self,
        op: Op,
        operands: tuple[tuple[str, IntType], ...],
        time: int,
        output: str,
        out: IntType,
        cut: tuple[int, int] | None = None,
    ) -> int:
        """A product, sum or difference of two signals or literals (as ``literal`` gives them).

        Returns when the result is there; ``cut`` as of ``function``.
        """
        (a, a_type), (b, b_type) = operands
        chain = BINARY[op].chain(a_type.bits, b_type.bits)
        registers, ready = cut or (None, time + cycles(chain))
        params: dict[str, Any] = {
            "LANES": self.lanes,
            "A_BITS": a_type.bits,
            "A_SIGNED": a_type.signed,
            "B_BITS": b_type.bits,
            "B_SIGNED": b_type.signed,
            "Y_BITS": out.bits,
            **BINARY[op].params,
        }
        wires = [n if n.startswith("{") else self.at(n, time) for n in (a, b)]
        self.signal(output, out, ready)
        ports = {"clk_i": "clk_i", "a_i": wires[0], "b_i": wires[1], "y_o": output}
        module = with_cut(Module(BINARY[op].module, params), chain, registers)
        self._body.append(Instance(module, f"{self.ident}_{output}", ports))
        return ready

    def literal(self, value: int) -> tuple[str, IntType]:
        """A constant in every lane."""
        type_ = IntType(value, value)
        return f"{{{self.lanes}{{{Bits(type_.bits, value)}}}}}", type_

    def output(self, port: str, name: str, time: int, type_: IntType) -> None:
        """Give a signal, each lane extended to the bits of a wider type."""
        source, narrow = self.at(name, time), self._types[name]
        lane = f"{source}[u*{narrow.bits}+:{narrow.bits}]"
        if narrow.signed:
            lane = f"$signed({lane})"
        self._outputs[port] = self.lanes * type_.bits
        self._body.append(
            f"  generate for (u = 0; u < {self.lanes}; u++) begin : gen_{port}\n"
            f"    assign {port}[u*{type_.bits}+:{type_.bits}] = {type_.bits}'({lane});\n"
            "  end endgenerate"
        )

    def finish(self, what: str, inputs: Mapping[str, int]) -> Generated:
        """The module.

        Args:
            what: A comment for its first line.
            inputs: Width of each input port but clk_i, rst_i and row_i.
        """
        scalars = ["clk_i", "rst_i", f"[{self.row_bits - 1}:0] row_i"]
        wide = [f"[{width - 1}:0] {name}" for name, width in inputs.items()]
        ports = [f"  input  logic {port}" for port in scalars + wide]
        ports += [f"  output logic [{width - 1}:0] {n}" for n, width in self._outputs.items()]
        everything = ["clk_i", "rst_i", "row_i", *inputs]
        unused = (
            f"  logic unused;\n  assign unused = &{{1'b0, {', '.join(everything)}}};\n  genvar u;"
        )
        return Generated(self.ident, what, tuple(ports), (unused, *self._body))
