"""More streams than a block design has room for: counted without one, and told why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from vivado_projects import small
from yosys_double import count_at_once

from gatewright.boards.vendor import make_plan
from gatewright.boards.vivado.design import MOST_DMAS, IpStream, address_map, no_room
from gatewright.build import Build
from gatewright.builds.targets import find_board
from gatewright.cli.commands import main
from gatewright.errors import GatewrightError

STREAMS = tuple(IpStream(f"s_axis_{i}", 8) for i in range(MOST_DMAS + 1))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """README's: two layers, two directions, states in and out."""
    qnn = pytest.importorskip("brevitas.nn", reason="needs brevitas")
    import torch

    import gatewright

    class Encoder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            options = {"num_layers": 2, "bidirectional": True, "batch_first": True}
            self.lstm = qnn.QuantLSTM(3, 4, **options)

        def forward(
            self, x: torch.Tensor, h0: torch.Tensor, c0: torch.Tensor
        ) -> tuple[torch.Tensor, ...]:
            out, (h, c) = self.lstm(x, h0, c0)
            return out, h, c

    torch.manual_seed(1)
    example = torch.randn(8, 5, 3), torch.randn(4, 8, 4), torch.randn(4, 8, 4)
    model = Encoder().train()
    model(*example)
    return gatewright.compile(model.eval(), example, tmp_path_factory.mktemp("encoder") / "build")


@pytest.mark.slow
def test_it_is_counted_without_the_ip(
    encoder: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_at_once(tmp_path, monkeypatch)
    result = CliRunner().invoke(main, ["synth", str(encoder.path), "--board", "pynq-z2"])
    assert result.exit_code == 0, result.output
    shown = " ".join(result.output.split())
    for words in ("9 streams in and 9 out", "room for 8", "No Vivado project", "forward()"):
        assert words in shown, shown
    assert "vivado -mode" not in shown and "Its project is in vivado/" not in shown
    made = encoder.path / "synth/pynq-z2"
    assert not (made / "vivado").exists() and not (made / "ip").exists()
    assert "--top gatewright_top" in (made / "synth.ys").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("resume", [False, True])
def test_the_flow_refuses(resume: bool, encoder: Build) -> None:
    with pytest.raises(GatewrightError) as caught:
        encoder.synth("zcu104", flow="vivado", resume=resume)
    assert caught.value.code == "GW-802"
    assert "9 streams in and 9 out" in caught.value.cause and "ip.md" in caught.value.remedy
    assert not (encoder.path / "synth/zcu104.tried").exists()


def test_how_many_there_is_room_for() -> None:
    some = STREAMS[:MOST_DMAS]
    assert not no_room(some, some) and no_room(STREAMS, ()) and no_room((), STREAMS)
    board = find_board("pynq-z2")
    design = replace(small(), inputs=STREAMS)
    assert "vivado/project.tcl" not in make_plan(board, design, None).files
    processor = board.processor  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="room for 8"):
        address_map(processor, design)  # type: ignore[arg-type]


def test_a_part_alone_is_counted_without_the_ip(tmp_path: Path) -> None:
    path = tmp_path / "part.toml"
    path.write_text(
        'title = "Mine"\npart = "xc7z020clg400-1"\nclock_ns = 5.0\nfamily = "xc7"\n'
        "[resources]\nlut = 1\nff = 1\nbram = 1\ndsp = 1\n"
    )
    plan = make_plan(find_board(str(path)), small(), None)
    read = plan.files["synth.ys"].split("-f ")[1].split()[0]
    folder = plan.commands[0].folder
    assert all(f"{folder}/{line}" in plan.files for line in plan.files[f"{folder}/{read}"].split())
