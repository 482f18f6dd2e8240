"""Write the IP of a design: the wrapper, its registers in several languages, lists and packages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from gatewright.hls_templates.ip.constants import MAP, c_header, python_module, sv_package
from gatewright.hls_templates.ip.ports import IpPort, ip_ports
from gatewright.hls_templates.ip.registers import ADDRESS_BITS, ARRAY, REGISTERS, constants
from gatewright.hls_templates.kernels.axis.kernel import AxisPort
from gatewright.hls_templates.library import file_list, guarded, library, versioned_sv
from gatewright.hls_templates.mapping.dataflow import Design
from gatewright.hls_templates.project.names import (
    LIBRARY_LIST,
    LIBRARY_VERSION,
    ROMS,
    ROMS_HERE,
    SOURCES,
    Names,
    library_module,
)
from gatewright.hls_templates.template import template
from gatewright.ir.types import IntArray

IP_LIST = "ip.f"
"""All sources of an IP in compile order, relative to ``ip/``: those of ``rtl/`` too."""
IP_MODULES = (
    "gw_ip_lite",
    "gw_ip_tally",
    "gw_ip_registers",
    "gw_ip_control",
    "gw_ip_in",
    "gw_ip_out",
)
"""In compile order, behind the map of the registers."""
HLS_MODULES = ("gw_ip_hold", "gw_ip_guard")
"""What stands around a kernel of Vitis HLS beside them."""
RESET_CYCLES = 16
"""Of such a kernel, each time: what AMD's AXI4-Stream IP is to be held for (PG085)."""
LITE = (
    *(("input", ADDRESS_BITS, "awaddr"), ("input", 3, "awprot"), ("input", 1, "awvalid")),
    *(("output", 1, "awready"), ("input", 32, "wdata"), ("input", 4, "wstrb")),
    *(("input", 1, "wvalid"), ("output", 1, "wready"), ("output", 2, "bresp")),
    *(("output", 1, "bvalid"), ("input", 1, "bready"), ("input", ADDRESS_BITS, "araddr")),
    *(("input", 3, "arprot"), ("input", 1, "arvalid"), ("output", 1, "arready")),
    *(("output", 32, "rdata"), ("output", 2, "rresp"), ("output", 1, "rvalid")),
    ("input", 1, "rready"),
)
"""The ports of AXI4-Lite: direction, bits, name."""


@dataclass(frozen=True)
class IpDesign:
    """What an IP is made of.

    Attributes:
        design: The kernels.
        names: Of the build.
        rom_dir: As ``rtl_files`` takes it.
        digest: SHA-256 of the build, in hexadecimal.
        golden: Golden vectors, integers [sequences, T, values] by tensor.
        cycles: Predicted, of a sequence.
        part: Of AMD's devices, to pack it for.
        bus_bits: Of every stream; None for what fits each.
        streams: Whether a sequence in pieces of any length, each of which keeps, is answered as a
            whole one.
    """

    design: Design
    names: Names
    rom_dir: str
    digest: str
    golden: Mapping[str, IntArray]
    cycles: int
    part: str
    bus_bits: int | None = None
    streams: bool = False

    @property
    def inputs(self) -> tuple[IpPort, ...]:
        """Its streams in."""
        return ip_ports("s_axis", self.design.inputs, self.bus_bits)

    @property
    def outputs(self) -> tuple[IpPort, ...]:
        """Its streams out."""
        return ip_ports("m_axis", self.design.outputs, self.bus_bits)


def ip_files(ip: IpDesign, rtl: Mapping[str, str]) -> dict[str, str]:
    """All files of ``ip/`` by path.

    Args:
        ip: What it is made of.
        rtl: The files of ``rtl/``.
    """
    name, library = ip.names.name, ip_library(IP_MODULES)
    sources = [*(f"../rtl/{line}" for line in rtl[SOURCES].split()), *library, f"{ip.names.ip}.v"]
    values = _values(ip, ip.names.top, sources)
    values["images"] = [path for path in rtl if path.startswith(f"{ROMS}/")]
    return {
        **_files(ip, library, values),
        f"{name}.core": _render("core.j2", values),
        "package_ip.tcl": _render("package_ip.tcl.j2", values),
    }


def hls_ip_files(ip: IpDesign, rtl: Mapping[str, str], kernel: Sequence[str]) -> dict[str, str]:
    """The same IP around the kernel that Vitis HLS makes of the C++, without packages.

    Args:
        ip: What it is made of.
        rtl: The files of ``rtl/``, of which it needs those of the library.
        kernel: The kernel's sources in compile order, relative to ``ip/``.
    """
    names, library = ip.names, ip_library((*IP_MODULES, *HLS_MODULES))
    listed = [f"../rtl/{line}" for line in rtl[LIBRARY_LIST].split()]
    sources = [*listed, *library, *kernel, f"{names.adapter}.v", f"{names.ip}.v"]
    values = _values(ip, names.adapter, sources)
    design, matches = ip.design, ip.design.matches()
    most = design.lengths.most
    core = {
        "names": names,
        "inputs": design.inputs,
        "outputs": design.outputs,
        "framed": {port.name: port.framed(design.lengths) for port in design.inputs},
        "held": {port.name: port.held(matches[port.name]) for port in design.inputs},
        "matched": design.matched,
        "step_bits": 32 if most is None else most.bit_length(),
        "flags": design.flags,
        "framing": design.framing,
        "told": (*design.flags, *design.framing),
        "reset_cycles": RESET_CYCLES,
    }
    adapter = _versioned(_render("adapter.v.j2", core))
    return {**_files(ip, library, values), f"{names.adapter}.v": adapter}


