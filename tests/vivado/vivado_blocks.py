"""The commands of block designs in the model: cells, pins, connections, addresses (UG994)."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from tcl_model import Call, RefusedError, tcl_words
from vivado_design import BlockDesign, Cell
from vivado_ip import AUTOMATION, CATALOGUE, PROCESSORS, RULES, module_parameters, module_shape


class BlockCommands:
    """Part of the model. Objects are "KIND:PATH"."""

    project: dict[str, Any]

    @property
    def bd(self) -> BlockDesign:
        """The block design."""
        return self.project["bd"]

    def _create_bd_design(self, call: Call) -> None:
        if self.project["bd"] is not None:
            raise RefusedError("there is one already", "order")
        self.project["bd"] = BlockDesign(call.arguments[0])
        self.project["bd_open"] = True

    def _open_bd_design(self, call: Call) -> None:
        if self.project["bd"] is None or call.arguments[0] != f"{self.bd.name}.bd":
            raise RefusedError(f"there is no block design {call.arguments[0]}", "order")
        self.project["bd_open"] = True

    def _create_bd_cell(self, call: Call) -> str:
        (name,) = call.arguments
        if name in self.bd.cells:
            raise RefusedError(f"{name} is there already", "cell")
        if call.options.get("-type") == "module":
            cell = self._module(name, call.options.get("-reference", ""))
        else:
            cell = self._catalogued(name, call.options.get("-vlnv", ""))
        self.bd.cells[name] = cell
        self.bd.changed()
        return f"cell:{name}"

    def _catalogued(self, name: str, vlnv: str) -> Cell:
        vendor, _, rest = vlnv.partition(":ip:")
        kind = rest.split(":")[0]
        if vendor != "xilinx.com" or kind not in CATALOGUE:
            raise RefusedError(f"the catalogue has no {vlnv!r}", "ip")
        family = PROCESSORS.get(kind)
        if family and not re.match(family, self.project["part"]):
            raise RefusedError(f"{self.project['part']} has no {kind}", "ip-of-part")
        return Cell(name, kind, CATALOGUE[kind])

    def _module(self, name: str, reference: str) -> Cell:
        for path in self.project["files"]:
            text = Path(path).read_text()
            if re.search(rf"\bmodule\s+{re.escape(reference)}\b", text) and reference:
                if not path.endswith(".v"):
                    raise RefusedError(f"{reference} is not Verilog", "reference")
                known = dict.fromkeys(module_parameters(text, reference), ("", ".*"))
                return Cell(name, reference, None, module_shape(text, reference), known)
        raise RefusedError(f"no source has {reference!r}", "reference")

    def _one_cell(self, target: str) -> Cell:
        return self.bd.cells[target.removeprefix("cell:")]

    def _apply_bd_automation(self, call: Call) -> None:
        kind = RULES.get(call.options.get("-rule", ""))
        if kind is None:
            raise RefusedError(f"there is no rule {call.options.get('-rule')}", "rule")
        cell = self._one_cell(call.arguments[0])
        words = tcl_words(call.options.get("-config", ""))
        told = dict(zip(words[::2], words[1::2], strict=True))
        if cell.kind != kind or any(
            not re.fullmatch(AUTOMATION[kind].get(key, "(?!)"), value)
            for key, value in told.items()
        ):
            raise RefusedError(f"{cell.kind} cannot be told {told}", "rule")
        if told.get("apply_board_preset") == "1" and not self.project["board"]:
            raise RefusedError("no board is set", "preset")
        cell.automated = told

    def _found(self, call: Call, kind: str, known: dict[str, object]) -> str:
        patterns = call.arguments[0].split() if call.arguments else ["*"]
        found = [name for p in patterns for name in known if fnmatch(name, p)]
        if not found and "-quiet" not in call.options:
            raise RefusedError(f"there is no {kind} {call.arguments[0]}", kind)
        return " ".join(f"{kind}:{name}" for name in found)

    def _get_bd_cells(self, call: Call) -> str:
        return self._found(call, "cell", dict(self.bd.cells))

    def _get_bd_pins(self, call: Call) -> str:
        names = {
            f"{c.name}/{n}": p for c in self.bd.cells.values() for n, p in c.shape.pins.items()
        }
        return self._found(call, "pin", names)

    def _get_bd_intf_pins(self, call: Call) -> str:
        names = {
            f"{c.name}/{n}": p
            for c in self.bd.cells.values()
            for n, p in c.shape.interfaces.items()
        }
        return self._found(call, "intf_pin", names)

    def _get_bd_addr_spaces(self, call: Call) -> str:
        return self._found(call, "space", dict(self.bd.spaces()))

    def _get_bd_addr_segs(self, call: Call) -> str:
        return self._found(call, "segment", dict(self.bd.segments()))

    @staticmethod
    def _objects(words: list[str], kind: str) -> list[str]:
        found = [word for argument in words for word in argument.split()]
        if not found or any(not word.startswith(f"{kind}:") for word in found):
            raise RefusedError(f"{words} are no objects of the kind {kind}", "object")
        return [word.removeprefix(f"{kind}:") for word in found]

    def _connect_bd_net(self, call: Call) -> None:
        self.bd.connect(self._objects(list(call.arguments), "pin"))

    def _connect_bd_intf_net(self, call: Call) -> None:
        one, two = self._objects(list(call.arguments), "intf_pin")
        self.bd.link(one, two)

    def _assign_bd_address(self, call: Call) -> None:
        (space,) = self._objects([call.options.get("-target_address_space", "")], "space")
        (segment,) = self._objects(list(call.arguments), "segment")
        numbers = []
        for name in ("-offset", "-range"):
            text = call.options.get(name)
            if text is not None and not re.fullmatch(r"0x[0-9A-Fa-f]+", text):
                raise RefusedError(f"{name} cannot be {text}", "value")
            numbers.append(None if text is None else int(text, 16))
        self.bd.assign(space, segment, *numbers)

    def _exclude_bd_addr_seg(self, call: Call) -> None:
        (space,) = self._objects([call.options.get("-target_address_space", "")], "space")
        for segment in self._objects(list(call.arguments), "segment"):
            if any(m.segment == segment for m in self.bd.mapped.get(space, [])):
                raise RefusedError(f"{segment} is mapped", "mapped-twice")
            self.bd.excluded.setdefault(space, []).append(segment)

    def _validate_bd_design(self, call: Call) -> None:
        for check, what in self.bd.faults():
            raise RefusedError(what, check)
        self.bd.valid = True

    def _save_bd_design(self, call: Call) -> None:
        self.bd.saved = True

    def _generate_target(self, call: Call) -> None:
        if not self.bd.valid or not self.bd.saved:
            raise RefusedError("it was not validated and saved", "order")
        self.bd.generated = True
        for cell in self.bd.cells.values():
            self.bd.tables = cell.parameters.get("ROM_DIR", self.bd.tables)

    def _make_wrapper(self, call: Call) -> None:
        if not self.bd.generated or call.options.get("-files") != f"{self.bd.name}.bd":
            raise RefusedError("there are no output products to wrap", "order")
        if not {"-top", "-import"} <= call.options.keys():
            raise RefusedError("the wrapper becomes no source", "wrapper")
        self.project["wrapped"] = "1"
