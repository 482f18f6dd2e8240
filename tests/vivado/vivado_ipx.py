"""The packager of IP, as UG1118 has it: cores, memory maps, address blocks, registers, fields."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tcl_model import FLAG, TEXT, Call, Command, RefusedError
from vivado_ip import module_shape

OF = {"-of_objects": TEXT, "-quiet": FLAG}


def command(options: dict[str, Any] | None = None, arguments: tuple[int, int] = (0, 0)) -> Command:
    return Command(options or {}, arguments, "project")


IPX_COMMANDS = {
    "ipx::package_project": command(
        {
            **dict.fromkeys(("-root_dir", "-vendor", "-library", "-taxonomy", "-module"), TEXT),
            **dict.fromkeys(("-import_files", "-force", "-generated_files", "-quiet"), FLAG),
        }
    ),
    "ipx::current_core": command(arguments=(0, 1)),
    "ipx::get_bus_interfaces": command(OF, (0, 1)),
    "ipx::get_hdl_parameters": command(OF, (0, 1)),
    "ipx::get_user_parameters": command(OF, (0, 1)),
    "ipx::get_memory_maps": command(OF, (0, 1)),
    "ipx::add_memory_map": command(arguments=(2, 2)),
    "ipx::get_address_blocks": command(OF, (0, 1)),
    "ipx::add_address_block": command(arguments=(2, 2)),
    "ipx::remove_address_block": command(arguments=(2, 2)),
    "ipx::add_register": command(arguments=(2, 2)),
    "ipx::add_field": command(arguments=(2, 2)),
    "ipx::create_xgui_files": command(arguments=(1, 1)),
    "ipx::update_checksums": command(arguments=(1, 1)),
    "ipx::check_integrity": command(OF, (1, 1)),
    "ipx::save_core": command(arguments=(1, 1)),
}
KNOWN = {
    "core": {"name", "display_name", "description", "version"},
    "bus": {"slave_memory_map_ref"},
    "hdl": {"value"},
    "user": {"value"},
    "block": {"usage", "range", "width"},
    "register": {"address_offset", "size", "access", "description"},
    "field": {"bit_offset", "bit_width", "access", "description"},
}
"""Properties of each kind of object."""
VALUES = {
    "access": r"read-only|read-write|write-only",
    "usage": "register|memory|reserved",
    **dict.fromkeys(("size", "range", "width", "bit_offset", "bit_width"), r"\d+"),
    "address_offset": r"0x[0-9a-fA-F]+|\d+",
    "version": r"\d+\.\d+",
}


class Packager:
    """Part of the model. Objects are "KIND:PATH", and have properties by that name."""

    project: dict[str, Any]

    @property
    def packed(self) -> dict[str, dict[str, str]]:
        """All objects of the core."""
        if "core" not in self.project:
            raise RefusedError("no core is open", "order")
        return self.project["core"]

    def set_packed(self, target: str, name: str, value: str) -> None:
        """Set a property of an object of the core."""
        kind = target.partition(":")[0]
        if target not in self.packed:
            raise RefusedError(f"there is no {target}", "object")
        if name not in KNOWN.get(kind, ()) or not re.fullmatch(VALUES.get(name, ".*"), value):
            raise RefusedError(f"{kind} has no {name} {value!r}", "property")
        self.packed[target][name] = value

    def _ipx_package_project(self, call: Call) -> None:
        top = self.project["top"]
        for path in self.project["files"]:
            text = Path(path).read_text()
            if path.endswith(".v") and re.search(rf"\bmodule\s+{top}\b", text):
                shape = module_shape(text, top)
                break
        else:
            raise RefusedError(f"no source has the top {top!r}", "top")
        if "-root_dir" not in call.options:
            raise RefusedError("it is packed nowhere", "arguments")
        objects: dict[str, dict[str, str]] = {"core:": {}}
        objects |= {f"bus:{name}": {} for name in shape.interfaces}
        found = re.search(rf"\bmodule\s+{top}\s*#\((.*?)\)\s*\(", text, re.DOTALL)
        parameters = re.findall(r"\bparameter\s+(\w+)", found[1]) if found else []
        objects |= {f"{kind}:{name}": {} for name in parameters for kind in ("hdl", "user")}
        self.project["core"] = objects

    def _ipx_current_core(self, call: Call) -> str:
        return next(iter(self.packed))

    def _all(self, call: Call, kind: str) -> str:
        wanted = call.arguments[0] if call.arguments else None
        names = [name for name in self.packed if name.startswith(f"{kind}:")]
        return " ".join(n for n in names if wanted is None or n == f"{kind}:{wanted}")

    def _ipx_get_bus_interfaces(self, call: Call) -> str:
        return self._all(call, "bus")

    def _ipx_get_hdl_parameters(self, call: Call) -> str:
        return self._all(call, "hdl")

    def _ipx_get_user_parameters(self, call: Call) -> str:
        return self._all(call, "user")

    def _ipx_get_memory_maps(self, call: Call) -> str:
        return self._all(call, "map")

    def _ipx_get_address_blocks(self, call: Call) -> str:
        return self._all(call, "block")

    def _add(self, call: Call, kind: str, above: str) -> str:
        name, parent = call.arguments
        if not parent.startswith(f"{above}:") or parent not in self.packed:
            raise RefusedError(f"{parent} is no {above}", "object")
        below = parent.partition(":")[2]
        made = f"{kind}:{below}/{name}" if below else f"{kind}:{name}"
        if made in self.packed:
            raise RefusedError(f"{made} is there already", "object")
        self.packed[made] = {}
        return made

    def _ipx_add_memory_map(self, call: Call) -> str:
        return self._add(call, "map", "core")

    def _ipx_add_address_block(self, call: Call) -> str:
        return self._add(call, "block", "map")

    def _ipx_add_register(self, call: Call) -> str:
        return self._add(call, "register", "block")

    def _ipx_add_field(self, call: Call) -> str:
        return self._add(call, "field", "register")

    def _ipx_remove_address_block(self, call: Call) -> None:
        name, parent = call.arguments
        self.packed.pop(f"block:{parent.partition(':')[2]}/{name}")

    def _ipx_create_xgui_files(self, call: Call) -> None:
        self.packed["core:"]["gui"] = "1"

    def _ipx_update_checksums(self, call: Call) -> None:
        self.packed["core:"]["sums"] = "1"

    def _ipx_check_integrity(self, call: Call) -> None:
        objects = self.packed
        maps = {name.partition(":")[2] for name in objects if name.startswith("map:")}
        used = {
            p["slave_memory_map_ref"] for n, p in objects.items() if "slave_memory_map_ref" in p
        }
        if maps != used:
            raise RefusedError(f"maps {maps} and interfaces that have one {used}", "memory-map")
        for name, properties in objects.items():
            kind = name.partition(":")[0]
            lacking = KNOWN.get(kind, set()) - properties.keys()
            if kind in ("block", "register", "field") and lacking:
                raise RefusedError(f"{name} has no {sorted(lacking)}", "incomplete")
        self._check_places()
        self._check_tables()
        self.packed["core:"]["checked"] = "1"

    def _check_places(self) -> None:
        for name, block in self.packed.items():
            if name.startswith("block:"):
                inside = self._spans(
                    name, "register", "address_offset", lambda p: int(p["size"]) // 8
                )
                self._check_spans(inside, int(block["range"]))
        for name, register in self.packed.items():
            if name.startswith("register:"):
                inside = self._spans(name, "field", "bit_offset", lambda p: int(p["bit_width"]))
                self._check_spans(inside, int(register["size"]))

    def _check_tables(self) -> None:
        """What Vivado does not look after: that the tables are where the IP reads them."""
        for kind in ("hdl", "user"):
            place = self.packed[f"{kind}:ROM_DIR"].get("value", "./")
            for path in self.project["files"]:
                if path.endswith(".hex") and f"{place}rom/{Path(path).name}" != path:
                    raise RefusedError(f"the {kind} ROM_DIR is {place}, not of {path}", "tables")

    def _spans(self, above: str, kind: str, offset: str, size: Any) -> list[tuple[int, int, str]]:
        prefix = f"{kind}:{above.partition(':')[2]}/"
        found = ((name, p) for name, p in self.packed.items() if name.startswith(prefix))
        return sorted((int(p[offset], 0), size(p), name) for name, p in found)

    @staticmethod
    def _check_spans(spans: list[tuple[int, int, str]], room: int) -> None:
        end = 0
        for start, size, name in spans:
            if start < end or start + size > room:
                raise RefusedError(f"{name} lies over another, or outside", "register-place")
            end = start + size

    def _ipx_save_core(self, call: Call) -> None:
        if not {"gui", "sums", "checked"} <= self.packed["core:"].keys():
            raise RefusedError("it has no checksums, or was not checked", "order")
        self.packed["core:"]["saved"] = "1"