def _files(ip: IpDesign, library: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
    """What there is whatever the core is."""
    return {
        **library,
        f"{ip.names.ip}.v": _versioned(_render("ip.v.j2", values)),
        f"{ip.names.name}_regs.h": c_header(ip.names.name),
        f"{ip.names.name}_regs.py": python_module(),
        IP_LIST: file_list(values["sources"]),
        **_bench(ip, values),
    }


def ip_modules() -> dict[str, str]:
    """What the library has of an IP beside ``rtl/``, by name, as it stands in the repository."""
    folder = resources.files("gatewright.hls_templates.ip")
    names = (*IP_MODULES, *HLS_MODULES)
    modules = {name: folder.joinpath(f"{name}.sv").read_text() for name in names}
    return {MAP: sv_package(), **modules}


def ip_library(modules: Collection[str] = (*IP_MODULES, *HLS_MODULES)) -> dict[str, str]:
    """Its files as builds have them, in compile order, with the map of the registers.

    Args:
        modules: Which of them.
    """
    kept = {MAP, *modules}
    files = _versioned_modules()
    return {f"{library_module(name)}.sv": files[name] for name in files if name in kept}


@cache
def _versioned_modules() -> dict[str, str]:
    """All of them, by the name that each has in the repository, read once in a process."""
    return {
        name: guarded(library_module(name), _versioned(text)) for name, text in ip_modules().items()
    }


def _versioned(text: str) -> str:
    known = {name.removesuffix(".sv") for name in library(".sv")}
    return versioned_sv(text, {*known, MAP, *IP_MODULES, *HLS_MODULES})


def _bench(ip: IpDesign, values: Mapping[str, Any]) -> dict[str, str]:
    """The test benches, and the golden beats that they read: {last, data} a line."""
    beats = {
        port.name: [port.beats_of(steps) for steps in ip.golden[port.core.tensor]]
        for port in (*ip.inputs, *ip.outputs)
    }
    sequences = [port for port in ip.inputs if port.core.sequence]
    golden_steps = max(len(beats[port.name][0]) // port.step_beats for port in ip.inputs)
    port_of = {port.name: port for port in (*ip.inputs, *ip.outputs)}
    more = {
        "sequences": len(next(iter(beats.values()))),
        "counts": {name: sum(map(len, found)) for name, found in beats.items()},
        "limit": 1_000 + 20 * ip.cycles + 4 * _longest(ip),
        "flight": 2 * ip.cycles + 1,
        "golden_steps": golden_steps,
        "pieces": ip.streams and golden_steps > 1,
        "first": next((ip.inputs.index(port) for port in sequences), 0),
        "longest": ip.design.max_steps if sequences and not ip.design.fixed_steps else None,
        "several": len(sequences) > 1,
        # Whether the hardware sees that a sequence is cut to one step.
        "counted": (ip.design.fixed_steps or ip.design.matched) and golden_steps > 1,
        "matched": _mask(ip.design, ip.design.matched),
        "reached": {
            port.name: _mask(ip.design, ip.design.reaching(port.core)) for port in ip.outputs
        },
        "at": {register.name: f"12'h{register.offset:03x}" for register in REGISTERS},
        "bit": {name: value for name, value, _ in constants()},
        "values": {r.name: r.value for r in REGISTERS if r.value is not None},
        "unmapped": (0xA0, 0xFC, 0x100, 0xFFC),
    }
    return {
        f"tb/{ip.names.bench}.sv": _render("tb.sv.j2", {**values, **more}),
        f"tb/test_{ip.names.name}.py": _render("test.py.j2", {**values, **more}),
        **{
            f"tb/{ip.names.name}_{name}.hex": _hex(found, port_of[name].bus_bits)
            for name, found in beats.items()
        },
    }


def _longest(ip: IpDesign) -> int:
    """Beats of the longest sequence that a port may take, as far as that is limited."""
    return (ip.design.max_steps or 0) * max(port.step_beats for port in ip.inputs)


def _mask(design: Design, ports: Collection[AxisPort]) -> int:
    return sum(1 << i for i, port in enumerate(design.inputs) if port in ports)


def _hex(sequences: Sequence[Sequence[int]], bits: int) -> str:
    lines = [
        (i == len(beats) - 1) << bits | beat for beats in sequences for i, beat in enumerate(beats)
    ]
    return "".join(f"{line:0{bits // 4 + 1}x}\n" for line in lines)


def _values(ip: IpDesign, core: str, sources: Sequence[str]) -> dict[str, Any]:
    inputs, outputs = ip.inputs, ip.outputs
    return {
        "names": ip.names,
        "name": ip.names.name,
        "ip": ip.names.ip,
        "top": core,
        "rom_dir": ip.rom_dir or ROMS_HERE,
        "lite": LITE,
        "inputs": inputs,
        "outputs": outputs,
        "streams": (*inputs, *outputs),
        "busses": [port.name for port in (*inputs, *outputs)],
        "input_bits": _words(inputs),
        "output_bits": _words(outputs),
        "library_version": LIBRARY_VERSION,
        "max_steps": ip.design.fixed_steps or ip.design.max_steps or 0,
        "fixed_steps": ip.design.fixed_steps,
        "digest": ip.digest,
        "registers": REGISTERS,
        "sources": sources,
        "address_bits": ADDRESS_BITS,
        "ip_list": IP_LIST,
        "roms": ROMS,
        "part": ip.part,
    }


def _words(ports: Sequence[IpPort]) -> str:
    """The words of the first ports as one literal, port 0 lowest."""
    value = sum(port.info << 32 * i for i, port in enumerate(ports[:ARRAY]))
    return f"{32 * ARRAY}'h{value:064x}"


def _render(name: str, values: Mapping[str, Any]) -> str:
    return template("gatewright.hls_templates.ip", name).render(values)
