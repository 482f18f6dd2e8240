"""The files that we add to a project of hls4ml, and the one word of it that we change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hls4ml.model.types import FixedPrecisionType

from gatewright.builds.options import ULTRASCALE
from gatewright.hls4ml.layer import GatewrightRecurrent
from gatewright.hls4ml.part import Part
from gatewright.hls4ml.templates import names_of
from gatewright.hls_templates.kernels.axis.kernel import AxisPort
from gatewright.hls_templates.library import versioned_headers
from gatewright.hls_templates.mapping.dataflow import Design
from gatewright.hls_templates.project.hls.write import params_header, write_project
from gatewright.hls_templates.project.names import LIBRARY
from gatewright.hls_templates.template import template
from gatewright.lint.foreign import ENDS_HEADER, FIRMWARE, layer_json

_STANDARD = ("-std=c++0x", "-std=c++14")
"""What hls4ml's script tells Vitis HLS, and what our kernels are written in, its default."""
_SCRIPT = "build_prj.tcl"


def write_sources(model: Any) -> bool:
    """Write what belongs to our layers, behind all that hls4ml writes.

    Args:
        model: hls4ml's.

    Returns:
        False: the graph is as it was.
    """
    nodes = [n for n in model.get_layers() if n.class_name == GatewrightRecurrent.__name__]
    if not nodes:
        return False
    files = {f"{LIBRARY}/{name}": text for name, text in versioned_headers().items()}
    files[ENDS_HEADER] = _render("ends.hpp.j2", library=LIBRARY)
    for node in nodes:
        files |= node_files(node)
    folder = Path(model.config.get_output_dir())
    write_project(files, folder / FIRMWARE)
    script = folder / _SCRIPT
    script.write_text(script.read_text().replace(*_STANDARD))
    model.config.backend.writer.write_tar(model)  # which was made before ours were there
    return False


def operator_ns(config: Any) -> float:
    """The clock period of a project as a Zynq-7000 has it, in nanoseconds."""
    device = str(config.get_config_value("Part"))
    return float(config.get_config_value("ClockPeriod")) * (
        2 if device.startswith(ULTRASCALE) else 1
    )


def node_files(node: Any) -> dict[str, str]:
    """The parameters of a node, and its region between tensors of hls4ml."""
    config, part, names = node.model.config, node.get_attr("part"), names_of(node)
    period = operator_ns(config)
    design = part.design(node.get_attr("reuse_factor"), period)
    values = {
        "design": design,
        "names": names,
        "library": LIBRARY,
        "inputs": _inputs(part, design),
        "output": _output(part, design),
        "streams": config.get_config_value("IOType") == "io_stream",
    }
    kernels = design.document(part.steps, {}, period, names.name)
    return {
        f"{names.namespace}.hpp": params_header(design, names),
        f"{names.name}.hpp": _render("layer.hpp.j2", **values),
        f"{names.kernel}.cpp": _render("top.cpp.j2", **values),
        f"{names.name}.json": layer_json(kernels, period).decode(),
    }


@dataclass(frozen=True)
class _End:
    """A stream of beats, and the type of its values in hls4ml.

    Attributes:
        port: Of the design.
        type: In hls4ml.
        steps: Beats of a sequence.
        index: Which state of its tensor it is.
    """

    port: AxisPort
    type: FixedPrecisionType
    steps: int
    index: int = 0


@dataclass(frozen=True)
class _Tensor:
    """An argument of the call.

    Attributes:
        name: In C++.
        words: Steps, or states.
        width: Values of each.
        ends: What it becomes; of an output the one that it comes from.
    """

    name: str
    words: int
    width: int
    ends: tuple[_End, ...]

    @property
    def simple(self) -> bool:
        """Whether every value goes into one stream."""
        return len(self.ends) == 1 and self.ends[0].steps == self.words


def _inputs(part: Part, design: Design) -> list[_Tensor]:
    ports = {port.tensor: port for port in design.inputs}
    found = []
    for argument, boundaries in enumerate(part.inputs):
        precision, shape = part.input_types[argument], part.input_shapes[argument]
        ends = tuple(
            _End(ports[b.tensor], precision, ports[b.tensor].beats(part.steps), b.index or 0)
            for b in boundaries
        )
        found.append(_Tensor(f"x{argument}", shape[0], shape[1], ends))
    return found


def _output(part: Part, design: Design) -> _Tensor:
    port = design.outputs[0]
    end = _End(port, part.output_type, port.beats(part.steps))
    return _Tensor("y", end.steps, port.port.width, (end,))


def _render(name: str, **values: Any) -> str:
    return template("gatewright.hls4ml", name).render(**values)
