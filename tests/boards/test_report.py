"""Names and numbers out of the tools' own reports."""

import json

import pytest

from gatewright.boards import open_boards
from gatewright.boards.families.ecp5 import ECP5
from gatewright.boards.families.gowin import GOWIN
from gatewright.boards.families.ice40 import ICE40
from gatewright.boards.report import read_utilisation, too_large
from gatewright.boards.run import last_words
from gatewright.boards.timing import read_timing, source_name
from gatewright.boards.usage import Usage
from gatewright.errors import GatewrightError


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("board.u_design.k0.acc_q_SB_DFFE_Q_26_D_SB_LUT4_O_I2", "k0.acc_q"),
        ("board.u_design.u_core.state_q_TRELLIS_FF_Q_3_DI_LUT4_Z", "u_core.state_q"),
        ("board.u_design.k1.sum_CCU2C_S0_1$CCU2_COMB0", "k1.sum"),
        ("board.u_design.k1.rom.words.0.0", "k1.rom.words.0.0"),
        ("board.u_shell.crc_q_DFFRE_Q", "board.u_shell.crc_q"),
        ("rst_q_SB_LUT4_I3_LC", "rst_q"),
    ],
)
def test_signals_of_the_sources(cell, name):
    assert source_name(cell) == name


def hop(kind, source, target, delay):
    return {"type": kind, "from": {"cell": source}, "to": {"cell": target}, "delay": delay}


REPORT = {
    "fmax": {"clk": {"achieved": 40.0, "constraint": 24.0}},
    "critical_paths": [
        {"from": "<async>", "to": "posedge clk", "path": [hop("routing", "x", "y", 99.0)]},
        {
            "from": "posedge clk",
            "to": "posedge clk",
            "path": [
                hop("clk-to-q", "a_q_SB_DFF_Q", "a_q_SB_DFF_Q", 1.0),
                hop("routing", "a_q_SB_DFF_Q", "b_SB_LUT4_O", 2.0),
                hop("logic", "b_SB_LUT4_O", "b_SB_LUT4_O", 3.0),
                hop("routing", "b_SB_LUT4_O", "c_q_SB_DFF_Q", 4.0),
                hop("setup", "b_SB_LUT4_O", "c_q_SB_DFF_Q", 5.0),
            ],
        },
    ],
}


def test_the_slowest_path():
    log = "Info: 12 Hold/min time violations (showing 10 worst paths):\n"
    timing = read_timing(ECP5, json.dumps(REPORT), log)
    assert timing.fmax_mhz == 40.0
    assert [(h.name, h.ns) for h in timing.path] == [("a_q", 3.0), ("b", 7.0), ("c_q", 5.0)]
    assert timing.routing_ns == 6.0
    assert timing.hold_violations == 12


def between(source, target, *delays):
    kinds = ("clk-to-q", "routing", "setup")
    cells = (f"{source[-1]}_q", f"{target[-1]}_q")
    path = [hop(k, *cells, d) for k, d in zip(kinds, delays, strict=True)]
    return {"from": source, "to": target, "path": path}


BLOCKS = [
    between("posedge clk", "posedge $GND", 1.0, 9.0, 0.5),
    between("posedge $GND", "posedge clk", 0.5, 10.0, 1.0),
    between("<async>", "posedge $GND", 0.0, 99.0, 1.0),
]


def test_a_path_through_a_block_that_nextpnr_does_not_time_counts_all_of_it():
    """nextpnr-ice40 shows two halves and leaves out the block between them."""
    report = REPORT | {"critical_paths": REPORT["critical_paths"] + BLOCKS}
    timing = read_timing(ICE40, json.dumps(report), "")
    assert timing.fmax_mhz == pytest.approx(1000 / (10.5 + 8.2 + 11.5), abs=1e-3)
    assert sum(h.ns for h in timing.path) == pytest.approx(30.2)
    chained = report["critical_paths"] + [between("posedge $GND", "posedge $GND", 0.5, 2.0, 0.5)]
    timing = read_timing(ICE40, json.dumps(report | {"critical_paths": chained}), "")
    assert timing.fmax_mhz == pytest.approx(1000 / (30.2 + 3 + 8.2), abs=1e-3)


def test_fmax_is_the_clock_s_where_that_is_slower():
    quick = [between("posedge clk", "posedge $GND", 1.0, 1.0, 0.5), BLOCKS[1]]
    report = REPORT | {"critical_paths": REPORT["critical_paths"] + quick}
    assert read_timing(ICE40, json.dumps(report), "").fmax_mhz == 40.0


def test_fmax_is_rounded_down():
    report = REPORT | {"fmax": {"clk": {"achieved": 23.9999}}}
    assert read_timing(ECP5, json.dumps(report), "").fmax_mhz == 23.999


def test_where_timing_is_an_estimate_the_worst_one_counts():
    log = (
        "Info: Max frequency for clock 'clk': 33.50 MHz (PASS at 24.00 MHz)\n"
        "Info: Max frequency for clock 'clk': 40.00 MHz (PASS at 24.00 MHz)\n"
    )
    assert read_timing(GOWIN, json.dumps(REPORT), log).fmax_mhz == 33.5
    assert read_timing(ECP5, json.dumps(REPORT), log).fmax_mhz == 40.0


def test_a_design_without_a_clock_is_no_traceback():
    with pytest.raises(GatewrightError, match="no clock") as caught:
        read_timing(GOWIN, json.dumps({"fmax": {}, "critical_paths": []}), "")
    assert caught.value.code == "GW-804"


def test_utilisation():
    board = open_boards()["tang-nano-9k"]
    log = (
        "Info: Device utilisation:\n"
        "Info: \t                 LUT4:    8600/   8640    99%\n"
        "Info: \t                  ALU:      94/   6480     1%\n"
        "Info: \t             MULT9X9:        3/     40     7%\n"
        "Info: \t           MULT18X18:        2/     20    10%\n"
    )
    usage = read_utilisation(board, log)
    assert usage["lut"] == Usage(8694, 8640)
    assert usage["dsp"] == Usage(4, 20)
    assert too_large(usage)
    assert read_utilisation(board, "ERROR: nothing\n") == {}


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("Info: one\nERROR: two\nInfo: three\n", "ERROR: two"),
        ("a.sv:3:4: error: no such thing\nbye\n", "a.sv:3:4: error: no such thing"),
        ("one\n\ntwo\n\n", "two"),
        ("", ""),
    ],
)
def test_last_words(log, words):
    assert last_words(log) == words
