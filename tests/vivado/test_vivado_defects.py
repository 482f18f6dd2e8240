"""Defects planted in the scripts: each is caught, by the rule that is meant for it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_vivado_package import DEFECTS as PACKED
from vivado_contract import faults
from vivado_model import Vivado
from vivado_projects import run_stages, small, written

from gatewright.boards import boards
from gatewright.boards.vivado.project import VIVADO_STAGES

BOARDS = boards()
CELL = "gatewright_0"
REGS = "-target_address_space [get_bd_addr_spaces ps/Data]"
DDR = "[get_bd_addr_segs ps/S_AXI_HP0/HP0_DDR_LOWOCM]"


@dataclass(frozen=True)
class Defect:
    """A change of a script.

    Attributes:
        check: The rule that is to catch it.
        old: What stands there, once or more.
        new: What stands there then.
        script: Of ``vivado/``, without the suffix.
        board: Its board.
        until: The script by which it shows, where that is a later one.
        more: More changes, of the same script.
        ports: Streams in, and out.
    """

    check: str
    old: str
    new: str
    script: str = "project"
    board: str = "pynq-z2"
    until: str = ""
    more: tuple[tuple[str, str], ...] = ()
    ports: int = 1


def link(one: str, two: str) -> str:
    return f"connect_bd_intf_net [get_bd_intf_pins {one}] [get_bd_intf_pins {two}]\n"


def net(one: str, two: str) -> str:
    return f"connect_bd_net [get_bd_pins {one}] [get_bd_pins {two}]\n"


MM2S = link("dma_0/M_AXIS_MM2S", f"{CELL}/s_axis")
S2MM = link(f"{CELL}/m_axis", "dma_0/S_AXIS_S2MM")
DEFECTS = {
    # Commands, options, parts, files.
    "a command of another tool": Defect("command", "validate_bd_design\n", "check_bd_design\n"),
    "a command misspelt": Defect("command", "save_bd_design\n", "save_bd_desing\n"),
    "an option of another command": Defect("option", "make_wrapper -files", "make_wrapper -file"),
    "an option's value": Defect("value", "-mode out_of_context", "-mode ooc", "ooc"),
    "an argument too many": Defect("arguments", "save_bd_design\n", "save_bd_design a b\n"),
    "a part that there is not": Defect("part", "xc7z020clg400-1", "xc7z020clg400-9"),
    "a part of another device": Defect(
        "board-part", "-part xc7a35tcpg236-1", "-part xc7a100tcsg324-1", board="basys3"
    ),
    "a part of another family": Defect(
        "part", "-part xc7z020clg400-1", "-part xczu7ev-ffvc1156-2-e"
    ),
    "the part of a synthesis": Defect(
        "part", "-part xc7z020clg400-1 -mode", "-part xc7z010clg400-1 -mode", "ooc"
    ),
    "a board of another vendor": Defect(
        "board-preset", "tul.com.tw:pynq-z2:part0:*", "www.digilentinc.com:pynq-z1:part0:*"
    ),
    "the preset of no board": Defect(
        "preset", "  set_property board_part [lindex $boards end] [current_project]\n", ""
    ),
    "memory beside the memory": Defect(
        "memory", "    exclude_bd_addr_seg ", "    assign_bd_address ", board="zcu104"
    ),
    "a board of another version": Defect(
        "board", "[lindex $boards end]", "xilinx.com:none:part0:1.0"
    ),
    "an older board": Defect("board-preset", "lsort -dictionary", "lsort"),
    "no preset where there is one": Defect("board-preset", "set preset 1", "set preset 0"),
    "a source that is missing": Defect("missing-file", "  ip/gatewright_ip.v", "  ip/gatewright.v"),
    "a source left out": Defect("left-out", "  rtl/gatewright_top.sv\n", ""),
    "the wrapper left out": Defect("reference", "  ip/gatewright_ip.v\n", ""),
    "a table that is missing": Defect("script", "rom/k0_weight", "rom/k1_weight"),
    "tables in another folder": Defect("tables", "$here .. rtl]]/", "$here .. ip]]/"),
    "the place of the tables left out": Defect(
        "tables", "set_property is_global_include true [get_files rom_dir.vh]\n", ""
    ),
    "the place of the tables not told the design": Defect(
        "table-parameter", "  set_property CONFIG.ROM_DIR", "  list"
    ),
    "a table that is missing is no error": Defect(
        "message", "set_msg_config -id {[Synth 8-4445]} -new_severity ERROR\n", ""
    ),
    "a message that there is not": Defect("message-id", "{[Synth 8-4445]}", "8-4445"),
    "a severity that there is not": Defect("value", "-new_severity ERROR", "-new_severity FATAL"),
    "tables in another folder, alone": Defect("readmem", ".. rtl]]/", ".. ip]]/", "ooc"),
    "tables in another folder, behind pins": Defect(
        "script", ".. rtl]]/", ".. vivado]]/", "implement", board="basys3"
    ),
    "tables in another folder, in a block design": Defect(
        "script", ".. rtl]]/", ".. ip]]/", "implement"
    ),
    "zeros for tables": Defect(
        "zeros",
        ".. rtl]]/",
        ".. ip]]/",
        "implement",
        more=(("-new_severity ERROR", "-new_severity WARNING"),),
    ),
    "a block design that is not open": Defect(
        "order", "open_bd_design [get_files gatewright_bd.bd]\n", "", "implement"
    ),
    "another block design opened": Defect(
        "missing-file", "[get_files gatewright_bd.bd]\n", "[get_files other.bd]\n", "implement"
    ),
    "constraints among the sources": Defect(
        "fileset", "-fileset constrs_1", "-fileset sources_1", "ooc"
    ),
    "constraints of a board missing": Defect(
        "missing-file", "board.xdc", "pins.xdc", "project", "basys3"
    ),
    "another top": Defect(
        "top",
        "set_property top gatewright_pads",
        "set_property top gatewright",
        "project",
        "basys3",
        "implement",
    ),
    "the top of the block design": Defect(
        "project-top", "set_property top gatewright_bd_wrapper", "set_property top gatewright_top"
    ),
    # Order.
    "a block design before a project": Defect(
        "order", "create_project -force $name $work -part xc7z020clg400-1\n", ""
    ),
    "products before a validation": Defect("order", "validate_bd_design\n", ""),
    "not saved": Defect("order", "save_bd_design\n", ""),
    "a wrapper before products": Defect(
        "order", "generate_target all [get_files gatewright_bd.bd]\n", ""
    ),
    "a project left open": Defect("open-project", "close_project\n", ""),
    "a project opened that is not there": Defect("order", "$name.xpr", "other.xpr", "implement"),
    "place and route before synthesis": Defect(
        "order", "synth_1 {} impl_1 route_design", "impl_1 route_design", "implement"
    ),
    "reports of nothing": Defect("order", "open_run impl_1\n", "", "implement"),
    "a bitstream before the routing": Defect(
        "order",
        "impl_1 route_design}",
        "impl_1 place_design}",
        "implement",
        until="bitstream",
        more=(('"route_design Complete!"', '"place_design Complete!"'),),
    ),
    "a run that there is not": Defect("run", "open_run impl_1", "open_run impl_2", "implement"),
    "a step that there is not": Defect("value", "route_design}", "route}", "implement"),
    "a report beside the project": Defect(
        "relative", "-file [file join $here power.rpt]", "-file power.rpt", "implement"
    ),
    # Cells and parameters.
    "an IP that there is not": Defect("ip", ":ip:axi_dma ", ":ip:axi_dmac "),
    "a parameter misspelt": Defect("parameter", "CONFIG.c_include_sg", "CONFIG.c_include_gs"),
    "a parameter out of its range": Defect(
        "parameter-value", "c_sg_length_width 26", "c_sg_length_width 27"
    ),
    "a property that is no parameter": Defect("property", "CONFIG.NUM_PORTS", "NUM_PORTS"),
    "scatter-gather left on": Defect(
        "clock-open", "CONFIG.c_include_sg 0", "CONFIG.c_include_sg 1"
    ),
    "a short length register": Defect(
        "sg_length_width", "c_sg_length_width 26", "c_sg_length_width 14"
    ),
    "unaligned reads": Defect("include_mm2s_dre", "mm2s_dre 0", "mm2s_dre 1"),
    "unaligned writes": Defect("include_s2mm_dre", "s2mm_dre 0", "s2mm_dre 1"),
    "a stream too wide": Defect("width", "mm2s_tdata_width 64", "mm2s_tdata_width 32"),
    "a stream too narrow": Defect("width", "s2mm_tdata_width 32", "s2mm_tdata_width 64"),
    "a DMA without its writes": Defect("pin", "CONFIG.c_include_s2mm 1", "CONFIG.c_include_s2mm 0"),
    "a port of an interconnect too few": Defect(
        "intf_pin", "CONFIG.NUM_SI 2 CONFIG.NUM_MI 1", "CONFIG.NUM_SI 1 CONFIG.NUM_MI 1"
    ),
    "a port of an interconnect too many": Defect(
        "unconnected", "CONFIG.NUM_SI 2 CONFIG.NUM_MI 1", "CONFIG.NUM_SI 3 CONFIG.NUM_MI 1"
    ),
    "the memory port left off": Defect(
        "pin", "CONFIG.PCW_USE_S_AXI_HP0 1", "CONFIG.PCW_USE_S_AXI_HP0 0"
    ),
    "another clock": Defect(
        "rate", "PCW_FPGA0_PERIPHERAL_FREQMHZ 100", "PCW_FPGA0_PERIPHERAL_FREQMHZ 50"
    ),
    "the rule of another processor": Defect(
        "rule", "bd_rule:processing_system7", "bd_rule:zynq_ultra_ps_e"
    ),
    "memory that reaches no pins": Defect("external", 'make_external "FIXED_IO, DDR"', ""),
    "a module that is not in the sources": Defect(
        "reference", "-reference gatewright_ip", "-reference gatewright_top"
    ),
    "modules synthesized apart": Defect(
        "checkpoint", "synth_checkpoint_mode None", "synth_checkpoint_mode Hierarchical"
    ),
    "a cell twice": Defect(
        "cell", "xilinx.com:ip:smartconnect mem", "xilinx.com:ip:smartconnect ctrl"
    ),
    "a wrapper that is no source": Defect("wrapper", " -top -import", " -top"),
    "a table among the sources": Defect("file-kind", "  rtl/gatewright_top.sv", "  ip/ip.f"),
    # Clocks and resets.
    "two clocks": Defect(
        "clock-domain",
        "  CONFIG.PCW_EN_CLK0_PORT 1",
        "  CONFIG.PCW_EN_CLK0_PORT 1 CONFIG.PCW_EN_CLK1_PORT 1",
        more=((f"  {CELL}/aclk\n", ""), ("# Registers.", net("ps/FCLK_CLK1", f"{CELL}/aclk"))),
    ),
    "a clock missing": Defect("clock-open", f"  {CELL}/aclk\n", ""),
    "the clock of a DMA missing": Defect("clock-open", "  dma_0/m_axi_s2mm_aclk\n", ""),
    "the clock of the memory port missing": Defect("clock-open", "  ps/S_AXI_HP0_ACLK\n", ""),
    "a clock from the reset": Defect(
        "kind",
        "connect_bd_net [get_bd_pins ps/FCLK_CLK0]",
        "connect_bd_net [get_bd_pins ps/FCLK_RESET0_N]",
    ),
    "a reset missing": Defect("reset-open", f"  {CELL}/aresetn\n", ""),
    "the reset of a DMA missing": Defect("reset-open", "  dma_0/axi_resetn\n", ""),
    "the reset of all missing": Defect(
        "reset-open", net("ps/FCLK_RESET0_N", "rst/ext_reset_in"), ""
    ),
    "a reset past the synchronizer": Defect(
        "reset-source", "get_bd_pins rst/peripheral_aresetn", "get_bd_pins ps/FCLK_RESET0_N"
    ),
    "two drivers": Defect(
        "double-driven",
        net("irq/irq", "ps/IRQ_F2P"),
        net("irq/irq", "ps/IRQ_F2P") + net(f"{CELL}/interrupt", "ps/IRQ_F2P"),
    ),
    # Streams.
    "a stream not connected": Defect("unconnected", MM2S, ""),
    "the answer not connected": Defect("unconnected", S2MM, ""),
    "a stream turned round": Defect("direction", MM2S, link("dma_0/M_AXIS_MM2S", f"{CELL}/m_axis")),
    "a stream to itself": Defect(
        "unconnected", MM2S + S2MM, link("dma_0/M_AXIS_MM2S", "dma_0/S_AXIS_S2MM")
    ),
    "registers on a stream": Defect("protocol", MM2S, link("dma_0/M_AXIS_MM2S", f"{CELL}/s_axi")),
    "a stream connected twice": Defect("double-driven", MM2S, MM2S + MM2S),
    "a pin for an interface": Defect(
        "object",
        MM2S,
        MM2S.replace("[get_bd_intf_pins dma_0/M_AXIS_MM2S]", "[get_bd_pins dma_0/axi_resetn]"),
    ),
    "swapped streams": Defect(
        "streams",
        "MM2S] [get_bd_intf_pins gatewright_0/s_axis]",
        "MM2S] [get_bd_intf_pins gatewright_0/s_axis_x]",
        more=(("s_axis_1]", "s_axis]"), ("s_axis_x]", "s_axis_1]")),
        ports=2,
    ),
    "swapped answers": Defect(
        "streams",
        "gatewright_0/m_axis]",
        "gatewright_0/m_axis_x]",
        more=(("m_axis_1]", "m_axis]"), ("m_axis_x]", "m_axis_1]")),
        ports=2,
    ),
    "the memory of a DMA not connected": Defect(
        "no-path", link("dma_0/M_AXI_S2MM", "mem/S01_AXI"), ""
    ),
    "registers not connected": Defect("no-path", link("ctrl/M01_AXI", f"{CELL}/s_axi"), ""),
    "tlast lost": Defect("signals", "s_axis_tlast", "s_axis_tuser", "../ip/gatewright_ip.v"),
    "tkeep lost": Defect("signals", "s_axis_tkeep", "s_axis_tuser", "../ip/gatewright_ip.v"),
    "a wrapper of another width": Defect(
        "width", "[31:0] m_axis_tdata", "[63:0] m_axis_tdata", "../ip/gatewright_ip.v"
    ),
    # Interrupts.
    "an interrupt not wired": Defect("unconnected", net(f"{CELL}/interrupt", "irqs/In2"), ""),
    "interrupts in another order": Defect(
        "interrupts", "irqs/In0]", "irqs/Inx]", more=(("In1]", "In0]"), ("Inx]", "In1]"))
    ),
    "the controller not wired": Defect("interrupts", net("irqs/dout", "irq/intr"), ""),
    "the processor not wired": Defect("interrupts", net("irq/irq", "ps/IRQ_F2P"), ""),
    "an interrupt past the controller": Defect(
        "interrupts", net("irq/irq", "ps/IRQ_F2P"), net("irqs/dout", "ps/IRQ_F2P")
    ),
    "the controller on a bus": Defect(
        "pin", "set_property CONFIG.C_IRQ_CONNECTION 1", "set_property CONFIG.C_IRQ_CONNECTION 0"
    ),
    # Addresses.
    "overlapping addresses": Defect("overlap", "-offset 0x41800000", "-offset 0x40400000"),
    "an address between": Defect("alignment", "-offset 0x40400000", "-offset 0x40400800"),
    "an address out of reach": Defect("aperture", "-offset 0x43C00000", "-offset 0xA0000000"),
    "another address": Defect("told-address", "-offset 0x43C00000", "-offset 0x43D00000"),
    "a range too small": Defect(
        "range", "-offset 0x43C00000 -range 0x1000", "-offset 0x43C00000 -range 0x800"
    ),
    "registers without an address": Defect(
        "unmapped",
        "assign_bd_address -offset 0x41800000 -range 0x10000 "
        f"{REGS} [get_bd_addr_segs irq/S_AXI/Reg]\n",
        "",
    ),
    "registers mapped twice": Defect(
        "mapped-twice",
        f"{REGS} [get_bd_addr_segs irq/S_AXI/Reg]",
        f"{REGS} [get_bd_addr_segs dma_0/S_AXI_LITE/Reg]",
    ),
    "memory without an address": Defect(
        "unmapped",
        f"  assign_bd_address -target_address_space [get_bd_addr_spaces $space] {DDR}\n",
        "",
    ),
    "memory not excluded": Defect(
        "unmapped",
        "    exclude_bd_addr_seg -target_address_space [get_bd_addr_spaces $space] $other\n",
        "",
        "project",
        "zcu104",
    ),
    "memory at flash": Defect(
        "mapped-twice",
        "[get_bd_addr_segs ps/SAXIGP2/HP0_DDR_LOW]",
        "[get_bd_addr_segs ps/SAXIGP2/HP0_QSPI]",
        "project",
        "zcu104",
    ),
    "the processor of the other family": Defect(
        "ip-of-part",
        "xilinx.com:ip:zynq_ultra_ps_e",
        "xilinx.com:ip:processing_system7",
        "project",
        "zcu104",
    ),
}


def plant(path: Path, defect: Defect) -> None:
    text = path.read_text()
    for old, new in ((defect.old, defect.new), *defect.more):
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text)


def caught(defect: Defect, folder: Path) -> str:
    """The rule that catches a defect."""
    board, vivado = BOARDS[defect.board], Vivado()
    ports = defect.ports
    written(board, folder, small((64,) * ports, (32,) * ports) if ports > 1 else None)
    script = f"{defect.script}.tcl" if defect.script in VIVADO_STAGES else defect.script
    plant(folder / "vivado" / script, defect)
    stages = (defect.until, defect.script, "project")
    last = next(VIVADO_STAGES.index(name) for name in stages if name in VIVADO_STAGES)
    said = run_stages(vivado, folder, VIVADO_STAGES[: last + 1])
    if vivado.refused:
        assert said, "what is refused is said"
        return vivado.refused
    return next((check for check, _ in faults(vivado, board, folder)), "")


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_caught(name: str, tmp_path: Path) -> None:
    defect = DEFECTS[name]
    assert caught(defect, tmp_path) == defect.check


def test_every_rule_has_a_defect() -> None:
    here = Path(__file__).parent
    texts = [
        (here / f"vivado_{name}.py").read_text()
        for name in ("model", "blocks", "design", "contract", "ipx")
    ]
    rules = {
        rule
        for text in texts
        for rule in re.findall(r'(?:RefusedError\([^\n]*, |yield )"([a-z-]+)"', text)
    }
    planted = {defect.check for defect in DEFECTS.values()}
    assert rules - planted - {check for check, _, _ in PACKED.values()} == set()
    assert len(DEFECTS) >= 45


def test_what_a_driver_is_told_is_checked(tmp_path: Path) -> None:
    board, vivado = BOARDS["pynq-z2"], Vivado()
    folder = written(board, tmp_path)
    assert run_stages(vivado, folder, ["project"]) == ""
    path = folder / "vivado" / "gatewright.json"
    facts = json.loads(path.read_text())
    facts["addresses"]["ip"]["base"] += 0x1000
    path.write_text(json.dumps(facts))
    assert [check for check, _ in faults(vivado, board, folder)] == ["told-address"]
