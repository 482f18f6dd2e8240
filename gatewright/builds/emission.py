"""Everything that a build holds, from its traced graph and its options alone.

``compile`` writes it and ``check`` compares with it, so there is nothing in a build, besides the
manifest and the report of a calibration, that these two do not decide.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import onnx

from gatewright.boards.shell.ports import IDENTITY_FILES, identity
from gatewright.builds.folder import (
    CERTIFICATE,
    INTEGER,
    IP,
    KERNELS,
    PROJECT,
    RTL,
    STANDARD,
    TRACED,
)
from gatewright.builds.golden import golden_values, vector_files
from gatewright.builds.options import BuildOptions, fit_steps
from gatewright.builds.targets import find_board
from gatewright.hls_templates import Design, map_design
from gatewright.hls_templates.ip import IpDesign, ip_files
from gatewright.hls_templates.mapping.document import to_json
from gatewright.hls_templates.project.hls import project_files
from gatewright.hls_templates.project.rtl import rtl_files
from gatewright.hls_templates.pynq import driver_files
from gatewright.hls_templates.records import KernelsDocument, QuantizerRecord
from gatewright.ir.certificate.certify import FloatModel, certify
from gatewright.ir.lowering import IntegerModel, lower
from gatewright.ir.onnx_io import to_onnx
from gatewright.ir.standard import to_standard
from gatewright.ir.streamable import is_streamable
from gatewright.ir.traced.cell_spec import read_cell
from gatewright.ir.traced.operands import TracedGraph
from gatewright.ir.traced.vocabulary import CELLS


@dataclass(frozen=True)
class Forms:
    """The forms of one model.

    Attributes:
        traced: In QONNX.
        integer: In integers.
        design: As kernels.
        certified: What float32 may do to it.
        options: As resolved.
    """

    traced: onnx.ModelProto
    integer: IntegerModel
    design: Design
    certified: FloatModel
    options: BuildOptions


def make_forms(
    traced: onnx.ModelProto, options: BuildOptions, report: Callable[[str], None]
) -> Forms:
    """Lower, map and certify.

    Args:
        traced: What was traced or loaded.
        options: Those of ``compile``.
        report: Called with the name of each stage as it begins.
    """
    report("lower")
    integer = lower(traced)
    report("map")
    resolved = fit_steps(options, integer)
    design = map_design(integer.graph, resolved)
    return Forms(traced, integer, design, certify(traced, integer), resolved)


def emit(forms: Forms) -> dict[str, bytes]:
    """Every file of a build by its path, but the manifest and ``calibration.json``."""
    board, names = find_board(forms.options.board), forms.options.names
    project = project_files(forms.design, board.part, board.clock_ns, names)
    values = golden_values(forms.integer, forms.design)
    project |= vector_files(values, forms.design)
    rtl = rtl_files(forms.design, names, forms.options.rom_dir)
    kernels = _kernels(forms)
    documents = {
        TRACED: _graph(forms.traced),
        INTEGER: _graph(to_onnx(forms.integer)),
        STANDARD: _graph(to_standard(forms.integer)),
        KERNELS: json_bytes(to_json(kernels)),
        CERTIFICATE: json_bytes(forms.certified.certificate.to_json()),
    }
    digest = identity(hashlib.sha256(documents[name]).hexdigest() for name in IDENTITY_FILES)
    ip = IpDesign(
        design=forms.design,
        names=names,
        rom_dir=forms.options.rom_dir,
        digest=digest.hex(),
        golden=values,
        cycles=kernels.predicted_cycles,
        part=board.part,
        bus_bits=forms.options.bus_bits,
        streams=is_streamable(forms.integer.graph, at_any_step=True),
    )
    # What one multiplier would need: synth may fold the kernels anew, down to that.
    cycles = max(kernels.predicted_cycles, kernels.hls_predicted_cycles)
    driver = driver_files(ip, forms.integer, cycles * forms.options.multipliers)
    folders = {PROJECT: project, RTL: rtl, IP: ip_files(ip, rtl) | driver}
    return {
        **documents,
        **{
            f"{folder}/{name}": text.encode()
            for folder, files in folders.items()
            for name, text in files.items()
        },
    }


def json_bytes(data: Any) -> bytes:
    """JSON as builds hold it."""
    return (json.dumps(data, indent=1, sort_keys=True) + "\n").encode()


def _graph(model: onnx.ModelProto) -> bytes:
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _kernels(forms: Forms) -> KernelsDocument:
    return forms.design.document(
        forms.integer.steps,
        _state_quantizers(forms.traced),
        forms.options.clock_ns,
        forms.options.name,
    )


def _state_quantizers(traced: onnx.ModelProto) -> dict[str, QuantizerRecord]:
    """Scale and zero point of h and c of each recurrent layer."""
    graph = TracedGraph(traced.graph)
    states = {}
    for node in traced.graph.node:
        if node.op_type in CELLS:
            spec = read_cell(graph, node)
            for state in spec.form.states:
                states[f"{node.name}/{state}"] = QuantizerRecord(
                    **spec.state_quantizer(state).to_json()
                )
    return states
