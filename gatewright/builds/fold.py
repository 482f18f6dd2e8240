"""A build folded anew: the same integers with another budget of multipliers."""

from __future__ import annotations

from gatewright.boards.shell.ports import IDENTITY_FILES, identity
from gatewright.builds.documents import Documents
from gatewright.builds.golden import golden_values
from gatewright.builds.manifest import read_manifest
from gatewright.builds.options import ClockedOptions, check_options, fit_steps
from gatewright.files.reading import digest_of
from gatewright.hls_templates import Design, map_design
from gatewright.hls_templates.ip import IpDesign
from gatewright.hls_templates.project.names import Names
from gatewright.hls_templates.rtl.cut import UNCUT, Cut
from gatewright.ir.streamable import is_streamable


def folded(build: Documents, multipliers: int, cuts: tuple[Cut, ...] = (UNCUT,)) -> Design:
    """A build's design anew; all else is as it was compiled.

    Args:
        build: The build.
        multipliers: Budget of a recurrent layer.
        cuts: Ways of placing the registers of recurrent layers, see ``MappingOptions``.
    """
    manifest, integer = read_manifest(build.path), build.integer
    checked = check_options(
        multipliers,
        manifest["requantizer"],
        build.kernels.max_steps,
        sequences=manifest.get("sequences"),
    )
    options = ClockedOptions(
        checked.multipliers,
        checked.requantizer,
        checked.max_steps,
        sequences=checked.sequences,
        registers=cuts,
    )
    return map_design(integer.graph, fit_steps(options, integer))


def folded_ip(build: Documents, design: Design, part: str) -> IpDesign:
    """The IP of a build's design, however that is folded: it is told by the digest of the build.

    Args:
        build: The build.
        design: Its design.
        part: The device.
    """
    digest = identity(digest_of(build.path, name) for name in IDENTITY_FILES)
    steps = build.integer.steps
    return IpDesign(
        design=design,
        names=Names(build.kernels.name),
        rom_dir="",
        digest=digest.hex(),
        golden=golden_values(build.integer, design),
        cycles=design.document(steps, {}).predicted_cycles,
        part=part,
        bus_bits=read_manifest(build.path).get("bus_bits"),
        streams=is_streamable(build.integer.graph, at_any_step=True),
    )


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
        checked.multipliers,
        checked.requantizer,
        checked.max_steps,
        checked.hls_depth,
        operator_ns=operator_ns,
    )
    return map_design(integer.graph, fit_steps(options, integer))
