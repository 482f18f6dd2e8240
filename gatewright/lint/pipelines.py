"""What each pipeline of a design comes to by the model."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.lint.llvm.design import Pipeline
from gatewright.lint.records import CarriedRecord, MemoryRecord, PipelineRecord
from gatewright.lint.view import View


def pipeline_records(view: View) -> tuple[PipelineRecord, ...]:
    """All pipelines of a design, in the order of its LLVM IR."""
    return tuple(map(_record, view.pipelines))


def _record(pipeline: Pipeline) -> PipelineRecord:
    measured = pipeline.measured
    return PipelineRecord(
        pipeline.kernel,
        pipeline.pragma.file,
        pipeline.pragma.line,
        pipeline.asked,
        measured.interval,
        measured.depth,
        tuple(_carried(pipeline)),
        tuple(_memories(pipeline)),
        tuple(access.array.name for access in measured.chain),
    )


def _carried(pipeline: Pipeline) -> Iterator[CarriedRecord]:
    for carried in pipeline.measured.carried:
        passes = carried.true.passes if carried.true.known else None
        yield CarriedRecord(carried.array.name, carried.latency, carried.stated, passes)


def _memories(pipeline: Pipeline) -> Iterator[MemoryRecord]:
    for use in pipeline.measured.uses:
        array = use.array
        yield MemoryRecord(array.name, array.banks, array.words, *use.most, use.copies)
