"""What hls4ml is told of us: layer, templates, handlers, and the files of a project."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import yaml
from hls4ml.backends import get_backend
from hls4ml.converters import register_onnx_layer_handler
from hls4ml.model.flow import update_flow
from hls4ml.model.layers import register_layer
from hls4ml.model.optimizer import ModelOptimizerPass, register_pass

from gatewright.hls4ml.layer import BACKENDS, GatewrightRecurrent
from gatewright.hls4ml.onnx import recurrent
from gatewright.hls4ml.project import write_sources
from gatewright.hls4ml.settle import settle
from gatewright.hls4ml.standin import GatewrightStandIn
from gatewright.hls4ml.templates import RecurrentCall, RecurrentConfig
from gatewright.qonnx import OP_TYPE

_SETTLE = "gatewright_settle"
_SOURCES = "gatewright_sources"


def register() -> None:
    """Register everything; Python imports a module once, and so this is called once."""
    register_layer(GatewrightRecurrent.__name__, GatewrightRecurrent)
    register_layer(GatewrightStandIn.__name__, GatewrightStandIn)
    register_pass(_SETTLE, ModelOptimizerPass(_SETTLE, settle))
    update_flow("parse_qonnx", add_optimizers=[_SETTLE])  # which every model goes through first
    # Every flow of Vitis' back end goes through Vivado's templates.
    for template in (RecurrentConfig, RecurrentCall):
        get_backend("vivado").register_template(template)
    for name in BACKENDS:
        backend = get_backend(name)
        backend.register_pass(
            _SOURCES, ModelOptimizerPass(_SOURCES, write_sources), f"{name}:write"
        )
    register_onnx_layer_handler(OP_TYPE, recurrent)
    if find_spec("brevitas") is not None:
        _register_torch()


def _register_torch() -> None:
    from hls4ml.converters import register_pytorch_layer_handler
    from torch import nn

    from gatewright.hls4ml.torch.handlers import HANDLERS

    for name, handler in HANDLERS.items():
        register_pytorch_layer_handler(name, handler)
    # hls4ml writes its whole configuration beside a project, the torch module in it.
    yaml.add_multi_representer(nn.Module, _represent_module)


def _represent_module(dumper: Any, module: Any) -> Any:
    kind = type(module)
    return dumper.represent_scalar("!torch_module", f"{kind.__module__}.{kind.__qualname__}")
