"""What Verilator and Yosys have to say of the RTL of a build is nothing."""

from __future__ import annotations

from gatewright.build import Build
from gatewright.builds.folder import RTL
from gatewright.hls_templates.project.names import DEFAULT_NAMES, SOURCES
from gatewright.tools import find_verilator, find_yosys, run_tool, run_yosys


def lint(build: Build, *, netlist: bool = True) -> None:
    """Both tops: no warning of any kind, no loop, nothing without a driver.

    Args:
        build: The build.
        netlist: Whether Yosys makes a netlist to look for the last two; it needs gigabytes where
            ROMs are large.

    Raises:
        AssertionError: With what a tool said.
        GatewrightError: GW-702 with its first complaint.
    """
    folder = build.path / RTL
    for top in (DEFAULT_NAMES.core, DEFAULT_NAMES.top):
        options = ["--lint-only", "-Wall", "--top-module", top, "-f", SOURCES]
        said = run_tool(find_verilator(), options, folder)
        assert "%Warning" not in said, said
        # The netlist of the top has that of the core.
        checked = netlist and top == DEFAULT_NAMES.top
        only = "" if checked else " --ast-compilation-only"
        script = [f"tee -o said.log read_slang -j 1 --top {top} -f {SOURCES}{only}"]
        script += ["proc", "tee -a said.log check -assert"] if checked else []
        log = run_yosys(find_yosys(), script, folder)
        said = log + (folder / "said.log").read_text()
        assert "warning:" not in said.lower(), said
        assert "Build succeeded: 0 errors, 0 warnings" in said, said
        assert not checked or "Found and reported 0 problems" in said, said
