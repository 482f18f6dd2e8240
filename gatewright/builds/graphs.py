"""The ONNX graphs of a build, read back."""

from __future__ import annotations

from pathlib import Path

import onnx

from gatewright.files.limits import ENTRIES
from gatewright.files.reading import read_bytes, whole
from gatewright.frontend.onnx.fields import check_fields
from gatewright.frontend.onnx.read import read_model


def read_graph(folder: Path, name: str) -> onnx.ModelProto:
    """The ONNX model in a file, all of it.

    Raises:
        GatewrightError: GW-206 where its data would lie elsewhere, GW-208 beyond limits, GW-402.
    """
    data = read_bytes(folder, name)
    check_fields(str(folder / name), data, onnx.ModelProto.DESCRIPTOR, ENTRIES)
    with whole(folder / name):
        model = onnx.ModelProto()
        model.ParseFromString(data)
        if not model.graph.node:  # so an empty file is read
            raise ValueError("its graph holds no nodes")
        return read_model(model)
