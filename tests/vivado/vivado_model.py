"""A model of Vivado that records: it refuses what AMD's guides do not have, and runs nothing.

It knows the commands of ``vivado_commands.py`` and the IP of ``vivado_ip.py``. That it takes a
script is no proof that Vivado does.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from tcl_model import Call, RefusedError, parse, run_tcl, tcl_list, tcl_words
from vivado_blocks import BlockCommands
from vivado_commands import COMMANDS
from vivado_devices import BOARD_FILES, RESOURCES
from vivado_instances import misfits
from vivado_ipx import IPX_COMMANDS, KNOWN, Packager

STEPS = {"": "synth_design", "route_design": "route_design", "write_bitstream": "write_bitstream"}
SUFFIXES = {".v", ".sv", ".vh", ".xdc", ".hex", ".dat"}
FILE_TYPES = {"Verilog", "Verilog Header", "SystemVerilog", "Memory Initialization Files"}
FAILED = "route_design Complete, Failed Timing!"
"""The status of a routed run that misses its clock, as public scripts ask for it."""
ROUTED = ("route_design Complete!", FAILED)
NO_TABLE = "[Synth 8-4445]"
"""Of a file that $readmemh does not find; it becomes zeros, with a critical warning."""
ALL_COMMANDS = COMMANDS | IPX_COMMANDS


@dataclass
class Run:
    """A run of a project."""

    status: str = "Not started"
    properties: dict[str, str] = field(default_factory=dict)


@dataclass
class Vivado(BlockCommands, Packager):
    """The tool.

    Attributes:
        presets: Whether the files of the boards are installed.
        slack: What place and route reaches: setup and hold, in ns.
        calls: What was called, in order.
        refused: The rule by which something was refused first, "" if nothing was.
        open: The path of the project that is open.
        saved: Projects that were closed, by path.
    """

    presets: bool = True
    slack: tuple[str, str] = ("0.412", "0.031")
    calls: list[Call] = field(default_factory=list)
    refused: str = ""
    open: str = ""
    saved: dict[str, dict] = field(default_factory=dict)
    project: dict = field(default_factory=dict)

    def run(self, script: Path) -> str:
        """Source a script, as ``vivado -mode batch -source`` does; its error, or ""."""
        said = run_tcl(script, script.parent, self.answer)
        if said and not self.refused:
            self.refused = "script"
        if not said and self.open:
            self.refused, said = "open-project", "the project is still open"
        return said

    def answer(self, name: str, words: tuple[str, ...]) -> str:
        """What a command gives.

        Raises:
            RefusedError: For what there is not.
        """
        try:
            if name not in ALL_COMMANDS:
                raise RefusedError("invalid command name", "command")
            call = parse(ALL_COMMANDS[name], name, words)
            self._check_open(ALL_COMMANDS[name].needs)
            self.calls.append(call)
            return getattr(self, f"_{name.replace('::', '_')}")(call) or ""
        except RefusedError as error:
            self.refused = self.refused or error.check
            raise

    def wrote(self, kind: str, path: Path) -> None:
        """A command wrote a file of a kind; or it would have."""

    def _check_open(self, needs: str) -> None:
        if needs and not self.open:
            raise RefusedError("no project is open", "order")
        if needs == "bd" and not self.project["bd_open"]:
            raise RefusedError("no block design is open", "order")
        if needs == "design" and not self.project["design"]:
            raise RefusedError("no design is open", "order")

    # Projects and files.
    def _create_project(self, call: Call) -> None:
        if self.open:
            raise RefusedError("a project is open", "order")
        part = call.options.get("-part", "")
        if part not in RESOURCES:
            raise RefusedError(f"there is no part {part!r}", "part")
        self.open = "memory" if "-in_memory" in call.options else self._path(*call.arguments)
        if self.open in self.saved and "-force" not in call.options:
            raise RefusedError(f"{self.open} is there", "order")
        self.project = {
            "part": part,
            "files": {},
            "bd": None,
            "bd_open": False,
            "messages": {},
            "zeros": "",
            "design": "",
            "top": "",
            "board": "",
            "runs": {"synth_1": Run(), "impl_1": Run()},
            "checkpoint": "Hierarchical",
            "wrapped": "",
        }

    @staticmethod
    def _path(name: str = "", folder: str = ".") -> str:
        return str(Path(folder) / f"{name}.xpr")

    def _open_project(self, call: Call) -> None:
        path = Path(call.arguments[0])
        if self.open or not path.is_file():
            raise RefusedError(f"{path} cannot be opened", "order")
        made = path.read_text()
        self.open, self.project = str(path), self.saved.pop(made)
        self.project["files"] = {
            self._moved(file, made): kept for file, kept in self.project["files"].items()
        }
        path.write_text(self.open)

    def _moved(self, file: str, made: str) -> str:
        """Where a source is, of a project that was made elsewhere: it knows relative paths."""
        return str((Path(self.open).parent / os.path.relpath(file, Path(made).parent)).resolve())

    def _close_project(self, call: Call) -> None:
        self.project |= {"design": "", "bd_open": False}
        if self.open != "memory":
            Path(self.open).parent.mkdir(parents=True, exist_ok=True)
            Path(self.open).write_text(self.open)
        self.saved[self.open], self.open = self.project, ""

    def _current_project(self, call: Call) -> str:
        return "project"

    def _current_fileset(self, call: Call) -> str:
        return "fileset"

    def _get_filesets(self, call: Call) -> str:
        return "fileset"

    def _add_files(self, call: Call) -> None:
        kind = call.options.get("-fileset", "sources_1")
        if kind not in ("sources_1", "constrs_1", "sim_1"):
            raise RefusedError(f"there is no fileset {kind}", "fileset")
        for path in tcl_words(call.arguments[0]):
            if not Path(path).is_file():
                raise RefusedError(f"there is no {path}", "missing-file")
            if Path(path).suffix not in SUFFIXES:
                raise RefusedError(f"{path} is no source", "file-kind")
            if (Path(path).suffix == ".xdc") != (kind == "constrs_1"):
                raise RefusedError(f"{path} does not belong to {kind}", "fileset")
            self.project["files"][str(Path(path).resolve())] = {}

    def _get_files(self, call: Call) -> str:
        pattern = call.arguments[0]
        known = {path: Path(path).name for path in self.project["files"]}
        if self.project["bd"] is not None:
            known[f"{self.bd.name}.bd"] = f"{self.bd.name}.bd"
        wanted = [str(Path(p).resolve()) if "/" in p else p for p in tcl_words(pattern)]
        found = [
            path
            for path, name in known.items()
            if any(path == p or fnmatch(name, p) for p in wanted)
        ]
        if not found and "-quiet" not in call.options:
            raise RefusedError(f"no file is called {pattern}", "missing-file")
        return tcl_list(found)

    def _get_board_parts(self, call: Call) -> str:
        wanted = call.arguments[0].removesuffix(":*")
        if not self.presets or wanted not in BOARD_FILES:
            return ""
        return f"{wanted}:1.0 {wanted}:1.10 {wanted}:1.9"

    def _update_compile_order(self, call: Call) -> None:
        if call.options.get("-fileset", "sources_1") != "sources_1":
            raise RefusedError("that fileset has no order", "fileset")

    def _set_msg_config(self, call: Call) -> None:
        if not re.fullmatch(r"\[[A-Z]\w+ \d+-\d+\]", call.options.get("-id", "")):
            raise RefusedError(f"no message is {call.options.get('-id')}", "message-id")
        self.project["messages"][call.options["-id"]] = call.options.get("-new_severity", "")

    # Properties.
    def _set_property(self, call: Call) -> None:
        pairs = call.options.get("-dict")
        if pairs is not None:
            words = tcl_words(pairs)
            (target,) = call.arguments
            given = dict(zip(words[::2], words[1::2], strict=True))
        else:
            if len(call.arguments) != 3:
                raise RefusedError("name, value and object", "arguments")
            name, value, target = call.arguments
            given = {name: value}
        for name, value in given.items():
            self._set(name, value, target)

    def _set(self, name: str, value: str, target: str) -> None:
        if target.startswith("cell:"):
            if not name.startswith("CONFIG."):
                raise RefusedError(f"a cell has no {name}", "property")
            self._one_cell(target).set(name.removeprefix("CONFIG."), value)
            self.bd.changed()
        elif (name, target) in (("board_part", "project"), ("target_language", "project")):
            if name == "board_part":
                self._set_board(value)
            self.project[name] = value
        elif ":" in target and target.split(":")[0] in KNOWN:
            self.set_packed(target, name, value)
        elif name == "file_type" and target and value in FILE_TYPES:
            for path in tcl_words(target):
                self.project["files"][path][name] = value
        elif (name, target) == ("top", "fileset"):
            self.project["top"] = value
        elif name == "is_global_include" and tcl_words(target)[0] in self.project["files"]:
            self.project["files"][tcl_words(target)[0]][name] = value
        elif name == "synth_checkpoint_mode" and target.endswith(".bd"):
            if value not in ("None", "Singular", "Hierarchical"):
                raise RefusedError(f"{name} cannot be {value}", "value")
            self.project["checkpoint"] = value
        else:
            raise RefusedError(f"{target or 'nothing'} has no property {name}", "property")

    def _set_board(self, value: str) -> None:
        name, _, version = value.rpartition(":")
        if name not in BOARD_FILES or version not in ("1.0", "1.9", "1.10"):
            raise RefusedError(f"there is no board {value}", "board")
        if BOARD_FILES[name] != self.project["part"]:
            raise RefusedError(f"{value} has another part", "part")
        self.project["board"] = value

    def _get_property(self, call: Call) -> str:
        name, target = call.arguments
        if ":" in target and name == "name":
            return target.rpartition("/")[2]
        if target.startswith("cell:"):
            cell, parameter = self._one_cell(target), name.removeprefix("CONFIG.")
            return cell.parameters.get(parameter, cell.known[parameter][0])
        run = self.project["runs"].get(target.removeprefix("run:"))
        if run is None:
            raise RefusedError(f"{target} has no property {name}", "property")
        known = {"STATUS": run.status, **run.properties}
        if name not in known and not name.startswith("STATS."):
            raise RefusedError(f"a run has no property {name}", "property")
        return known.get(name, "")

    def _list_property(self, call: Call) -> str:
        cell = self._one_cell(call.arguments[0])
        return tcl_list(["NAME", "TYPE", *(f"CONFIG.{name}" for name in cell.known)])

    # Runs and reports.
    def _get_runs(self, call: Call) -> str:
        self._run(call.arguments[0])
        return f"run:{call.arguments[0]}"

    def _run(self, name: str) -> Run:
        if name not in self.project["runs"]:
            raise RefusedError(f"there is no run {name}", "run")
        return self.project["runs"][name]

    def _reset_run(self, call: Call) -> None:
        self._run(call.arguments[0]).status = "Not started"

    def _launch_runs(self, call: Call) -> None:
        step, (name,) = call.options.get("-to_step", ""), call.arguments
        run = self._run(name)
        if name == "synth_1":
            self._check_synthesis()
        elif not self._run("synth_1").status.endswith("Complete!"):
            raise RefusedError("synth_1 is not complete", "order")
        elif step == "write_bitstream" and run.status not in ROUTED:
            raise RefusedError("impl_1 is not routed", "order")
        done = STEPS.get(step, step) if name == "impl_1" or not step else None
        if done is None or (name == "impl_1" and not step):
            raise RefusedError(f"{name} cannot go to {step or 'its end'} here", "order")
        run.status, run.properties["launched"] = f"{done} Complete!", "1"
        if name == "synth_1" and self._missing_table():
            run.status = "synth_design ERROR"
        if done == "route_design" and any(slack.startswith("-") for slack in self.slack):
            run.status = FAILED
        if name == "impl_1":
            run.properties |= {"STATS.WNS": self.slack[0], "STATS.WHS": self.slack[1]}
        if done == "write_bitstream":
            self._write_bitstream()

    def _check_synthesis(self) -> None:
        top = self.project["top"]
        texts = [Path(p).read_text() for p in self.project["files"] if p.endswith((".v", ".sv"))]
        made = self.project["wrapped"] and f"{self.bd.name}_wrapper"
        if top != made and not any(re.search(rf"\bmodule\s+{top}\b", text) for text in texts):
            raise RefusedError(f"no source has the top {top!r}", "top")
        if made and not self.bd.generated:
            raise RefusedError("the block design has no output products", "order")
        for check, says in misfits("\n".join(texts)):
            raise RefusedError(says, check)

    def _missing_table(self) -> bool:
        """Whether a table is missing, and that is an error; where it is none, zeros are made."""
        texts = {p: Path(p).read_text() for p in self.project["files"]}
        told = [
            text for p, text in texts.items() if "is_global_include" in self.project["files"][p]
        ]
        place = re.search(r'_ROM_DIR "(.*)"', "\n".join(told))
        folder = Path((self.bd and self.bd.tables) or (place[1] if place else ""))
        for file in re.findall(r'"(rom/\w+\.hex)"', "\n".join(texts.values())):
            if not (folder / file).is_file():
                if self.project["messages"].get(NO_TABLE) == "ERROR":
                    return True
                self.project["zeros"] = file
        return self._missing_memory(texts)

    def _missing_memory(self, texts: dict[str, str]) -> bool:
        """The same of a memory that is named without a folder: it has to be a source."""
        kept = {Path(p).name: given for p, given in self.project["files"].items()}
        for file in re.findall(r'"\./(\w+\.dat)"', "\n".join(texts.values())):
            if kept.get(file, {}).get("file_type") != "Memory Initialization Files":
                if self.project["messages"].get(NO_TABLE) == "ERROR":
                    return True
                self.project["zeros"] = file
        return False

    def _write_bitstream(self) -> None:
        root = Path(self.open).with_suffix("")
        top = self.project["top"]
        places = {"bit": Path(f"{root}.runs/impl_1/{top}.bit")}
        if self.project["bd"] is not None:
            name = self.bd.name
            places["hwh"] = Path(f"{root}.gen/sources_1/bd/{name}/hw_handoff/{name}.hwh")
        for kind, path in places.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"made up: {kind} of {top}\n")
            self.wrote(kind, path)

    def _wait_on_run(self, call: Call) -> None:
        if not self._run(call.arguments[0].removeprefix("run:")).properties.get("launched"):
            raise RefusedError("it was not launched", "order")

    def _open_run(self, call: Call) -> None:
        if " Complete" not in self._run(call.arguments[0]).status:
            raise RefusedError(f"{call.arguments[0]} is not complete", "order")
        self.project["design"] = call.arguments[0]

    def _synth_design(self, call: Call) -> None:
        if call.options.get("-part", self.project["part"]) != self.project["part"]:
            raise RefusedError("the project is of another part", "part")
        self.project["top"] = call.options.get("-top", self.project["top"])
        self._check_synthesis()
        if self._missing_table():
            raise RefusedError("could not open $readmem data file", "readmem")
        self.project["design"] = "synth"

    def _report(self, kind: str, call: Call) -> None:
        path = Path(call.options.get("-file", ""))
        if not path.is_absolute():
            raise RefusedError(f"{path} is relative", "relative")
        self.wrote(kind, path)

    def _report_utilization(self, call: Call) -> None:
        kind = "hierarchy" if "-hierarchical" in call.options else "utilization"
        self._report(kind, call)

    def _report_timing_summary(self, call: Call) -> None:
        self._report("timing", call)

    def _report_power(self, call: Call) -> None:
        self._report("power", call)

    def _write_checkpoint(self, call: Call) -> None:
        self.wrote("checkpoint", Path(call.arguments[0]))
