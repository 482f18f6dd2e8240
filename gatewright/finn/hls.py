"""The layer in C++, where FINN is asked for HLS: a dataflow region that FINN's own top calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from finn.custom_op.fpgadataflow.hlsbackend import HLSBackend

from gatewright.finn.design import NodeDesign, node_interval
from gatewright.finn.layer import StreamingRecurrent
from gatewright.finn.names import names_of
from gatewright.hls_templates.library import versioned_headers
from gatewright.hls_templates.mapping.options import DEFAULT_CLOCK_NS
from gatewright.hls_templates.project.hls.write import params_header, write_project
from gatewright.hls_templates.project.names import LIBRARY
from gatewright.hls_templates.template import template


class StreamingRecurrent_hls(StreamingRecurrent, HLSBackend):  # type: ignore[misc] # noqa: N801
    """The same, as FINN wants what is written in C++ for Vitis HLS.

    FINN's templates make the top function, the script and the program of its C-simulation; what
    they call is ours.
    """

    def get_nodeattr_types(self) -> dict[str, Any]:
        """Those of both."""
        return {
            **StreamingRecurrent.get_nodeattr_types(self),
            **HLSBackend.get_nodeattr_types(self),
        }

    def generate_params(self, model: Any, path: str | Path, fpgapart: str | None = None) -> None:
        """Write our headers, which FINN's top includes, beside it."""
        write_project(header_files(self.onnx_node.name, self.folded), Path(path))

    def global_includes(self) -> None:
        """What the top includes."""
        self.code_gen_dict["$GLOBALS$"] = [f'#include "{names_of(self.onnx_node.name).name}.hpp"']

    def defines(self, var: str) -> None:
        """Nothing: all parameters are in our headers."""
        self.code_gen_dict["$DEFINES$"] = []

    def docompute(self) -> None:
        """One sequence."""
        self.code_gen_dict["$DOCOMPUTE$"] = [
            f"{names_of(self.onnx_node.name).name}::run(in0_V, out0_V);"
        ]

    def blackboxfunction(self) -> None:
        """The top, with FINN's ports."""
        self.code_gen_dict["$BLACKBOXFUNCTION$"] = [
            f"void {self.onnx_node.name}(hls::stream<ap_uint<{self.get_instream_width()}>>& in0_V, "
            f"hls::stream<ap_uint<{self.get_outstream_width()}>>& out0_V)"
        ]

    def cycles_by(self, multipliers: int) -> int:
        """Those of the pipelines that Vitis HLS is expected to make, at a clock of 100 MHz."""
        return node_interval(self._data, self.steps, multipliers, DEFAULT_CLOCK_NS)

    def execute_node(self, context: dict[str, Any], graph: Any) -> None:
        """By FINN's simulators where it is asked for one, else in integers."""
        if self.get_nodeattr("exec_mode"):
            HLSBackend.execute_node(self, context, graph)
        else:
            StreamingRecurrent.execute_node(self, context, graph)


def header_files(node: str, folded: NodeDesign) -> dict[str, str]:
    """The library, the parameters of a node, and its region between FINN's streams.

    Args:
        node: The name of the node.
        folded: Its kernels.
    """
    names, design = names_of(node), folded.design
    values = {"names": names, "design": design, "steps": folded.steps, "library": LIBRARY}
    return {
        **{f"{LIBRARY}/{name}": text for name, text in versioned_headers().items()},
        f"{names.namespace}.hpp": params_header(design, names),
        f"{names.name}.hpp": template("gatewright.finn", "region.hpp.j2").render(values),
    }
