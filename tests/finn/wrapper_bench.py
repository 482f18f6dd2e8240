"""The wrapper of a node in Verilator, driven with words packed as FINN packs them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from finn.util.basic import getHWCustomOp
from finn.util.data_packing import npy_to_rtlsim_input, rtlsim_output_to_npy

from gatewright.hls_templates.project.names import SOURCES
from gatewright.ir.types import Float32Array
from gatewright.tools import find_verilator, run_tool

HERE = Path(__file__).parent
BUILD = ("--binary", "--timing", "--assert", "-Wno-fatal", "-Wno-lint", "-CFLAGS", "-O0 -std=c++20")


@dataclass(frozen=True)
class Answers:
    """What came out.

    Attributes:
        values: [frames, ...] in the layout of the node's output.
        cycles: When each word of it did, [frames, words].
    """

    values: Float32Array
    cycles: Any

    @property
    def intervals(self) -> list[int]:
        """Cycles from the first word of each frame to that of the next."""
        return [int(n) for n in np.diff(self.cycles[:, 0])]


def lint(node: Any) -> None:
    """Verilator's ``-Wall`` of the wrapper and all below it; a warning is an error."""
    folder = Path(getHWCustomOp(node).get_nodeattr("code_gen_dir_ipgen"))
    top = ["--lint-only", "-Wall", "--top-module", node.name, "-f", SOURCES]
    run_tool(find_verilator(), top, folder)


def compile_bench(node: Any, frames: int, folder: Path) -> Path:
    """A program that gives the wrapper so many frames."""
    inst = getHWCustomOp(node)
    words_in, words_out = (
        frames * int(np.prod(shape[:-1]))
        for shape in (inst.get_folded_input_shape(), inst.get_folded_output_shape())
    )
    text = jinja2.Template((HERE / "wrapper_bench.sv.j2").read_text()).render(
        top=node.name,
        in_bits=inst.get_instream_width_padded(),
        out_bits=inst.get_outstream_width_padded(),
        in_words=words_in,
        out_words=words_out,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tb.sv").write_text(text)
    sources = Path(inst.get_nodeattr("code_gen_dir_ipgen")) / SOURCES
    run_tool(find_verilator(), [*BUILD, "--top", "tb", "-f", str(sources), "tb.sv"], folder)
    return folder / "obj_dir" / "Vtb"


def drive(program: Path, node: Any, frames: Float32Array, stall: int, seed: int = 1) -> Answers:
    """Give it frames [frames, ...], back to back but for stalls in so many of a hundred cycles."""
    import subprocess

    inst, folder = getHWCustomOp(node), program.parents[1]
    folded = frames.reshape(-1, *inst.get_folded_input_shape()[1:])
    width = inst.get_instream_width()
    words = npy_to_rtlsim_input(folded, inst.get_input_datatype(), width)
    (folder / "words.hex").write_text("".join(f"{word:x}\n" for word in words))
    command = [str(program), f"+stall={stall}", f"+verilator+seed+{seed}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split() for line in (folder / "answers.txt").read_text().splitlines()]
    shape = inst.get_folded_output_shape()
    out = [int(word, 16) for _, word in lines]
    type_, count = inst.get_output_datatype(), len(frames)
    values = rtlsim_output_to_npy(
        out, None, type_, (len(out), shape[-1]), inst.get_outstream_width(), type_.bitwidth()
    )
    cycles = np.array([int(cycle) for cycle, _ in lines]).reshape(count, -1)
    return Answers(values.reshape(count, *inst.get_normal_output_shape()), cycles)
