"""``ap_int.h``, ``ap_fixed.h``, ``hls_stream.h`` and ``ap_axi_sdata.h`` of our own, for AMD's.

Under ``__SYNTHESIS__`` clang makes LLVM IR of them in which every operation has the width that
hardware has. LLVM's passes widen some to the CPU's, unless the data layout names no native widths
(``n8:16:32:64``).
"""

from __future__ import annotations

from pathlib import Path

from gatewright.tools.compiler import OWN_HEADERS


def own_headers() -> Path:
    """The folder that a compiler finds them in, by ``-I``."""
    return OWN_HEADERS
