"""What docs/expected-reports.md says of digits, made anew.

python tests/lint/expected_reports.py
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import gatewright
from gatewright.cli.models import load_model
from gatewright.hls_templates.kernels.recurrent.kernel import RecurrentRecord
from gatewright.lint.lint import lint_report
from gatewright.lint.records import MemoryRecord, PipelineRecord

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/expected-reports.md"
MULTIPLIERS = (16, 64, 256)


def expected(folder: Path) -> dict[int, str]:
    """The tables of each budget of multipliers."""
    source = load_model(str(ROOT / "examples/digits"))
    return {
        count: _tables(
            gatewright.compile(
                source.model, source.example_input, folder / str(count), multipliers=count
            )
        )
        for count in MULTIPLIERS
    }


def written(page: str, count: int) -> str:
    """What the page has for a budget."""
    return page.split(f"<!-- {count} -->\n")[1].split("<!-- end -->")[0]


def _tables(build: gatewright.Build) -> str:
    report = lint_report(build)
    (layer,) = (k for k in build.kernels.kernels if isinstance(k, RecurrentRecord))
    fold = layer.hls
    facts = (
        f"A tile is {fold.units} units x {layer.gates} gates x {fold.columns} columns, "
        f"{fold.multipliers} products a pass; a step has {fold.cycles_per_step} passes, of which "
        f"{fold.tiles} do a tile. The schedule is made for {fold.depth} cycles from an h to the "
        f"next, `DISTANCE` is {fold.dependence_distance}. Predicted: "
        f"{build.kernels.hls_predicted_cycles} cycles for {build.kernels.steps} steps."
    )
    text = (build.path / "hls/params.hpp").read_text()
    bits = {name: int(n) for n, name in re.findall(r"gatewright_v1::rom<(\d+), \w+> (\w+)\[", text)}
    for name, word in (("h", "operand_t"), ("c", "cell_t")):
        (bits[name],) = map(int, re.findall(rf"using {word} = gatewright_v1::word<(\d+), ", text))
    loops = [_loop(pipeline) for pipeline in report.pipelines]
    memories = [_memory(m, bits) for p in report.pipelines for m in p.memories]
    return "\n".join(
        [
            facts,
            "",
            "| loop of | file, line | interval | depth | from read to write, of passes stated |",
            "| --- | --- | --- | --- | --- |",
            *loops,
            "",
            "| memory | banks | words of each | bits of an element | reads, writes of a bank in a "
            "pass | copies |",
            "| --- | --- | --- | --- | --- | --- |",
            *memories,
            "",
        ]
    )


def _loop(pipeline: PipelineRecord) -> str:
    waits = ", ".join(f"{c.name} {c.latency} of {c.distance}" for c in pipeline.carried) or "-"
    place = f"`{pipeline.file.rpartition('/')[2]}`, {pipeline.line}"
    kernel, interval = pipeline.kernel, pipeline.interval
    return f"| `{kernel}` | {place} | {interval} | {pipeline.cycles} | {waits} |"


def _memory(memory: MemoryRecord, bits: dict[str, int]) -> str:
    ports = f"{memory.reads}, {memory.writes}"
    element = bits[memory.name]
    cells = (f"`{memory.name}`", memory.banks, memory.words, element, ports, memory.copies)
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    """Write the tables into the page."""
    page = PAGE.read_text()
    with tempfile.TemporaryDirectory() as folder:
        for count, tables in expected(Path(folder)).items():
            page = page.replace(written(page, count), tables)
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
