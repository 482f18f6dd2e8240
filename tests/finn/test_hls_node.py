"""The layer in C++: what FINN makes of it with its templates gives the same integers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from choices import choice
from commit_choice import commit
from finn.util.basic import getHWCustomOp
from finn.util.data_packing import npy_to_rtlsim_input, rtlsim_output_to_npy
from finn_graphs import SHAPES, Shape, frames, make
from recipe import CODEGEN, build, differing, recurrent_nodes, write_onnx

from gatewright.finn import build_steps
from gatewright.finn.layer import LAYER
from gatewright.tools.compiler import ap_types, find_compiler

FRAMES = 4
SEED = int(commit()[:8] or "0", 16)
CHOSEN = SHAPES if choice("inside") else [SHAPES[SEED % len(SHAPES)]]
MAIN = """
#include "top_{top}.cpp"
#include <cstdio>
template <int BITS> void put(const ap_uint<BITS>& word) {{
  for (int i = BITS - 1; i >= 0; --i) std::putchar(word[i] ? '1' : '0');
  std::putchar('\\n');
}}
template <int BITS> bool get(ap_uint<BITS>& word) {{
  static char line[BITS + 2];
  if (std::scanf("%s", line) != 1) return false;
  for (int i = 0; i < BITS; ++i) word[BITS - 1 - i] = line[i] == '1';
  return true;
}}
int main() {{
  hls::stream<ap_uint<{in_bits}>> in;
  hls::stream<ap_uint<{out_bits}>> out;
  for (int frame = 0; frame < {frames}; ++frame) {{
    ap_uint<{in_bits}> word;
    for (int i = 0; i < {in_words} && get(word); ++i) in.write(word);
    {top}(in, out);
    for (int i = 0; i < {out_words}; ++i) put<{out_bits}>(out.read());
  }}
  return in.empty() && out.empty() ? 0 : 1;
}}
"""
HLSLIB = "#include <ap_int.h>\n#include <hls_stream.h>\n"
"""What of FINN's ``bnn-library.h`` our layer needs."""


@pytest.mark.compiles
@pytest.mark.slow
@pytest.mark.parametrize("shape", CHOSEN, ids=lambda shape: f"{shape.name}-of-{SEED}")
def test_the_same_in_cpp(shape: Shape, tmp_path: Path) -> None:
    wanted = tmp_path / "styles.json"
    wanted.write_text(json.dumps({"Defaults": {"preferred_impl_style": ["hls", [LAYER]]}}))
    write_onnx(make(shape), tmp_path / "model.onnx")
    steps = build_steps([*_before_codegen(), CODEGEN])
    styles = {"specialize_layers_config_file": str(wanted)}
    built = build(tmp_path / "model.onnx", tmp_path / "out", steps, target_fps=100_000, **styles)
    contexts = [built.run("step_convert_to_hw", x.numpy()) for x in frames(shape, FRAMES)]
    before = recurrent_nodes(built.after("step_convert_to_hw"))
    for old, new in zip(before, recurrent_nodes(built.after(CODEGEN)), strict=True):
        assert new.op_type == f"{LAYER}_hls"
        given, expected = (
            np.stack([context[name] for context in contexts])
            for name in (old.input[0], old.output[0])
        )
        assert differing(_run(new, given, tmp_path / new.name), expected) == 0


def _before_codegen() -> list[str]:
    from finn.builder.build_dataflow_config import estimate_only_dataflow_steps

    return list(estimate_only_dataflow_steps)


def _run(node: Any, given: Any, folder: Path) -> Any:
    """What the function that FINN would give to Vitis HLS gives, frame by frame."""
    inst, folder = getHWCustomOp(node), folder.resolve()
    folder.mkdir()
    (folder / "bnn-library.h").write_text(HLSLIB)
    in_shape, out_shape = inst.get_folded_input_shape(), inst.get_folded_output_shape()
    bits = inst.get_instream_width(), inst.get_outstream_width()
    words = [int(np.prod(shape[:-1])) for shape in (in_shape, out_shape)]
    main = MAIN.format(
        top=node.name,
        frames=len(given),
        in_bits=bits[0],
        out_bits=bits[1],
        in_words=words[0],
        out_words=words[1],
    )
    (folder / "main.cpp").write_text(main)
    generated = inst.get_nodeattr("code_gen_dir_ipgen")
    flags = ["-std=c++14", "-O1", "-w", f"-I{ap_types()}", f"-I{generated}", f"-I{folder}"]
    command = [*find_compiler().command, *flags, "main.cpp", "-o", "main"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    folded = given.reshape(-1, *in_shape[1:])
    packed = npy_to_rtlsim_input(folded, inst.get_input_datatype(), bits[0])
    text = "".join(f"{word:0{bits[0]}b}\n" for word in packed)
    ran = subprocess.run(
        [str(folder / "main")], input=text, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    out = [int(line, 2) for line in ran.stdout.split()]
    type_ = inst.get_output_datatype()
    shape = (len(out), out_shape[-1])
    values = rtlsim_output_to_npy(out, None, type_, shape, bits[1], type_.bitwidth())
    return values.reshape(len(given), *inst.get_normal_output_shape())
