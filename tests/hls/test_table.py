"""The table of kernels: every op is mapped once, every folder is in it, and so is every file."""

from pathlib import Path

import pytest

from gatewright import hls_templates
from gatewright.hls_templates.kernels.table import FOLDERS, OF_OPS, RECORDS, find_mapping, merge
from gatewright.hls_templates.library import library
from gatewright.hls_templates.mapping.op_mapping import OPS_OF_TWO, OfTwo
from gatewright.hls_templates.records import KernelRecord
from gatewright.ir import ops

HERE = Path(hls_templates.__file__).parent
INSIDE = {ops.INITIAL_STATE, ops.SUB}
"""Of a layer that begins with it, and with a constant of a cell's tail: no stage of their own."""


def test_every_op_that_is_a_stage_is_mapped():
    mapped = {op for mappings in OF_OPS.values() for op in mappings}
    of_two = {OfTwo(op) for op in OPS_OF_TWO}
    assert mapped == (set(ops.BY_NAME.values()) - INSIDE) | of_two


@pytest.mark.parametrize("op", sorted(INSIDE, key=repr), ids=repr)
def test_an_op_without_a_kernel_is_refused(op):
    with pytest.raises(ValueError, match=f"no kernel maps {op}"):
        find_mapping(op)


def test_an_op_is_mapped_by_one_folder():
    twice = {**OF_OPS, "other": {ops.ARGMAX: find_mapping(ops.ARGMAX)}}
    with pytest.raises(ValueError, match="other maps ArgMax"):
        merge(twice)


def test_every_folder_is_in_the_table():
    assert list(FOLDERS) == sorted(path.parent.name for path in HERE.glob("kernels/*/kernel.py"))


@pytest.mark.parametrize("suffix", [".hpp", ".sv"])
def test_the_library_is_all_that_the_folders_hold(suffix):
    files = [p for folder in ("lib", "kernels/*") for p in HERE.glob(f"{folder}/*{suffix}")]
    found = library(suffix)
    assert list(found) == sorted(path.name for path in files)
    assert len(found) > 20


def test_every_kind_of_kernel_is_read_back():
    ours = {r for r in KernelRecord.__subclasses__() if r.__module__.startswith("gatewright.")}
    assert ours == RECORDS
