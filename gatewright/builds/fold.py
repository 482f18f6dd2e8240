"""A build folded anew: the same integers with another budget of multipliers."""

from __future__ import annotations

from gatewright.builds.documents import Documents
from gatewright.builds.manifest import read_manifest
from gatewright.builds.options import ClockedOptions, check_options, fit_steps
from gatewright.hls_templates import Design, map_design


def folded(build: Documents, multipliers: int) -> Design:
    """A build's design with another budget of multipliers; all else as it was compiled."""
    manifest, integer = read_manifest(build.path), build.integer
    options = check_options(multipliers, manifest["requantizer"], build.kernels.max_steps)
    return map_design(integer.graph, fit_steps(options, integer))


def folded_for_hls(
    build: Documents, multipliers: int, operator_ns: float, hls_depth: int | None
) -> Design:
    """The same for a clock, which the depth of the C++'s pipelines depends on.

    Args:
        build: The build.
        multipliers: Budget of a recurrent layer.
        operator_ns: Period of the clock, as a Zynq-7000 has it.
        hls_depth: Cycles from an h to the next; None for that of the build.
    """
    manifest, integer = read_manifest(build.path), build.integer
    depth = manifest.get("hls_depth") if hls_depth is None else hls_depth
    checked = check_options(
        multipliers, manifest["requantizer"], build.kernels.max_steps, hls_depth=depth
    )
    options = ClockedOptions(
        checked.multipliers, checked.requantizer, checked.max_steps, checked.hls_depth, operator_ns
    )
    return map_design(integer.graph, fit_steps(options, integer))
