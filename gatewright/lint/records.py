"""What the linter sees, as records."""

from __future__ import annotations

from gatewright.files.records import Count, Record
from gatewright.lint.findings import Finding


class MemoryRecord(Record, frozen=True):
    """A memory or ROM, in a pass.

    Attributes:
        name: In the text.
        banks: Memories that it lies in.
        words: Of each.
        reads: Of the bank that has most accesses.
        writes: The same.
        copies: Of each bank: what a storage of more ports than a memory has means.
    """

    name: str
    banks: Count
    words: Count
    reads: Count
    writes: Count
    copies: Count


class CarriedRecord(Record, frozen=True):
    """A memory through which passes wait for others.

    Attributes:
        name: In the text.
        latency: Cycles from a read to when what is written of it can be read; 0 where nothing is.
        distance: Passes between, as pragmas say; 0 where they say that there is no dependence.
        true_distance: Passes between, as the addresses have it; None where nothing is read after it
            was written, or where it cannot be seen.
    """

    name: str
    latency: Count
    distance: Count
    true_distance: Count | None


class PipelineRecord(Record, frozen=True):
    """A pipeline.

    Attributes:
        kernel: Whose it is.
        file: Of the pragma that makes it one.
        line: Of that file.
        asked: The interval that it is to have.
        interval: The one that it can have; 0 where loops are left inside.
        cycles: Of a pass.
        carried: Memories that it reads and writes.
        memories: All of them.
        rom_chain: ROMs whose reads wait for each other, in order: the longest such chain.
    """

    kernel: str
    file: str
    line: Count
    asked: Count
    interval: Count
    cycles: Count
    carried: tuple[CarriedRecord, ...]
    memories: tuple[MemoryRecord, ...]
    rom_chain: tuple[str, ...]


class LintReport(Record, frozen=True):
    """What the linter sees in the C++ of a build.

    Attributes:
        findings: What documents are against, by rule, in the order of the table.
        pipelines: What its pipelines come to by the model; none where clang refuses the C++.
    """

    findings: tuple[Finding, ...]
    pipelines: tuple[PipelineRecord, ...]
