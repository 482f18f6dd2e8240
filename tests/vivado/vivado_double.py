"""A double of ``vivado``, which no CI can have: it makes reports up, and keeps projects in a file.

The script that it is given is the real one; it runs under the model, which knows the commands. What
is reached is told by the JSON in ``VIVADO_DOUBLE``: ``version``, ``slack`` (setup and hold),
``presets``, ``fails`` (a stage), ``sleeps`` (seconds), ``garbles``, ``forgets`` (a kind of report).
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import time
from pathlib import Path

from vivado_devices import RESOURCES
from vivado_model import Vivado
from written_vivado import power, timing, utilization

TOLD = json.loads(os.environ.get("VIVADO_DOUBLE", "{}"))
KNOWN = ["-mode", "batch", "-notrace", "-nojournal", "-nolog", "-source"]
BY_HAND = ["-mode", "batch", "-source"]
KEPT = Path(".vivado-double")
ALONE = {"lut": 4321.0, "ff": 5000.0, "bram": 6.5, "dsp": 66.0}
WHOLE = {"lut": 9876.0, "ff": 12000.0, "bram": 8.5, "dsp": 66.0}


class Writing(Vivado):
    """It writes what it is asked to report."""

    def wrote(self, kind: str, path: Path) -> None:
        text = self.report(kind, path.name.startswith("ooc"))
        if text and kind != TOLD.get("forgets"):
            path.write_text(text[:200] if kind == TOLD.get("garbles") else text)

    def report(self, kind: str, alone: bool) -> str:
        version, slack = TOLD.get("version", "2024.1"), TOLD.get("slack", ["0.412", "0.031"])
        if kind == "utilization":
            part = self.project["part"]
            has = dict(zip(ALONE, RESOURCES[part], strict=True))
            used, state = (ALONE, "Synthesized") if alone else (WHOLE, "Routed")
            return utilization(version, used, has, plus=part.startswith("xcz"), state=state)
        if kind == "timing":
            return timing(version, *slack, failing=7 if slack[0].startswith("-") else 0)
        return power(version) if kind == "power" else ""


def main(program: str, arguments: list[str]) -> int:
    """The command line of the tool."""
    if arguments[:-1] not in (KNOWN, BY_HAND):
        print(f"ERROR: [Common 17-165] unknown arguments {arguments}")
        return 1
    script = Path(arguments[-1]).resolve()
    print(f"INFO: [Common 17-1239] source {script.name}", flush=True)
    time.sleep(TOLD.get("sleeps", 0))
    vivado = Writing(presets=TOLD.get("presets", True), slack=tuple(TOLD.get("slack", ("1", "1"))))
    if KEPT.is_file():
        vivado.saved = pickle.loads(KEPT.read_bytes())
    said = "told to" if TOLD.get("fails") == script.stem else vivado.run(script)
    KEPT.write_bytes(pickle.dumps(vivado.saved))
    print("CRITICAL WARNING: [Timing 38-282] made up", flush=True)
    if said:
        print(f"ERROR: [Common 17-69] Command failed: {said}")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[0], sys.argv[1:]))
