"""The page of 3_kernels.json lists every field of every record, and its example runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import fields
from shared_model import Shared

from gatewright.hls_templates import records
from gatewright.hls_templates.kernels.recurrent.kernel import FoldingRecord
from gatewright.hls_templates.kernels.recurrent.schedule import Tile
from gatewright.hls_templates.kernels.table import RECORDS

PAGE = (Path(__file__).parents[2] / "docs/kernels-json.md").read_text()
COMMON = {field.name for field in fields(records.KernelRecord)}
OTHERS = [
    *(records.Document, records.PortRecord, records.StreamRecord, records.Tap, records.StateTap),
    *(records.QuantizerRecord, records.RequantizerRecord, records.AffineRecord),
    *(records.KernelRecord, records.StepsRecord, Tile, FoldingRecord),
]


def tables(text: str) -> list[list[str]]:
    """The names in the first column of each table."""
    found = re.findall(r"^\| name \|.*\n\| ---.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [re.findall(r"^\| `(\w+)`", table, re.MULTILINE) for table in found]


@pytest.mark.parametrize("record", OTHERS, ids=lambda record: record.__name__)
def test_a_record_is_listed_field_by_field(record: type[records.Record]) -> None:
    assert [field.name for field in fields(record)] in tables(PAGE)


@pytest.mark.parametrize("kind", sorted(RECORDS, key=str), ids=lambda record: record.__name__)
def test_a_kind_of_kernel_is_listed_with_what_it_adds(kind: type[records.KernelRecord]) -> None:
    own = [field.name for field in fields(kind) if field.name not in COMMON]
    section = PAGE.partition(f"### `{kind.__struct_config__.tag}`\n")[2].partition("\n###")[0]
    assert section
    assert tables(section)[:1] == ([own] if own else [])


def test_nothing_else_is_listed() -> None:
    listed = re.findall(r"^### `(\w+)`", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted(str(kind.__struct_config__.tag) for kind in RECORDS)
    assert len(tables(PAGE)) == len(OTHERS) + sum(len(fields(k)) > len(COMMON) for k in RECORDS)


def test_the_example(shared: Shared, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    code = example.replace('"build/digits"', repr(str(shared.build.path)))
    exec(compile("import gatewright\n" + code, "kernels-json.md", "exec"), {})
    assert capsys.readouterr().out.split()[0] == str(shared.build.kernels.predicted_cycles)
