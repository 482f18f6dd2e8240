"""What the templates tell Vitis HLS, as far as their text shows it: styles, registers, inlining."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from drawn_graphs import STEPS, draw

import gatewright
from gatewright.hls_templates import map_design
from gatewright.hls_templates.mapping.options import MappingOptions
from gatewright.hls_templates.project.hls import project_files

PACKAGE = Path(gatewright.__file__).parent / "hls_templates"
HEADERS = sorted(PACKAGE.rglob("*.hpp"))
TEMPLATES = [path for path in HEADERS if "#pragma HLS pipeline" in path.read_text()]


def test_kernels_have_pipelines() -> None:
    assert len(TEMPLATES) >= 10


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_pipeline_says_its_interval_and_style(path: Path) -> None:
    """The default style is another in each version, and some hold the last answer back."""
    for line in re.findall(r"#pragma HLS pipeline.*", path.read_text()):
        assert line == "#pragma HLS pipeline II = 1 style = flp"


def test_accumulators_are_registers() -> None:
    """A memory cannot be read, added to and written in one cycle."""
    text = (PACKAGE / "kernels/recurrent/recurrent.hpp").read_text()
    assert "#pragma HLS array_partition variable = acc type = complete dim = 0\n" in text


def test_states_are_memories_with_a_distance() -> None:
    """A bank for each unit; of registers a tool takes every pass to need the one before."""
    text = (PACKAGE / "kernels/recurrent/recurrent.hpp").read_text()
    for name, distance in (("h", "DISTANCE"), ("c", "SLOTS")):
        assert f"#pragma HLS array_partition variable = {name} type = complete dim = 2\n" in text
        assert f"#pragma HLS bind_storage variable = {name} type = ram_s2p impl = lutram\n" in text
        line = f"#pragma HLS dependence variable = {name} inter RAW distance = P::{distance} true\n"
        assert line in text


@pytest.mark.parametrize("requantizer", ["auto", "thresholds"])
def test_every_rom_says_how_it_lies_in_memory(requantizer: str) -> None:
    """Banks for what lanes read side by side, wide words for tiles, copies for what many read."""
    design = map_design(draw(0).graph, MappingOptions(256, requantizer, STEPS))
    text = project_files(design, "part", 10)["params.hpp"]
    arrays = re.findall(r"^static const \S+ \S+ (\w+)((?:\[[^\]]+\])+) =", text, re.MULTILINE)
    assert len(arrays) > 20
    for name, extents in arrays:
        told = re.findall(rf"#pragma HLS (\w+) variable = {name} ", text)
        words = eval(
            extents.replace("][", "*").strip("[]").replace("gatewright_v1::padded_lanes", "")
        )
        assert told or words == 1, name


def test_reversed_beats_are_words() -> None:
    """An array of structs would be taken apart, into a memory a field."""
    text = (PACKAGE / "kernels/reverse/reverse.hpp").read_text()
    assert "#pragma HLS aggregate variable = kept compact = bit\n" in text


@pytest.mark.parametrize("requantizer", ["auto", "thresholds"])
def test_what_gives_one_value_is_inlined(requantizer: str) -> None:
    """Of every kernel and every variant: each member function of each parameter struct."""
    design = map_design(draw(0).graph, MappingOptions(256, requantizer, STEPS))
    text = project_files(design, "part", 10)["params.hpp"]
    first = re.findall(r"^ +static .*\) \{(?:\n *)?(.*)$", text, re.MULTILINE)
    assert len(first) > 50
    assert set(first) == {"#pragma HLS inline"}
