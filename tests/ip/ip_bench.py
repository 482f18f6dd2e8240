"""The bench of ``bench.cpp`` around an IP, in Verilator."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ip_builds import environment
from ip_designs import Case

from gatewright.hls_templates.ip.ports import IpPort
from gatewright.hls_templates.ip.registers import REGISTERS, constants
from gatewright.hls_templates.ip.write import IpDesign
from gatewright.tools.verilator import find_verilator

HERE = Path(__file__).parent


def build(case: Case, folder: Path) -> Path:
    """The program, whose folder has ``sequences.txt`` for it."""
    ip = case.write(folder)
    (folder / "ports.hpp").write_text(ports(ip))
    pool, pieces = case.pool(ip), case.pieces(ip)
    lines = [f"{len(pool) + len(pieces)} {len(pieces)}"]
    for ins, outs in (*pool, *pieces):
        lines += [f"{len(beats)} {' '.join(f'{b:x}' for b in beats)}" for beats in (*ins, *outs)]
    (folder / "sequences.txt").write_text("\n".join(lines) + "\n")
    return compiled(ip, folder)


def compiled(ip: IpDesign, folder: Path) -> Path:
    """What Verilator and a C++ compiler make of the IP in a folder."""
    tool = find_verilator()
    command = [
        *("--cc", "--exe", "--build", "--prefix", "Vip", "--top", ip.names.ip, "-Wno-fatal"),
        *("--assert", "-O3", "--output-split", "0", "--x-initial", "unique", "--Mdir", "../obj"),
        *("-CFLAGS", "-std=c++20 -O1 -I..", "-o", "bench", "-f", "ip.f"),
        f'-D{ip.names.rom_dir}="{folder}/rtl/"',
        str(HERE / "bench.cpp"),
    ]
    done = subprocess.run(
        [*tool.command, *command],
        cwd=folder / "ip",
        env=environment(tool),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "obj/bench"


def run(program: Path, seed: int, beats: int) -> str:
    """What the bench says at its end."""
    command = [str(program), "../sequences.txt", str(seed), str(beats)]
    done = subprocess.run(command, cwd=program.parent, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip()


def ports(ip: IpDesign) -> str:
    """``ports.hpp``: how the bench reaches each stream, and what the registers have to say."""
    inputs, outputs = ip.inputs, ip.outputs
    lines = [f"constexpr uint32_t {name} = 0x{value:x};" for name, value, _ in constants()]
    read_only = [r.offset for r in REGISTERS if r.access == "ro"]
    digest = [int(ip.digest[8 * i : 8 * i + 8], 16) for i in range(8)]
    lines += [
        f"constexpr int INPUTS = {len(inputs)}, OUTPUTS = {len(outputs)};",
        f"constexpr uint32_t max_steps = {ip.design.max_steps or 0};",
        f"constexpr uint32_t in_parts = {inputs[0].beats * inputs[0].core.folds};",
        _array("uint32_t", "digest", digest),
        _array("uint32_t", "read_only", read_only),
        _array("uint32_t", "in_info", [port.info for port in inputs]),
        _array("uint32_t", "out_info", [port.info for port in outputs]),
        _array("int", "in_bytes", [port.bus_bits // 8 for port in inputs]),
        _array("int", "out_bytes", [port.bus_bits // 8 for port in outputs]),
        "inline bool interrupt_of(Vip& m) { return m.__SYM__interrupt; }  // Verilator renames it",
        "inline uint64_t all_lanes(int bytes) { return ~0ull >> (64 - bytes); }",
        "inline void set_in(Vip& m, int port, const Beat& beat, uint64_t keep, bool last) {",
        *(f"  if (port == {i}) {{ {_set(port)} }}" for i, port in enumerate(inputs)),
        "}",
        "inline Beat out_data(Vip& m, int port) {",
        "  Beat beat{};",
        *(f"  if (port == {i}) {{ {_get(port)} }}" for i, port in enumerate(outputs)),
        "  return beat;",
        "}",
        "inline void set_in_valid(Vip& m, int port, bool on) {",
        *(f"  if (port == {i}) m.{port.name}_tvalid = on;" for i, port in enumerate(inputs)),
        "}",
        "inline void set_out_ready(Vip& m, int port, bool on) {",
        *(f"  if (port == {i}) m.{port.name}_tready = on;" for i, port in enumerate(outputs)),
        "}",
        *_reader("bool in_ready", inputs, "tready"),
        *_reader("bool out_valid", outputs, "tvalid"),
        *_reader("bool out_ready", outputs, "tready"),
        *_reader("bool out_last", outputs, "tlast"),
        *_reader("uint64_t out_keep", outputs, "tkeep"),
    ]
    return "\n".join(lines) + "\n"


def _array(kind: str, name: str, values: list[int]) -> str:
    return f"constexpr {kind} {name}[] = {{{', '.join(map(hex, values))}}};"


def _set(port: IpPort) -> str:
    name, words = port.name, port.bus_bits // 32
    if port.bus_bits > 64:
        data = f"for (int k = 0; k < {words}; ++k) m.{name}_tdata[k] = beat[k];"
    else:
        data = f"m.{name}_tdata = (uint64_t)beat[1] << 32 | beat[0];"
    return f"{data} m.{name}_tkeep = keep; m.{name}_tlast = last;"


def _get(port: IpPort) -> str:
    name, words = port.name, port.bus_bits // 32
    if port.bus_bits > 64:
        return f"for (int k = 0; k < {words}; ++k) beat[k] = m.{name}_tdata[k];"
    return f"const uint64_t d = m.{name}_tdata; beat[0] = d; beat[1] = d >> 32;"


def _reader(declared: str, ports: tuple[IpPort, ...], signal: str) -> list[str]:
    return [
        f"inline {declared}(Vip& m, int port) {{",
        *(f"  if (port == {i}) return m.{p.name}_{signal};" for i, p in enumerate(ports)),
        "  return 0;",
        "}",
    ]
