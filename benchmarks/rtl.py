"""RTL simulation of the digit classifier: clock cycles a CPU second, Verilator and CXXRTL.

    python benchmarks/rtl.py [--sequences 1797] [--json]

Both simulate the same core on the same images, back to back; compiling them is not counted.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import click
import numpy as np

from gatewright import compile
from gatewright.builds.folder import RTL
from gatewright.cli.models import load_dataset, load_model
from gatewright.hls_templates.cosim import Drive, open_core
from gatewright.hls_templates.mapping.ports import Ports

SHARE = {"verilator": 1.0, "cxxrtl": 0.1}
"""Of the sequences: the slower one is given fewer."""


@click.command()
@click.option("--sequences", default=1797, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def main(sequences: int, as_json: bool) -> None:
    source = load_model("examples/digits")
    loaded = load_dataset(source, "all")
    assert loaded is not None
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        build = compile(source.model, source.example_input, Path(folder) / "build")
        feeds = build.integer.encode((np.asarray(loaded[0][:sequences]),))
        ports = Ports.of(build.kernels)
        for simulator, share in SHARE.items():
            core = open_core(build.path / RTL, ports, simulator)
            part = {k: list(v[: max(int(sequences * share), 1)]) for k, v in feeds.items()}
            start = time.process_time()
            cycles = core.run(part, Drive()).cycles
            found[simulator] = cycles / (time.process_time() - start)
            core.close()
    ratio = found["verilator"] / found["cxxrtl"]
    if as_json:
        click.echo(json.dumps({"cycles_per_cpu_second": found, "ratio": ratio}))
        return
    for simulator, speed in found.items():
        click.echo(f"{simulator:<10} {speed:12,.0f} cycles a CPU second")
    click.echo(f"Verilator is {ratio:.1f} times as fast.")


if __name__ == "__main__":
    main()
