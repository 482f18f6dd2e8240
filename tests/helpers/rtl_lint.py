"""What Verilator and Yosys have to say of the RTL of a build is nothing."""

from __future__ import annotations

from gatewright.build import Build
from gatewright.builds.folder import RTL
from gatewright.hls_templates.project.names import DEFAULT_NAMES, SOURCES
from gatewright.tools import find_verilator, find_yosys, run_tool, run_yosys

OUTLINE = "outline"


def lint(build: Build, *, netlist: bool = True) -> None:
    """Both tops: no warning of any kind, no loop, nothing without a driver.

    Verilator makes models of the core, and of the top around the core's ports alone: it stays what
    it is there.

    Args:
        build: The build.
        netlist: Whether Yosys makes a netlist to look for the last two; it needs gigabytes where
            ROMs are large.

    Raises:
        AssertionError: With what a tool said.
        GatewrightError: GW-702 with its first complaint.
    """
    folder = build.path / RTL
    core, top = DEFAULT_NAMES.core, DEFAULT_NAMES.top
    (folder / OUTLINE).mkdir(exist_ok=True)
    (folder / OUTLINE / f"{core}.sv").write_text(outline((folder / f"{core}.sv").read_text()))
    for module, sources in (core, ["-f", SOURCES]), (top, [f"{OUTLINE}/{core}.sv", f"{top}.sv"]):
        options = ["--lint-only", "-Wall", "--top-module", module, *sources]
        said = run_tool(find_verilator(), options, folder)
        assert "%Warning" not in said, said
    read = f"read_slang -j 1 -f {SOURCES} --top"
    script = [f"tee -o core.log {read} {core} --ast-compilation-only"]
    # The netlist of the top has that of the core.
    script += [f"tee -o top.log {read} {top}{'' if netlist else ' --ast-compilation-only'}"]
    script += ["proc", "tee -o check.log check -assert"] if netlist else []
    log = run_yosys(find_yosys(), script, folder)
    for name in ("core.log", "top.log"):
        said = (folder / name).read_text()
        assert "Build succeeded: 0 errors, 0 warnings" in said, said
        assert "warning:" not in f"{log}{said}".lower(), log + said
    if netlist:
        said = (folder / "check.log").read_text()
        assert "Found and reported 0 problems" in said, said


def outline(text: str) -> str:
    """A module of which there is nothing but its ports."""
    head, end, _ = text.partition("\n);\n")
    off = "".join(f"/* verilator lint_{{0}} {rule} */\n" for rule in ("UNDRIVEN", "UNUSED"))
    return f"{off.format('off')}{head}{end}endmodule\n{off.format('on')}"
