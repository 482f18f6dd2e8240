"""Every folder of a kernel there is, and which of them maps an op."""

from __future__ import annotations

from collections.abc import Mapping

from gatewright.hls_templates.kernels.argmax.kernel import MAPPINGS as ARGMAX
from gatewright.hls_templates.kernels.concat.kernel import MAPPINGS as CONCAT
from gatewright.hls_templates.kernels.drain.kernel import DrainRecord
from gatewright.hls_templates.kernels.embedding.kernel import MAPPINGS as EMBEDDING
from gatewright.hls_templates.kernels.flatten.kernel import MAPPINGS as FLATTEN
from gatewright.hls_templates.kernels.fork.kernel import ForkRecord
from gatewright.hls_templates.kernels.groups.kernel import MAPPINGS as GROUPS
from gatewright.hls_templates.kernels.lookup.kernel import MAPPINGS as LOOKUP
from gatewright.hls_templates.kernels.matvec.kernel import MAPPINGS as MATVEC
from gatewright.hls_templates.kernels.multiply_add.kernel import MAPPINGS as MULTIPLY_ADD
from gatewright.hls_templates.kernels.over_time.kernel import MAPPINGS as OVER_TIME
from gatewright.hls_templates.kernels.pairs.kernel import MAPPINGS as PAIRS
from gatewright.hls_templates.kernels.recurrent.mapping import MAPPINGS as RECURRENT
from gatewright.hls_templates.kernels.requantize.kernel import MAPPINGS as REQUANTIZE
from gatewright.hls_templates.kernels.reverse.kernel import ReverseRecord
from gatewright.hls_templates.kernels.select_last.kernel import MAPPINGS as SELECT_LAST
from gatewright.hls_templates.kernels.select_steps.kernel import MAPPINGS as SELECT_STEPS
from gatewright.hls_templates.kernels.windows.kernel import MAPPINGS as WINDOWS
from gatewright.hls_templates.mapping.op_mapping import Mapped, Mappings, OpMapping
from gatewright.hls_templates.records import KernelRecord

OF_OPS: Mapping[str, Mappings] = {
    "argmax": ARGMAX,
    "concat": CONCAT,
    "embedding": EMBEDDING,
    "flatten": FLATTEN,
    "groups": GROUPS,
    "lookup": LOOKUP,
    "matvec": MATVEC,
    "multiply_add": MULTIPLY_ADD,
    "over_time": OVER_TIME,
    "pairs": PAIRS,
    "recurrent": RECURRENT,
    "requantize": REQUANTIZE,
    "select_last": SELECT_LAST,
    "select_steps": SELECT_STEPS,
    "windows": WINDOWS,
}
OF_WIRING: Mapping[str, type[KernelRecord] | None] = {
    "axis": None,
    "drain": DrainRecord,
    "elementwise": None,
    "fork": ForkRecord,
    "reverse": ReverseRecord,
}
"""What others are placed with: at the ends of streams, between them (as kernels with a record of
their own), around a function."""

FOLDERS = tuple(sorted((*OF_OPS, *OF_WIRING)))


def merge(of_ops: Mapping[str, Mappings]) -> dict[Mapped, OpMapping]:
    """One table of all folders'.

    Raises:
        ValueError: For an op that two of them map.
    """
    merged: dict[Mapped, OpMapping] = {}
    for folder, mappings in of_ops.items():
        for op, mapping in mappings.items():
            if op in merged:
                raise ValueError(f"{folder} maps {op}, which another kernel maps already")
            merged[op] = mapping
    return merged


_MAPPINGS = merge(OF_OPS)
RECORDS = {m.record for m in _MAPPINGS.values()} | {r for r in OF_WIRING.values() if r}
"""Those of every kind of kernel that there is."""


def find_mapping(op: Mapped) -> OpMapping:
    """How an op is placed.

    Raises:
        ValueError: For an op that no folder maps.
    """
    if op not in _MAPPINGS:
        raise ValueError(f"no kernel maps {op}")
    return _MAPPINGS[op]
