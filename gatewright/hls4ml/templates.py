"""What stands in hls4ml's own sources: the call of a part, and the header it needs."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate

from gatewright.hls4ml.layer import GatewrightRecurrent
from gatewright.hls4ml.settle import check_rounding
from gatewright.hls_templates.project.names import Names, fault_of_name

_MOST = 40


def names_of(node: Any) -> Names:
    """What the sources of a node are called: by project, layer and place, so that none clash."""
    words = (node.model.config.get_project_name(), node.name, str(node.index))
    name = re.sub(r"[^a-z0-9]+", "_", "_".join(words).lower()).strip("_")
    if fault_of_name(name) is not None:
        digest = hashlib.sha256("/".join(words).encode()).hexdigest()[:12]
        name = f"layer_{node.index}_{digest}"
    return Names(name)


class RecurrentConfig(LayerConfigTemplate):  # type: ignore[misc]
    """Nothing: parameters stand in a header of their own."""

    def __init__(self) -> None:
        super().__init__(GatewrightRecurrent)

    def format(self, node: Any) -> str:
        """A line for whoever reads ``parameters.h``."""
        return f"// {node.name}: {names_of(node).name}.hpp\n"


class RecurrentCall(FunctionCallTemplate):  # type: ignore[misc]
    """The call."""

    def __init__(self) -> None:
        super().__init__(GatewrightRecurrent)

    def transform(self, model: Any, node: Any) -> bool:
        """The header is the node's own; types are known by now."""
        check_rounding(model)
        self.include_header = [f"{names_of(node).name}.hpp"]
        return bool(super().transform(model, node))

    def format(self, node: Any) -> str:
        """The call, between hls4ml's variables."""
        variables = [node.get_input_variable(name) for name in node.inputs]
        ends = [*variables, node.get_output_variable()]
        types = ", ".join(end.type.name for end in ends)
        return f"{names_of(node).name}::run<{types}>({', '.join(end.name for end in ends)});"
