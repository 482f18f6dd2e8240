"""A build folded anew: the same integers with another budget of multipliers."""

from __future__ import annotations

from gatewright.builds.documents import Documents
from gatewright.builds.manifest import read_manifest
from gatewright.builds.options import check_options, fit_steps
from gatewright.hls_templates import Design, map_design


def folded(build: Documents, multipliers: int) -> Design:
    """A build's design with another budget of multipliers; all else as it was compiled."""
    manifest, integer = read_manifest(build.path), build.integer
    options = check_options(multipliers, manifest["requantizer"], build.kernels.max_steps)
    return map_design(integer.graph, fit_steps(options, integer))
