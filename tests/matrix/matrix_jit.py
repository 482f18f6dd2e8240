"""Rows under BREVITAS_JIT=1, in one process of their own: Brevitas reads the variable once.

Run as a program it takes a row's number, a folder and a requantizer a line, and answers each with a
line of JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path


class JitProcess:
    """The process, started when the first row needs it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(self, number: int, folder: Path, requantizer: str = "auto") -> int:
        """As ``matrix_run.run``."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, __file__],
                env={**os.environ, "BREVITAS_JIT": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps([number, str(folder), requantizer]) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, f"the process ended with {process.wait()}"
        result = json.loads(answer)
        assert result["error"] is None, result["error"]
        return int(result["boundary"])

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()


def serve() -> None:
    """Answer until the input ends."""
    with contextlib.redirect_stdout(sys.stderr):
        from brevitas import config
        from hasty import make_haste
        from matrix_run import run

        assert config.JIT_ENABLED
        make_haste()
        for line in sys.stdin:
            number, folder, requantizer = json.loads(line)
            result = {"boundary": 0, "error": None}
            try:
                result["boundary"] = run(number, Path(folder), requantizer)
            except Exception:  # whatever it is, the test on the other side fails with it
                result["error"] = traceback.format_exc()
            print(json.dumps(result), file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    serve()
