"""The example, and FINN's stitching behind it: the commands that Vivado would be given."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from finn.util.basic import getHWCustomOp
from finn.util.settings import get_settings
from qonnx.core.modelwrapper import ModelWrapper
from recipe import PART, recurrent_nodes

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ModelWrapper, str]]:
    """The graph that the example ends with, and what it says."""
    folder = tmp_path_factory.mktemp("example")
    code = (
        "import sys; sys.path.insert(0, 'examples/finn')\n"
        "from pathlib import Path; import build; build.main(Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    models = folder / "build" / "intermediate_models"
    yield ModelWrapper(str(models / "step_hw_codegen.onnx")), done.stdout


@pytest.mark.slow
def test_the_example_says_where_vivado_takes_over(example: tuple[ModelWrapper, str]) -> None:
    model, said = example
    assert "From here on it is Vivado's: ['step_hw_ipgen', 'step_create_stitched_ip']" in said
    (node,) = recurrent_nodes(model)
    for path in getHWCustomOp(node).get_rtl_file_list(abspath=True):
        assert Path(path).is_absolute() and Path(path).is_file() and " " not in path
    # Neighbours have narrower words: FINN puts its converters between.
    kinds = [n.op_type for n in model.graph.node]
    assert "ConvolutionInputGenerator_rtl" in kinds and "FMPadding_rtl" in kinds
    assert "StreamingDataWidthConverter_rtl" in kinds


@pytest.mark.slow
def test_the_commands_that_stitch_it(
    example: tuple[ModelWrapper, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as Vivado, as if Vitis HLS had made its IP."""
    from finn.transformation.fpgadataflow.create_stitched_ip import CreateStitchedIP

    model, _ = example
    for node in model.graph.node:
        inst = getHWCustomOp(node)
        if node.op_type.endswith("_hls"):
            for path in ("ip_path", "ipgen_path"):
                inst.set_nodeattr(path, inst.get_nodeattr("code_gen_dir_ipgen"))
            inst.set_nodeattr("ip_vlnv", f"xilinx.com:hls:{node.name}:1.0")
    before = _scripts()
    # FINN edits every .v below the folder it runs in, where a node has no folder of its IP.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError, match="vivado not found"):
        model.transform(CreateStitchedIP(PART, 10.0))
    (script,) = sorted(_scripts() - before)
    lines = script.read_text().splitlines()
    (node,) = recurrent_nodes(model)
    files = getHWCustomOp(node).get_rtl_file_list(abspath=True)
    placed = f"create_bd_cell -type module -reference {node.name} {node.name}"
    ours = [f"add_files -norecurse {path}" for path in files]
    at = lines.index(placed)
    assert lines[at - len(ours) : at] == ours
    for pin in ("in0_V", "out0_V"):
        found = [line for line in lines if f"{node.name}/{pin}]" in line]
        assert len(found) == 1 and found[0].startswith("connect_bd_intf_net")


def _scripts() -> set[Path]:
    """What FINN has written for Vivado so far."""
    return set(get_settings().finn_build_dir.glob("vivado_stitch_proj_*/make_project.tcl"))
