"""FINN, with a recurrent layer: build steps, and the layer that they put into its graphs.

Importing this package registers the layer with FINN; it needs the package ``finn-plus``.
"""

from gatewright.errors import GatewrightError

try:
    import finn.custom_op.fpgadataflow.hwcustomop  # noqa: F401 # a folder of that name is no package
except ModuleNotFoundError as error:
    raise GatewrightError(
        "GW-506",
        where="gatewright.finn",
        cause=f"it adds a layer to FINN, which cannot be imported: {error}.",
        remedy="Install finn-plus and what it needs, as docs/finn.md says; the package called finn "
        "is empty.",
    ) from error

from gatewright.finn.convert import InferRecurrent
from gatewright.finn.register import register
from gatewright.finn.steps import build_steps
from gatewright.finn.vivado import without_vivado

register()

__all__ = ["InferRecurrent", "build_steps", "without_vivado"]
