"""The layer in SystemVerilog, behind the ports that FINN stitches."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from finn.custom_op.fpgadataflow.rtlbackend import RTLBackend

from gatewright.finn.design import NodeDesign
from gatewright.finn.layer import StreamingRecurrent
from gatewright.finn.names import names_of
from gatewright.hls_templates.kernels.axis.kernel import FLAGS
from gatewright.hls_templates.library import file_list
from gatewright.hls_templates.project.hls.write import write_project
from gatewright.hls_templates.project.names import LIBRARY, LIBRARY_LIST, SOURCES
from gatewright.hls_templates.project.rtl import rtl_files
from gatewright.hls_templates.template import template

_HERE = "gatewright.finn"


class StreamingRecurrent_rtl(StreamingRecurrent, RTLBackend):  # type: ignore[misc] # noqa: N801
    """The same, as FINN wants what is written in Verilog or SystemVerilog."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        """Those of both."""
        return {
            **StreamingRecurrent.get_nodeattr_types(self),
            **RTLBackend.get_nodeattr_types(self),
        }

    def generate_hdl(self, model: Any, fpgapart: str, clk: float) -> None:
        """Write the kernels and their wrapper into ``code_gen_dir_ipgen``.

        Args:
            model: The graph around it.
            fpgapart: The device.
            clk: The clock period in nanoseconds.
        """
        folder, top = Path(self.get_nodeattr("code_gen_dir_ipgen")), self.onnx_node.name
        library, own = node_files(top, self.folded, f"{folder.resolve()}/")
        shared = share(library, folder.parent)
        write_project(own, folder)
        listed = [*(shared / name for name in library[LIBRARY_LIST].split())]
        listed += [folder / name for name in own[SOURCES].split()]
        (folder / SOURCES).write_text(file_list(str(path.resolve()) for path in listed))
        for name, value in (("gen_top_module", top), ("ipgen_path", folder), ("ip_path", folder)):
            self.set_nodeattr(name, str(value))

    def get_rtl_file_list(self, abspath: bool = False) -> list[str]:
        """All sources, in compile order."""
        folder = Path(self.get_nodeattr("code_gen_dir_ipgen"))
        paths = (folder / SOURCES).read_text().split("\n")[:-1]
        return paths if abspath else [Path(path).name for path in paths]

    def get_verilog_paths(self) -> list[str]:
        """The folders that they are in."""
        return sorted({str(Path(path).parent) for path in self.get_rtl_file_list(abspath=True)})

    def code_generation_ipi(self) -> list[str]:
        """The commands that place it in a block design."""
        top = self.get_nodeattr("gen_top_module")
        added = [f"add_files -norecurse {path}" for path in self.get_rtl_file_list(abspath=True)]
        return [*added, f"create_bd_cell -type module -reference {top} {self.onnx_node.name}"]

    def execute_node(self, context: dict[str, Any], graph: Any) -> None:
        """By FINN's simulator where it is asked for that, else in integers."""
        if self.get_nodeattr("exec_mode") == "rtlsim":
            RTLBackend.execute_node(self, context, graph)
        else:
            StreamingRecurrent.execute_node(self, context, graph)


def node_files(top: str, node: NodeDesign, rom_dir: str) -> tuple[dict[str, str], dict[str, str]]:
    """The files of a node: the library, and its own.

    Args:
        top: The name of the module that FINN places.
        node: Its kernels.
        rom_dir: The folder that ``rom/`` will be in, with / behind it.
    """
    names = names_of(top)
    files = rtl_files(node.design, names, rom_dir)
    listed = files[LIBRARY_LIST].split()
    library = {name: files.pop(name) for name in (*listed, LIBRARY_LIST)}
    values = {"top": top, "names": names, "design": node.design, "steps": node.steps}
    values["flags"] = FLAGS
    files[f"{top}.v"] = template(_HERE, "wrapper.v.j2").render(values)
    files[SOURCES] = file_list([*files[names.sources].split(), f"{top}.v"])
    return library, files


def share(library: dict[str, str], parent: Path) -> Path:
    """Put the library where all nodes of a build find it, so that a project has each file once.

    Args:
        library: Its files.
        parent: The folder that the folders of the nodes are in.

    Returns:
        Its folder, called by its contents: it is there whole, or not at all.
    """
    digest = sha256("".join(f"{name}\n{text}" for name, text in library.items()).encode())
    folder = parent.resolve() / f"{LIBRARY}_{digest.hexdigest()[:12]}"
    if not folder.is_dir():
        with TemporaryDirectory(dir=parent) as made:
            write_project(library, Path(made) / LIBRARY)
            with suppress(OSError):  # another process was first
                (Path(made) / LIBRARY).rename(folder)
    return folder
