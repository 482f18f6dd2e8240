"""A block design as the model holds it: cells, nets, addresses, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tcl_model import RefusedError
from vivado_ip import AXIS, IN, MASTER, OUT, Interface, Ip, Pin, Shape


@dataclass
class Cell:
    """A cell.

    Attributes:
        name: Of it.
        kind: Name of the IP or the module.
        ip: None of a module.
        fixed: What a module has.
        module_parameters: Those of a module.
        parameters: As they were set.
        automated: What its rule was told; None before it was.
    """

    name: str
    kind: str
    ip: Ip | None
    fixed: Shape | None = None
    module_parameters: dict[str, tuple[str, str]] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    automated: dict[str, str] | None = None

    @property
    def shape(self) -> Shape:
        """Its pins and interfaces at its parameters."""
        if self.ip is None:
            assert self.fixed is not None
            return self.fixed
        defaults = {name: value for name, (value, _) in self.ip.parameters.items()}
        return self.ip.shape(defaults | self.parameters)

    @property
    def known(self) -> Mapping[str, tuple[str, str]]:
        """Its parameters: default, and the values there are as a pattern."""
        return self.module_parameters if self.ip is None else self.ip.parameters

    def set(self, name: str, value: str) -> None:
        """Set a parameter.

        Raises:
            RefusedError: For one that there is not, or a value it cannot have.
        """
        if name not in self.known:
            raise RefusedError(f"{self.kind} has no parameter {name}", "parameter")
        if not re.fullmatch(self.known[name][1], value):
            raise RefusedError(f"{name} cannot be {value!r}", "parameter-value")
        self.parameters[name] = value


@dataclass
class Mapped:
    """A segment in an address space."""

    segment: str
    offset: int
    size: int


@dataclass
class BlockDesign:
    """All of it.

    Attributes:
        name: Of the design.
        cells: By name.
        nets: What drives a pin, by the pin.
        links: The other end of an interface, by either end.
        mapped: By address space.
        excluded: Segments, by address space.
        valid: Whether it was validated, and nothing changed since.
        saved: Whether it was saved since.
        generated: Whether its output products were made since.
        tables: Where those look for tables; "" if nobody said.
    """

    name: str
    cells: dict[str, Cell] = field(default_factory=dict)
    nets: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    mapped: dict[str, list[Mapped]] = field(default_factory=dict)
    excluded: dict[str, list[str]] = field(default_factory=dict)
    valid: bool = False
    saved: bool = False
    generated: bool = False
    tables: str = ""

    def changed(self) -> None:
        """What was validated has to be validated again."""
        self.valid = self.saved = self.generated = False

    def pin(self, path: str) -> Pin | None:
        """A pin, by "cell/pin"."""
        return self._member(path, lambda shape: shape.pins)

    def interface(self, path: str) -> Interface | None:
        """An interface, by "cell/interface"."""
        return self._member(path, lambda shape: shape.interfaces)

    def _member(self, path, members):
        cell, _, name = path.partition("/")
        return members(self.cells[cell].shape).get(name) if cell in self.cells else None

    def segments(self) -> Iterator[tuple[str, int]]:
        """All segments, and the fewest bytes of each."""
        for cell in self.cells.values():
            for name, size in cell.shape.segments.items():
                yield f"{cell.name}/{name}", size

    def spaces(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """All address spaces, and what each reaches."""
        for cell in self.cells.values():
            for name, reach in cell.shape.spaces.items():
                yield f"{cell.name}/{name}", reach

    def connect(self, pins: list[str]) -> None:
        """Join pins in a net: one of them drives it, or it has a driver already.

        Raises:
            RefusedError: See the rules.
        """
        found = {path: self.pin(path) for path in pins}
        drivers = {path for path, pin in found.items() if pin is not None and pin.way == OUT}
        drivers |= {self.nets[path] for path in pins if path in self.nets}
        if len(drivers) > 1:
            raise RefusedError(f"driven by {' and '.join(sorted(drivers))}", "double-driven")
        if not drivers:
            raise RefusedError(f"nothing drives {pins}", "direction")
        driver = drivers.pop()
        source = self.pin(driver)
        assert source is not None
        for path, pin in found.items():
            if pin is None or pin.way == OUT:
                continue
            if pin.bits and pin.bits != source.bits:
                raise RefusedError(f"{driver} and {path} differ in width", "width")
            if (pin.kind in ("clk", "rst") or source.kind == "clk") and pin.kind != source.kind:
                raise RefusedError(f"{driver} is no {pin.kind} for {path}", "kind")
            self.nets[path] = driver
        self.changed()

    def link(self, one: str, two: str) -> None:
        """Join two interfaces.

        Raises:
            RefusedError: See the rules.
        """
        faces = [self.interface(one), self.interface(two)]
        assert faces[0] is not None and faces[1] is not None
        if faces[0].protocol != faces[1].protocol:
            raise RefusedError(f"{one} and {two} are of two protocols", "protocol")
        if faces[0].mode == faces[1].mode:
            raise RefusedError(f"{one} and {two} are both {faces[0].mode}", "direction")
        taken = [path for path in (one, two) if path in self.links]
        if taken:
            raise RefusedError(f"{taken[0]} is connected already", "double-driven")
        self.links |= {one: two, two: one}
        self.changed()

    def assign(self, space: str, segment: str, offset: int | None, size: int | None) -> None:
        """Map a segment.

        Raises:
            RefusedError: See the rules.
        """
        reach, least = dict(self.spaces())[space], dict(self.segments())[segment]
        if not self._reaches(space, segment):
            raise RefusedError(f"{space} has no way to {segment}", "no-path")
        size = size or least
        taken = self.mapped.setdefault(space, [])
        if offset is None:
            end = max((m.offset + m.size for m in taken), default=reach[0])
            offset = -(-end // size) * size
        if size < least or size & (size - 1):
            raise RefusedError(f"{size:#x} bytes cannot hold {segment}", "range")
        if offset % size:
            raise RefusedError(f"{offset:#x} is no multiple of {size:#x}", "alignment")
        if not reach[0] <= offset <= offset + size <= reach[0] + reach[1]:
            raise RefusedError(f"{offset:#x} is out of reach of {space}", "aperture")
        if any(m.segment == segment for m in taken):
            raise RefusedError(f"{segment} is mapped already", "mapped-twice")
        over = [m for m in taken if m.offset < offset + size and offset < m.offset + m.size]
        if over:
            raise RefusedError(f"{segment} lies over {over[0].segment}", "overlap")
        taken.append(Mapped(segment, offset, size))
        self.changed()

    def _reaches(self, space: str, segment: str) -> bool:
        """Whether the master of a space is wired to the slave of a segment."""
        cell, name = space.split("/")
        at, slave = f"{cell}/{self.cells[cell].shape.masters[name]}", segment.split("/")
        seen = set()
        ends = [self.links.get(at)]
        while ends:
            end = ends.pop()
            if end is None or end in seen:
                continue
            seen.add(end)
            owner = end.split("/")[0]
            if self.cells[owner].kind == "smartconnect":
                masters = [
                    n for n, f in self.cells[owner].shape.interfaces.items() if f.mode == MASTER
                ]
                ends += [self.links.get(f"{owner}/{name}") for name in masters]
            elif owner == slave[0]:
                return True
        return False

    def faults(self) -> Iterator[tuple[str, str]]:
        """Everything for which the tool refuses it: check and what is wrong."""
        for cell in self.cells.values():
            for name, pin in cell.shape.pins.items():
                if pin.way == IN and pin.must and f"{cell.name}/{name}" not in self.nets:
                    what = {"clk": "clock-open", "rst": "reset-open"}.get(pin.kind, "unconnected")
                    yield what, f"{cell.name}/{name} is not connected"
        for cell in self.cells.values():
            for name, face in cell.shape.interfaces.items():
                yield from self._interface_faults(f"{cell.name}/{name}", face)
            outside = (cell.automated or {}).get("make_external")
            if cell.kind == "processing_system7" and not outside:
                yield "external", f"DDR and FIXED_IO of {cell.name} reach no pins"
        yield from self._address_faults()

    def _interface_faults(self, path: str, face: Interface) -> Iterator[tuple[str, str]]:
        other = self.links.get(path)
        if other is None:
            yield "unconnected", f"{path} is not connected"
            return
        there = self.interface(other)
        if there is None:
            yield "unconnected", f"{path} is connected to what is gone"
            return
        if face.mode != MASTER:
            return
        if face.bits and there.bits and face.protocol == AXIS and face.bits != there.bits:
            yield "width", f"{path} has {face.bits} bits, {other} {there.bits}"
        clocks = {
            self.nets.get(f"{end.split('/')[0]}/{f.clock}")
            for end, f in ((path, face), (other, there))
        }
        if len(clocks) > 1:
            yield "clock-domain", f"{path} and {other} have two clocks"

    def _address_faults(self) -> Iterator[tuple[str, str]]:
        for space, _ in self.spaces():
            known = {m.segment for m in self.mapped.get(space, [])}
            known |= set(self.excluded.get(space, []))
            for segment, _ in self.segments():
                if segment not in known and self._reaches(space, segment):
                    yield "unmapped", f"{segment} is neither mapped nor excluded in {space}"
