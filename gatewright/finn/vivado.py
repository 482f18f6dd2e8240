"""What FINN asks of a machine before it may be imported."""

from __future__ import annotations

import os
from typing import Any

_VARIABLE = "XILINX_VIVADO"
_NO_VIVADO = "no-vivado"


def without_vivado() -> bool:
    """Let FINN's steps run where there is no Vivado; those that need it end in an error.

    FINN's own command sets what this sets, its simulator is one of Vivado's, and each of its builds
    ends by writing the name of that folder down. Where ``XILINX_VIVADO`` names one, this changes
    nothing but FINN's settings, where there are none.

    Returns:
        Whether there is no Vivado.
    """
    from finn import xsi
    from finn.util import settings

    if settings._SETTINGS is None:
        settings.initialize_dummy_settings()
    settings.get_settings().finn_build_dir.mkdir(parents=True, exist_ok=True)
    # Set by a parent process, perhaps.
    missing = os.environ.setdefault(_VARIABLE, _NO_VIVADO) == _NO_VIVADO
    if missing:
        xsi.SimEngine = _Missing
    return missing


class _Missing:
    """In the place of FINN's simulator."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise OSError(f"FINN's simulator needs Vivado, which {_VARIABLE} has to name")
