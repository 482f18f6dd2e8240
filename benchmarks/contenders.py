"""One contender of ``csim.py``, in a process of its own.

    python contenders.py NAME T I H COMPILES

Prints one JSON line when it is ready, then one per line read: sequences per CPU-second. A process
each, because Brevitas reads BREVITAS_JIT at import and hls4ml prints much on stdout.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch import Tensor, nn

COLLECT_STEPS = 4
BREVITAS_BATCH = 256
MIN_CPU_SECONDS = 1.5
MAX_SEQUENCES = 200_000


@dataclass(frozen=True)
class Case:
    """One LSTM layer: T time steps, I inputs, H hidden units."""

    T: int
    I: int  # noqa: E741
    H: int


@dataclass(frozen=True)
class Contender:
    """Something that computes sequences.

    ``run(x)`` takes float32 ``[N, T, I]``; N is rounded up to a multiple of ``batch``.
    """

    run: Callable[[np.ndarray], object]
    batch: int = 1
    facts: dict[str, float] = field(default_factory=dict)


def sequences(case: Case, count: int) -> np.ndarray:
    """The same random input for all contenders, float32 ``[count, T, I]`` in -1..1."""
    generator = np.random.default_rng(1)
    return generator.uniform(-1, 1, (count, case.T, case.I)).astype(np.float32)


class FloatLSTM(nn.Module):
    """What hls4ml takes. It keeps the last step of the output only, whatever forward() says."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.lstm = nn.LSTM(case.I, case.H, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.lstm(x)
        return out


def quantized_lstm(case: Case, seed: int = 0) -> nn.Module:
    """An 8-bit Brevitas LSTM that returns the last step, its scales set from random input."""
    import brevitas.nn as qnn
    from brevitas.quant import Int8ActPerTensorFloat, Uint8ActPerTensorFloat

    class Signed(Int8ActPerTensorFloat):
        collect_stats_steps = COLLECT_STEPS  # instead of 300: random weights need no more

    class Unsigned(Uint8ActPerTensorFloat):
        collect_stats_steps = COLLECT_STEPS

    class LastStep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = qnn.QuantLSTM(
                case.I,
                case.H,
                batch_first=True,
                io_quant=Signed,
                gate_acc_quant=Signed,
                sigmoid_quant=Unsigned,
                tanh_quant=Signed,
                cell_state_quant=Signed,
            )

        def forward(self, x: Tensor) -> Tensor:
            out, _ = self.lstm(x)
            return out[:, -1]

    torch.manual_seed(seed)
    model = LastStep().train()
    with torch.no_grad():
        for _ in range(COLLECT_STEPS + 1):
            model(torch.from_numpy(sequences(case, 32)))
    return model.eval()


def prepare_gatewright(case: Case, folder: Path, compiles: int) -> Contender:
    """Our C-simulation. Every timed compile sees other weights and scales: no cache helps it."""
    import gatewright

    tiny = Case(2, 1, 2)
    gatewright.compile(  # whatever is imported late is imported here
        quantized_lstm(tiny), torch.from_numpy(sequences(tiny, 1)), output_dir=folder / "tiny"
    )
    example = torch.from_numpy(sequences(case, 1))
    seconds = []
    for seed in range(compiles):
        model = quantized_lstm(case, seed)
        start = time.perf_counter()
        build = gatewright.compile(model, example, output_dir=folder / f"build{seed}")
        seconds.append(time.perf_counter() - start)
    return Contender(
        run=lambda x: build.simulate(x, level="csim"),
        facts={"compile_seconds": median(seconds)},
    )


def prepare_hls4ml(case: Case, folder: Path, compiles: int) -> Contender:
    """hls4ml's C-simulation of torch's nn.LSTM in ap_fixed<16,6>."""
    from hls4ml.converters import convert_from_pytorch_model
    from hls4ml.utils import config_from_pytorch_model

    torch.manual_seed(0)
    model = FloatLSTM(case).eval()
    config = config_from_pytorch_model(
        model,
        (case.T, case.I),
        granularity="model",
        default_precision="ap_fixed<16,6>",
        channels_last_conversion="off",
        transpose_outputs=False,
    )
    hls_model = convert_from_pytorch_model(
        model, hls_config=config, output_dir=str(folder / "hls4ml"), io_type="io_parallel"
    )
    hls_model.compile()
    return Contender(run=hls_model.predict)


def prepare_brevitas(case: Case, folder: Path, compiles: int) -> Contender:
    """Brevitas' own forward pass in torch, by batches."""
    model = quantized_lstm(case)

    def run(x: np.ndarray) -> None:
        with torch.no_grad():
            for batch in torch.from_numpy(x).split(BREVITAS_BATCH):
                model(batch)

    return Contender(run=run, batch=BREVITAS_BATCH)


PREPARE = {
    "gatewright": prepare_gatewright,
    "hls4ml": prepare_hls4ml,
    "brevitas": prepare_brevitas,
}


def cpu_seconds() -> float:
    """User and system time of this process and of the children it waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def timed(contender: Contender, x: np.ndarray) -> float:
    """CPU seconds of one run."""
    start = cpu_seconds()
    contender.run(x)
    return cpu_seconds() - start


def enough(contender: Contender, case: Case) -> np.ndarray:
    """Warm up, and find an input that keeps the contender busy for ``MIN_CPU_SECONDS``."""
    for _ in range(4):
        contender.run(sequences(case, contender.batch))
    count = contender.batch
    while True:
        x = sequences(case, count)
        seconds = timed(contender, x)
        if seconds >= MIN_CPU_SECONDS or count >= MAX_SEQUENCES:
            return x
        growth = min(8.0, max(1.3, 1.2 * MIN_CPU_SECONDS / max(seconds, 1e-3)))
        count = -(-int(count * growth + 1) // contender.batch) * contender.batch


def main() -> None:
    name, *numbers = sys.argv[1:]
    T, I, H, compiles = map(int, numbers)  # noqa: E741
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # from here on, what libraries print goes to stderr
    torch.set_num_threads(1)
    case = Case(T, I, H)
    with tempfile.TemporaryDirectory() as folder:
        contender = PREPARE[name](case, Path(folder), compiles)
        x = enough(contender, case)
        print(json.dumps(contender.facts), file=answers)
        for _ in sys.stdin:
            print(json.dumps(len(x) / timed(contender, x)), file=answers)


if __name__ == "__main__":
    main()
