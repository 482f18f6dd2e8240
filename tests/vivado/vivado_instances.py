"""Whether the modules of an IP fit each other: its wrapper, its core, a kernel of Vitis HLS.

Vivado refuses a port that there is not, and only warns of another width, of an input that is left
open and of a net without a driver; here each is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Fault = tuple[str, str]
AROUND = re.compile(r"\w+_(?:ip|hls_adapter)")
"""Modules in which instances are looked at."""
SIGNAL = re.compile(r"(\w+)(?:\[(\d+)\])?")


@dataclass(frozen=True)
class Port:
    """A port; its width is None where a parameter says it."""

    way: str
    bits: int | None


def _plain(text: str) -> str:
    return re.sub(r"//[^\n]*|/\*.*?\*/|\(\*.*?\*\)", " ", text, flags=re.DOTALL)


def _bits(form: str) -> int | None:
    if not form.strip():
        return 1
    high = re.fullmatch(r"\[\s*(\d+)\s*:\s*0\s*\]", form.strip())
    return int(high[1]) + 1 if high else None


def modules(text: str) -> dict[str, tuple[dict[str, Port], str]]:
    """Ports and text of each module."""
    found = {}
    for name, body in re.findall(r"\bmodule\s+(\w+)(.*?)\bendmodule\b", _plain(text), re.DOTALL):
        form = r"\b(input|output|inout)\b\s*(?:wire\b|reg\b|logic\b)?\s*(\[[^\]]*\])?\s*(\w+)"
        ports = {p: Port(way, _bits(width)) for way, width, p in re.findall(form, body)}
        found[name] = ports, body
    return found


def misfits(text: str) -> Iterator[Fault]:
    """What is wrong in all sources of a project together: check and what it is."""
    known = modules(text)
    for name, (ports, body) in known.items():
        if AROUND.fullmatch(name):
            yield from _inside(name, ports, body, known)


def _inside(
    name: str,
    ports: Mapping[str, Port],
    body: str,
    known: Mapping[str, tuple[dict[str, Port], str]],
) -> Iterator[Fault]:
    nets = dict(ports)
    for width, names in re.findall(r"\b(?:wire|reg)\b\s*(\[[^\]]*\])?([^;()]*);", body):
        nets |= {net.strip(): Port("", _bits(width)) for net in names.split(",")}
    driven = Counter(n for n, port in ports.items() if port.way == "input")
    driven.update(re.findall(r"\bassign\s+(\w+)", body))
    driven.update(set(re.findall(r"\b(\w+)\s*<=", body)))
    read = set(re.findall(r"\w+", " ".join(re.findall(r"=([^;]*);", body))))
    instances = re.findall(
        r"\b(\w+)\s+(?:#\s*\((?:[^;]*?)\)\s*)?(u_\w+)\s*\((.*?)\)\s*;", body, re.S
    )
    if not instances:
        return  # a stand-in for a wrapper
    for module, instance, text in instances:
        if module not in known:
            yield "core-module", f"{name} has an instance of {module}, which no source has"
            continue
        theirs = known[module][0]
        given = dict(re.findall(r"\.(\w+)\s*\(((?:[^()]|\([^()]*\))*)\)", text))
        for port in given.keys() - theirs.keys():
            yield "core-port", f"{module} has no port {port}"
        for port, kind in theirs.items():
            said = given.get(port, "").strip()
            if kind.way == "input" and not said:
                yield "core-open", f"{port} of {instance} is left open"
            signal = SIGNAL.fullmatch(said)
            if said and kind.way == "output" and (signal is None or signal[1] not in nets):
                yield "core-direction", f"{port} of {instance} drives {said}, which is no net"
            if kind.bits is not None and said and _width(said, nets) not in (None, kind.bits):
                yield "core-width", f"{port} of {instance} has {kind.bits} bits, and {said} not"
            if kind.way == "output" and signal is not None:
                driven[said] += 1
            elif said:
                read |= set(re.findall(r"[a-zA-Z_]\w*", said))
    whole = {net.partition("[")[0] for net in driven}
    for net, count in driven.items():
        if count > 1:
            yield "core-direction", f"{net} of {name} is driven {count} times"
    outputs = {n for n, port in ports.items() if port.way == "output"}
    for net in sorted((read & nets.keys() | outputs) - whole):
        yield "core-direction", f"nothing drives {net} of {name}"


def _width(said: str, nets: Mapping[str, Port]) -> int | None:
    """Bits of an expression; None where it is not known."""
    many = re.fullmatch(r"\{(\d+)\{1'b1\}\}", said)
    if many:
        return int(many[1])
    signal = SIGNAL.fullmatch(said)
    if signal is None or signal[1] not in nets:
        return 1 if said.startswith(("!", "1'b", "run &&")) else None
    return 1 if signal[2] else nets[signal[1]].bits
