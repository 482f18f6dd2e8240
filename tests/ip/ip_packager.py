"""A model of the commands that ``package_ip.tcl`` calls: it records, and refuses what there is not.

Projects and files: UG835. ``ipx``: UG835 and UG1118; names of properties as both have them, in our
words. That it takes a script is no proof that Vivado does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tcl_model import FLAG, TEXT, Call, Command, RefusedError, parse, run_tcl, tcl_words

OF = {"-of_objects": TEXT}
COMMANDS = {
    "create_project": Command({"-force": FLAG, "-part": TEXT}, (2, 2), ""),
    "add_files": Command({"-norecurse": FLAG}, (1, 1), "project"),
    "get_files": Command({}, (1, 1), "project"),
    "current_fileset": Command({}, (0, 0), "project"),
    "update_compile_order": Command({"-fileset": TEXT}, (0, 0), "project"),
    "set_property": Command({}, (3, 3), "project"),
    "get_property": Command({}, (2, 2), "project"),
    "close_project": Command({}, (0, 0), "project"),
    "ipx::package_project": Command(
        {
            **dict.fromkeys(("-root_dir", "-vendor", "-library", "-taxonomy"), TEXT),
            **dict.fromkeys(("-import_files", "-force"), FLAG),
        },
        (0, 0),
        "project",
    ),
    "ipx::current_core": Command({}, (0, 0), "core"),
    "ipx::get_hdl_parameters": Command(OF, (0, 1), "core"),
    "ipx::get_user_parameters": Command(OF, (0, 1), "core"),
    "ipx::get_memory_maps": Command(OF, (0, 1), "core"),
    "ipx::add_memory_map": Command({}, (2, 2), "core"),
    "ipx::get_bus_interfaces": Command(OF, (0, 1), "core"),
    "ipx::get_address_blocks": Command(OF, (0, 1), "core"),
    "ipx::add_address_block": Command({}, (2, 2), "core"),
    "ipx::remove_address_block": Command({}, (2, 2), "core"),
    "ipx::add_register": Command({}, (2, 2), "core"),
    "ipx::add_field": Command({}, (2, 2), "core"),
    "ipx::create_xgui_files": Command({}, (1, 1), "core"),
    "ipx::update_checksums": Command({}, (1, 1), "core"),
    "ipx::check_integrity": Command({}, (1, 1), "core"),
    "ipx::save_core": Command({}, (1, 1), "core"),
}
PROPERTIES = {
    "file": {"file_type"},
    "fileset": {"top"},
    "core": {"name", "display_name", "description", "version"},
    "bus": {"slave_memory_map_ref"},
    "hdl_parameter": {"value"},
    "user_parameter": {"value"},
    "map": set(),
    "block": {"usage", "range", "width", "name"},
    "register": {"address_offset", "size", "access", "description"},
    "field": {"bit_offset", "bit_width", "access", "description"},
}
"""By kind of object, which begins its handle."""
ROM_DIRS = ("hdl_parameter:ROM_DIR", "user_parameter:ROM_DIR")
ACCESS = {"read-only", "write-only", "read-write", "writeOnce", "read-writeOnce"}


@dataclass
class Packager:
    """The tool.

    Attributes:
        infers: Whether it has made a memory map of the interface by itself, as Vivado may.
        objects: Properties, by handle.
        parents: What each was added to.
        saved: Whether a core was checked and saved.
        places: Folders that it wrote to.
    """

    infers: bool = True
    objects: dict[str, dict[str, str]] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    project: str = ""
    saved: bool = False
    places: list[Path] = field(default_factory=list)

    def run(self, script: Path) -> str:
        """Source a script; its error, or ""."""
        said = run_tcl(script, script.parent, self.answer)
        return said or ("" if self.project == "" else "the project is still open")

    def of(self, kind: str) -> dict[str, dict[str, str]]:
        """Objects of a kind, by what they are called."""
        names = ((handle.split(":")[-1], given) for handle, given in self.objects.items())
        kinds = [handle.split(":")[0] for handle in self.objects]
        return {name: given for (name, given), its in zip(names, kinds, strict=True) if its == kind}

    def answer(self, name: str, words: tuple[str, ...]) -> str:
        """What a command gives."""
        if name not in COMMANDS:
            raise RefusedError("invalid command name")
        command = COMMANDS[name]
        if command.needs and not self.project:
            raise RefusedError("no project is open")
        if command.needs == "core" and "core:ip" not in self.objects:
            raise RefusedError("no core is open")
        self.calls.append(name)
        call = parse(command, name, words)
        own = getattr(self, "_" + name.replace("ipx::", ""), None)
        return self._handle(call) if own is None else own(call)

    def _handle(self, call: Call) -> str:
        """Objects that are added, or asked for."""
        verb, _, kind = call.name.replace("ipx::", "").partition("_")
        kinds = {"memory_map": "map", "address_block": "block", "bus_interface": "bus"}
        kind = kinds.get(kind.removesuffix("s"), kind.removesuffix("s"))
        if verb == "add":
            name, parent = call.arguments
            if parent not in self.objects:
                raise RefusedError(f"there is no {parent}")
            handle = f"{kind}:{name}" if kind != "field" else f"field:{parent}.{name}"
            if handle in self.objects:
                raise RefusedError(f"there is one {name} already")
            self.objects[handle], self.parents[handle] = {}, parent
            return handle
        found = [h for h in self.objects if h.startswith(f"{kind}:")]
        if call.arguments:
            found = [h for h in found if h.split(":")[-1] == call.arguments[0]]
        return " ".join(found)

    def _create_project(self, call: Call) -> str:
        self.project = call.arguments[1]
        self.places.append(Path(self.project))
        self.objects["fileset:sources_1"] = {}
        return ""

    def _close_project(self, _: Call) -> str:
        self.project = ""
        return ""

    def _add_files(self, call: Call) -> str:
        for path in tcl_words(call.arguments[0]):
            if not Path(path).is_file() or not Path(path).is_absolute():
                raise RefusedError(f"there is no file {path}")
            self.objects[f"file:{path}"] = {}
        return ""

    def _get_files(self, call: Call) -> str:
        handles = [f"file:{path}" for path in tcl_words(call.arguments[0])]
        if not all(handle in self.objects for handle in handles):
            raise RefusedError("no such file in the project")
        return " ".join(handles)

    def _current_fileset(self, _: Call) -> str:
        return "fileset:sources_1"

    def _update_compile_order(self, _: Call) -> str:
        return ""

    def _package_project(self, call: Call) -> str:
        if "top" not in self.objects["fileset:sources_1"]:
            raise RefusedError("the project has no top")
        self.places.append(Path(str(call.options["-root_dir"])))
        self.objects |= {"core:ip": {}, "bus:s_axi": {}}
        self.objects |= {parameter: {} for parameter in ROM_DIRS}
        if self.infers:
            self.objects |= {"map:s_axi": {}, "block:reg0": {"name": "reg0"}}
        return ""

    def _current_core(self, _: Call) -> str:
        return "core:ip"

    def _remove_address_block(self, call: Call) -> str:
        del self.objects[f"block:{call.arguments[0]}"]
        return ""

    def _get_property(self, call: Call) -> str:
        return self.objects[call.arguments[1]][call.arguments[0]]

    def _set_property(self, call: Call) -> str:
        name, value, handles = call.arguments
        for handle in tcl_words(handles) or [""]:
            if handle not in self.objects:
                raise RefusedError(f"there is no object {handle!r}")
            if name not in PROPERTIES[handle.split(":")[0]]:
                raise RefusedError(f"{handle} has no property {name}")
            if name == "access" and value not in ACCESS:
                raise RefusedError(f"access cannot be {value}")
            self.objects[handle][name] = value
        return ""

    def _create_xgui_files(self, _: Call) -> str:
        return ""

    _update_checksums = _create_xgui_files

    def _check_integrity(self, _: Call) -> str:
        """And what Vivado does not look after: that the tables are where the IP reads them."""
        for parameter in ROM_DIRS:
            place = self.objects[parameter].get("value", "./")
            for handle, given in self.objects.items():
                path = Path(handle.removeprefix("file:"))
                if "file_type" in given and f"{place}rom/{path.name}" != str(path):
                    raise RefusedError(f"{parameter} is {place}, and a table is {path}")
        return ""

    def _save_core(self, _: Call) -> str:
        self.saved = self.calls[-3:-1] == ["ipx::update_checksums", "ipx::check_integrity"]
        return ""
