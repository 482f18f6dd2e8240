"""Compile files in forked children of one process that has everything imported.

    python file_runner.py [SOUND] < jobs > outcomes

A line of ``jobs`` is a ``Job`` as JSON, a line of ``outcomes`` an ``Outcome``.
"""

from __future__ import annotations

import dataclasses
import gc
import importlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatewright import Build

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CPU_SECONDS = 5
PEAK_MIB = 1024
JUDGE_SECONDS = 30
"""Of CPU for all that a child does, the comparison of a build included."""
ADDRESS_SPACE = 6 << 30
"""Bytes; what goes wild ends there, and not the machine."""


@dataclass(frozen=True)
class Job:
    """A file to compile.

    Attributes:
        file: Its path.
        calibration: A ``.npy`` file, or None.
        judge: Whether a build is compared with an evaluation of the file.
        fault: One that the child commits itself, to see that it is seen.
    """

    file: str
    calibration: str | None = None
    judge: bool = False
    fault: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How a child ended.

    Attributes:
        file: What it compiled.
        end: ``GW-...``, ``build``, ``crash`` or ``killed``.
        says: The message, the traceback, the signal, or what was compared.
        cpu: Seconds of CPU of the compile.
        peak: MiB of peak resident memory of the compile, what the parent had included.
    """

    file: str
    end: str
    says: str
    cpu: float
    peak: float

    @property
    def fault(self) -> str | None:
        """What is wrong with it, or None."""
        if self.end in ("crash", "killed", "wrong"):
            return f"{self.end}: {self.says}"
        if self.cpu > CPU_SECONDS:
            return f"{self.cpu:.1f} s of CPU"
        return f"{self.peak:.0f} MiB" if self.peak > PEAK_MIB else None


def outcomes(jobs: Iterable[Job], sound: Path | None = None) -> list[Outcome]:
    """Run all of them, one after the other.

    Args:
        jobs: They.
        sound: A file that compiles; the parent does it first, and no child begins from nothing.
    """
    lines = "".join(json.dumps(dataclasses.asdict(job)) + "\n" for job in jobs)
    done = subprocess.run(
        [sys.executable, str(HERE / "file_runner.py"), *([str(sound)] if sound else [])],
        input=lines,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "BREVITAS_JIT": "1"},
    )
    return [Outcome(**json.loads(line)) for line in done.stdout.splitlines()]


def _run(job: Job) -> Outcome:
    """Fork, compile in the child, and see how it ends."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:  # whatever happens, this copy of the process ends here
            os.close(read)
            with os.fdopen(write, "w") as pipe:
                json.dump(_compile(job), pipe)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    _, status, usage = os.wait4(child, 0)
    if os.WIFSIGNALED(status) or not text:
        name = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "no answer"
        cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
        return Outcome(job.file, "killed", name, cpu, peak)
    return Outcome(job.file, **json.loads(text))


def _build(job: Job, folder: Path) -> Build:
    import numpy as np

    import gatewright

    data = None if job.calibration is None else np.load(job.calibration)
    return gatewright.compile(job.file, output_dir=folder / "build", calibration=data)


def _compile(job: Job) -> dict[str, str | float]:
    import gatewright

    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS + 1, JUDGE_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    folder = Path(tempfile.mkdtemp())
    build = None
    try:
        _commit(job.fault)
        build = _build(job, folder)
        end, says = "build", ""
    except gatewright.GatewrightError as error:
        end, says = error.code, str(error)
    except Exception:
        end, says = "crash", traceback.format_exc(limit=-6)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    if build is not None and job.judge:
        resource.setrlimit(resource.RLIMIT_CPU, (JUDGE_SECONDS, JUDGE_SECONDS))
        end, says = _judge(job, build)
    shutil.rmtree(folder, ignore_errors=True)
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    return {"end": end, "says": says[-3000:], "cpu": cpu, "peak": peak}


def _commit(fault: str | None) -> None:
    if fault == "hang":
        while True:
            pass
    if fault == "memory":
        b"x" * (PEAK_MIB << 20)
    if fault == "crash":
        _ = 1 / 0


def _judge(job: Job, build: object) -> tuple[str, str]:
    from file_judge import judge

    try:
        return judge(job.file, build, job.calibration)
    except Exception:
        return "crash", traceback.format_exc(limit=-6)


def _jobs() -> Iterator[Job]:
    for line in sys.stdin:
        yield Job(**json.loads(line))


def _imports(jobs: list[Job]) -> Iterator[str]:
    yield "gatewright"
    if any(job.judge for job in jobs):
        yield from ("file_judge", "onnx.reference.ops._op_list")
    if any(job.calibration for job in jobs):
        yield from ("brevitas.nn", "onnxruntime", "gatewright.frontend.calibration.qcdq")


def main() -> None:
    """Import once, then fork for every line."""
    import warnings

    warnings.simplefilter("ignore")
    answers = os.dup(1)  # what a library prints is no outcome
    os.dup2(2, 1)
    jobs = list(_jobs())

    # What a child imports itself, every child imports anew.
    for name in _imports(jobs):
        importlib.import_module(name)
    for sound in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            _build(Job(sound, jobs[0].calibration), Path(folder))
    gc.freeze()  # nor does the garbage collector of each child look through it, and copy it so

    with os.fdopen(answers, "w") as out:
        for job in jobs:
            out.write(json.dumps(dataclasses.asdict(_run(job))) + "\n")
            out.flush()


if __name__ == "__main__":
    main()
