"""Recurrent layers inside hls4ml: ``import gatewright.hls4ml`` registers them there.

hls4ml loads plug-ins while it is being imported itself, when no layer can be registered yet; so
this import is the user's. From then on ``hls4ml.converters`` takes ``QuantLSTM`` and ``QuantRNN``.
"""

from importlib.util import find_spec

from gatewright.errors import GatewrightError


def _register() -> None:
    found = find_spec("hls4ml")
    if found is None or found.origin is None:  # a folder of that name is no package
        raise GatewrightError(
            "GW-506",
            where="hls4ml",
            cause="gatewright.hls4ml adds layers to it, and it is not installed.",
            remedy="Run pip install hls4ml.",
        )
    from gatewright.hls4ml.register import register

    register()


_register()
