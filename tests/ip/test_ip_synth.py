"""The whole IP through yosys for AMD's families, its hierarchy kept: what each part takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from choices import choice
from commit_choice import commit
from ip_designs import CASES

from gatewright.tools.yosys import find_yosys, run_yosys

pytestmark = [pytest.mark.compiles, pytest.mark.slow]

FAMILIES = ("xc7", "xcup")
CHOSEN = FAMILIES if choice("boards") else [FAMILIES[int(commit()[:8] or "0", 16) % 2]]
MOST_LUTS = 600
"""Of the IP around its core, with one stream in each direction."""


@pytest.mark.parametrize("family", CHOSEN)
def test_it_is_mapped(family: str, tmp_path: Path) -> None:
    CASES["pointwise-8"].write(tmp_path)
    listed = (tmp_path / "ip/ip.f").read_text().split()
    sources = " ".join(f"ip/{name}".replace("ip/../", "") for name in listed)
    lines = [
        f"read_slang -j 1 --keep-hierarchy -D SYNTHESIS --top gatewright_ip {sources}",
        f"synth_xilinx -family {family} -top gatewright_ip",
        "select -assert-none t:$dlatch t:$_DLATCH_* t:LDCE t:LDPE",
        "check -assert",
        "tee -o stat.txt stat",
    ]
    run_yosys(find_yosys(), lines, tmp_path)
    text = (tmp_path / "stat.txt").read_text()
    parts = re.split(r"^=== (\S+?)(?:\$\S+)? ===$", text, flags=re.MULTILINE)
    luts = dict.fromkeys(parts[1::2], 0)
    for name, part in zip(parts[1::2], parts[2::2], strict=True):
        luts[name] += sum(map(int, re.findall(r"^\s+(\d+)\s+LUT\d$", part, re.MULTILINE)))
    around = sum(count for name, count in luts.items() if name.startswith("gw_ip_"))
    assert luts["gw_ip_registers_v1"] > 0
    assert 0 < around <= MOST_LUTS, luts
