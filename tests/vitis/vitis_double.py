"""A double of ``vitis_hls`` and ``vitis-run``, which no CI can have: it makes the reports up.

The script that it is given is the real one; it runs in the recorder, which knows the commands. What
the reports say of intervals, cycles and the clock is told by the JSON in ``VITIS_DOUBLE``:
``version``, ``latencies`` from h to h by kernel, ``full`` (kernels whose memories have too few
ports), ``estimated`` (the slowest path), ``fails`` (a command), ``sleeps`` (seconds in csynth),
``garbles`` (csynth.xml).
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path

from recorder import Call, Recorder, RefusedError
from written_reports import WrittenLoop, WrittenModule, cosim_rpt, csynth_xml, export_xml

from gatewright.hls_templates.project.names import LIBRARY

TOLD = json.loads(os.environ.get("VITIS_DOUBLE", "{}"))
CALL = re.compile(rf"{LIBRARY}::(\w+)<\w+_params::(\w+)>\(")


class Loud(Recorder):
    """It prints what it records."""

    def say(self, line: str) -> None:
        super().say(line)
        print(line, flush=True)


def report(recorder: Recorder, name: str, text: str) -> None:
    assert recorder.solution is not None
    path = recorder.solution / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def top(recorder: Recorder) -> Path:
    """The C++ of the design, which the script has named."""
    sources = [c for c in recorder.calls if c.name == "add_files" and "-tb" not in c.options]
    return Path(sources[0].arguments[0])


def reached(ident: str, latency: int, params: Path) -> tuple[int, str]:
    """The interval of a kernel's loop, and what is said where it is not one.

    What is written is read DISTANCE passes later, so that many intervals have to cover the latency.
    """
    if ident in TOLD.get("full", []):
        return 4, "[HLS 200-885]"
    struct = re.search(rf"struct {ident} {{.*?\n}};", params.read_text(), re.DOTALL)
    assert struct is not None, ident
    distance = re.search(r"\bDISTANCE = (\d+);", struct[0])
    return -(-latency // int(distance[1])) if distance else 1, "[HLS 200-880]"


def csim(recorder: Recorder, call: Call) -> None:
    vectors = list(Path(call.options["-argv"]).glob("*.dat"))
    recorder.say(f"INFO: [SIM 211-1] CSim done with {0 if vectors else 1} errors.")


def csynth(recorder: Recorder, call: Call) -> None:
    recorder.say("INFO: [HLS 200-10] Analyzing design file")
    time.sleep(TOLD.get("sleeps", 0))
    modules, pragmas = [], [("pipeline", "top.cpp:3", "valid", "II=1 style=flp")]
    for function, ident in CALL.findall(top(recorder).read_text()):
        latency = TOLD.get("latencies", {}).get(ident, 1)
        interval, complaint = reached(ident, latency, top(recorder).parent / "params.hpp")
        loop = WrittenLoop("VITIS_LOOP_120_1", interval, latency + 8)
        # A loop is a module of its own, beside that of its function.
        modules.append(WrittenModule(f"{function}_{ident}_Pipeline_{loop.name}", (loop,)))
        modules.append(WrittenModule(f"{function}_{ident}_s"))
        if interval > 1:
            recorder.say(f"WARNING: {complaint} The II Violation in module '{function}_{ident}_s'")
            pragmas.append(("dependence", f"{function}.hpp:9", "ignored", "variable=h"))
    text = csynth_xml(
        TOLD.get("version", "2024.1"),
        modules,
        estimated=TOLD.get("estimated", "3.412"),
        pragmas=pragmas,
    )
    report(recorder, "syn/report/csynth.xml", text[: 100 if TOLD.get("garbles") else None])


def cosim(recorder: Recorder, call: Call) -> None:
    (named,) = (c.arguments[0] for c in recorder.calls if c.name == "set_top")
    text = cosim_rpt("Pass", (90, 91, 95), (90, 91, 95))
    report(recorder, f"sim/report/{named}_cosim.rpt", text)
    recorder.say("INFO: [COSIM 212-1000] *** C/RTL co-simulation finished: PASS ***")


def export(recorder: Recorder, call: Call) -> None:
    flow = call.options.get("-flow")
    if flow is not None:
        kind = {"impl": "impl", "syn": "synth"}[flow]
        report(recorder, f"impl/report/verilog/export_{flow}.xml", export_xml(kind, "4.871", True))


DOES = {
    "csim_design": csim,
    "csynth_design": csynth,
    "cosim_design": cosim,
    "export_design": export,
}


def failing(recorder: Recorder, call: Call) -> None:
    recorder.say(f"ERROR: [HLS 200-1715] Encountered problem during {call.name}")
    raise RefusedError("it failed")


def main(program: str, arguments: list[str]) -> int:
    """The command line of either program."""
    known = {"vitis_hls": ["-f"], "vitis-run": ["--mode", "hls", "--tcl"]}[Path(program).name]
    if arguments[:-1] != known:
        print(f"ERROR: [v++ 60-1] unknown arguments {arguments}")
        return 2
    does = DOES | ({TOLD["fails"]: failing} if "fails" in TOLD else {})
    return Loud(does).run(Path(arguments[-1]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[0], sys.argv[1:]))
