"""Kernels as the compiler places them: their own parameters, memories and generated modules."""

from __future__ import annotations

from collections.abc import Callable

from bench import Beats, Device
from cases import Case, Sequences

from gatewright.hls_templates.kernels.base import Kernel, Port
from gatewright.hls_templates.project.names import DEFAULT_NAMES
from gatewright.hls_templates.rtl.sv import SIDES, beside
from gatewright.ir.graph import Graph
from gatewright.ir.interpreter import run


def placed(
    kernel: Kernel,
    expected: Callable[[Sequences], list[Beats]],
    *,
    depths: tuple[int, int] = (2, 2),
    length: int | None = None,
    given: tuple[int, ...] = (),
) -> Case:
    """A case of a kernel, by what its ``rtl`` says."""
    reads = [f"r{n}" for n in range(len(kernel.inputs))]
    writes = [f"w{n}" for n in range(len(kernel.outputs))]
    stage = kernel.rtl(reads, writes)
    placed = [instance.piece(DEFAULT_NAMES) for instance in stage.placed]
    modules = [module.piece(DEFAULT_NAMES) for module in stage.modules]
    pieces = [*placed, *modules]
    name = f"{kernel.ident}_placed"
    inner = "\n".join([*stage.wires, *(piece.text for piece in placed)])
    module = (
        f"module {name} (\n  {_ports(kernel)}\n);\n"
        'localparam ROM_DIR = "";\n'
        f"logic clk, rst;\nassign clk = clk_i;\nassign rst = rst_i;\n"
        + _streams("in", reads, kernel.inputs, "")
        + _streams("out", writes, kernel.outputs, "_put")
        + f"{inner}\nendmodule\n"
    )
    device = Device(
        kernel.ident,
        name,
        {},
        tuple(port.bits for port in kernel.inputs),
        tuple(port.bits for port in kernel.outputs),
        depths,
        generated="".join(piece.text for piece in modules) + module,
        constants=tuple(line for piece in pieces for line in piece.constants),
        roms={path: rom for piece in pieces for path, rom in piece.roms.items()},
    )
    return Case(device, kernel, expected, kernel.inputs, length, given)


def by_graph(graph: Graph) -> Callable[[Sequences], list[Beats]]:
    """What the interpreter makes of a graph of one output, a beat a step."""
    (output,) = graph.outputs
    bits = graph[output].type.bits

    def expected(s: Sequences) -> list[Beats]:
        feeds = {name: x[None] for name, x in zip(graph.inputs, s.values, strict=True)}
        values, _ = run(graph, feeds)
        return [s.beats(values[output][0], bits)]

    return expected


def _ports(kernel: Kernel) -> str:
    ports = ["input logic clk_i", "input logic rst_i"]
    for side, streams in (("in", kernel.inputs), ("out", kernel.outputs)):
        for signal, ways in SIDES.items():
            way = ways[side == "out"]
            bits = sum(port.bits for port in streams) if signal == "data" else len(streams)
            direction = "input" if way == "i" else "output"
            ports.append(f"{direction} logic [{bits - 1}:0] {side}_{signal}_{way}")
    return ",\n  ".join(ports)


def _streams(side: str, names: list[str], ports: tuple[Port, ...], put: str) -> str:
    """The wires of streams, and the ports of the module that they are joined in."""
    text = ""
    for name, port in zip(names, ports, strict=True):
        text += "".join(
            f"logic {f'[{port.bits - 1}:0] ' if signal == 'data' else ''}{name}{put}_{signal};\n"
            for signal in SIDES
        )
    for signal, ways in SIDES.items():
        way = ways[side == "out"]
        joined = beside(f"{name}{put}_{signal}" for name in names)
        pin = f"{side}_{signal}_{way}"
        text += f"assign {joined} = {pin};\n" if way == "i" else f"assign {pin} = {joined};\n"
    return text
