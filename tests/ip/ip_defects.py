"""Defects of an IP, each with the check of the shipped bench that is meant for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Defect:
    """A change of one file.

    Attributes:
        what: In a few words.
        file: Without version and suffix, or ``wrapper``, or a whole name.
        old: What stands there, once.
        new: What stands there instead.
        check: What the bench says, a regular expression.
        case: The design in which it shows.
        more: More changes of the file.
    """

    what: str
    file: str
    old: str
    new: str
    check: str
    case: str = "pointwise-8"
    more: tuple[tuple[str, str], ...] = ()

    @property
    def changes(self) -> tuple[tuple[str, str], ...]:
        """All of them."""
        return ((self.old, self.new), *self.more)


AFTER_CLEAR = "clear_status|clear_leaves_open|answer_of_nothing|golden|last"
"""What is not dropped shows at once, or in the next answer."""
DEFECTS = (
    Defect("tlast lost", "gw_ip_out", "clear_i || (word_last_i && complete)", "clear_i", "last"),
    Defect(
        "tlast with each beat of the last word",
        "gw_ip_out",
        "(word_last_i && complete)",
        "word_last_i",
        "last",
    ),
    Defect("tkeep ignored", "gw_ip_in", "&s_keep_i, s_data_i", "1'b1, s_data_i", "error_lanes"),
    Defect("tkeep not all ones on the way out", "wrapper", "{1{1'b1}};", "{1{1'b0}};", "out_lanes"),
    Defect(
        "beats of a word backwards, out",
        "gw_ip_out",
        "beats[index_q*BUS+:BUS]",
        "beats[(Most-index_q)*BUS+:BUS]",
        "golden",
    ),
    Defect(
        "a word begins a beat late",
        "gw_ip_in",
        "beats[WORD-1:0]",
        "{beats[WORD-9:0], beats[7:0]}",
        "golden",
    ),
    Defect(
        "framing not seen",
        "gw_ip_in",
        "if (last && !complete && !drop) framing_q <= 1'b1;",
        "",
        "error_framing",
    ),
    Defect(
        "what follows an error is not dropped",
        "gw_ip_in",
        "framing_o || lanes_o || !whole",
        "!whole",
        "answer_of_wrong",
    ),
    Defect(
        "too_long not wired",
        "wrapper",
        "(core_too_long),\n      .framing_i",
        "(1'b0),\n      .framing_i",
        "error_too_long",
        "backwards-32",
    ),
    Defect(
        "a state without its end not seen",
        "gw_axis_frame",
        "complete_o ? cut || wrong_i : last_i",
        "complete_o ? wrong_i : last_i",
        "error_state",
        "stateful-16",
    ),
    Defect(
        "a state without its end is answered",
        "gw_axis_read",
        "there_o && !hold_i && !misframed",
        "there_o && !hold_i",
        "answer_of_wrong",
        "stateful-16",
    ),
    Defect(
        "steps are not counted",
        "gw_axis_frame",
        "assign cut  = last_i != ends",
        "assign cut  = 1'b0",
        "error_length",
        "flat-64",
    ),
    Defect(
        "a sequence without an end is not seen",
        "gw_axis_frame",
        "assign cut  = last_i != ends",
        "assign cut  = last_i && !ends",
        "error_length",
        "flat-64",
    ),
    Defect(
        "two ports are not held against each other",
        "gw_axis_frame",
        "complete_o ? cut || wrong_i : last_i",
        "complete_o ? cut : last_i",
        "error_length",
        "double-16",
    ),
    Defect(
        "framing of the core not wired",
        "wrapper",
        "core_framing || (|in_framing)",
        "core_framing",
        "error_framing",
    ),
    Defect(
        "bvalid dropped early",
        "gw_ip_lite",
        "if (bvalid_o && bready_i) bvalid_o",
        "bvalid_o",
        "b_dropped",
    ),
    Defect(
        "rvalid dropped early",
        "gw_ip_lite",
        "if (rvalid_o && rready_i) rvalid_o",
        "rvalid_o",
        "r_dropped",
    ),
    Defect(
        "a write answers OKAY whatever it was",
        "gw_ip_lite",
        "{write_error_i, 1'b0}",
        "2'b00",
        "write_response",
    ),
    Defect(
        "a read answers OKAY whatever it was",
        "gw_ip_lite",
        "{read_error_i, 1'b0}",
        "2'b00",
        "read_response",
    ),
    Defect(
        "rdata follows the next address",
        "gw_ip_lite",
        "if (read_o) begin\n      rdata_o",
        "if (1'b1) begin\n      rdata_o",
        "r_changed",
    ),
    Defect("strobes ignored", "gw_ip_registers", "write_i && write_strb_i[0]", "write_i", "strobe"),
    Defect("a register is not reset", "gw_ip_registers", "      enable_q <= '0;\n", "", "unknown"),
    Defect(
        "AXI4-Lite is not reset",
        "gw_ip_lite",
        "      bvalid_o <= 1'b0;\n      rvalid_o <= 1'b0;\n    end else",
        "    end else",
        "valid_in_reset",
    ),
    Defect(
        "the output stage is not reset",
        "gw_ip_out",
        "      .rst_i  (rst_i),\n      .valid_i(valid)",
        "      .rst_i  (1'b0),\n      .valid_i(valid)",
        "valid_in_reset",
    ),
    Defect("digest backwards", "gw_ip_registers", "= ~index", "= index", "digest"),
    Defect(
        "KEEP is not wired",
        "wrapper",
        ".keep_i      (keep)",
        ".keep_i      (1'b0)",
        "keep",
        "forwards-8",
    ),
    Defect(
        "KEEP of the middle of a sequence counts",
        "gw_ip_in",
        "open_o ? keep_q : keep_i",
        "keep_i",
        "keep",
        "forwards-8",
    ),
    Defect(
        "tkeep of the lowest byte alone is asked",
        "gw_ip_in",
        "&s_keep_i, s_data_i",
        "s_keep_i[0], s_data_i",
        "error_lanes",
        "stateful-16",
    ),
    Defect(
        "CYCLES_HIGH is that of now",
        "gw_ip_registers",
        "read_data_o = cycles_high_q",
        "read_data_o = cycles_q[63:32]",
        "held_cycles",
    ),
    Defect(
        "BUSY_CYCLES_HIGH is that of now",
        "gw_ip_registers",
        "read_data_o = busy_high_q",
        "read_data_o = busy_cycles_q[63:32]",
        "held_busy_cycles",
    ),
    Defect(
        "a write is done while a response waits",
        "gw_ip_lite",
        "addr_q && data_q && !bvalid_o",
        "addr_q && data_q",
        "b_changed|write_queued",
    ),
    Defect(
        "an address is taken while a word waits",
        "gw_ip_lite",
        "!rst_i && !rvalid_o",
        "!rst_i",
        "r_changed|read_queued",
    ),
    Defect(
        "an interrupt is lost in the cycle in which it is cleared",
        "gw_ip_registers",
        "(status_q & ~clear_status[1:0]) | {|(errors_d & ~errors_q), out_i}",
        "(status_q | {|(errors_d & ~errors_q), out_i}) & ~clear_status[1:0]",
        "interrupt_lost",
    ),
    Defect(
        "a clear takes IRQ_ENABLE away",
        "gw_ip_registers",
        "    if (rst_i) begin\n      keep_o ",
        "    if (resetting_i) enable_q <= '0;\n    else if (rst_i) begin\n      keep_o ",
        "clear_leaves_enable",
    ),
    Defect(
        "a clear takes CYCLES away",
        "gw_ip_registers",
        "if (rst_i) begin\n      cycles_q ",
        "if (rst_i || resetting_i) begin\n      cycles_q ",
        "clear_leaves_cycles",
    ),
    Defect(
        "bits of inputs and outputs swapped",
        "gw_ip_registers",
        "array_data = input_word",
        "array_data = output_word",
        "identity",
        "stateful-16",
    ),
    Defect(
        "an address is another",
        "gw_ip_map",
        "SEQUENCES_OUT = 12'h3c",
        "SEQUENCES_OUT = 12'hb0",
        "read_response",
    ),
    Defect(
        "the interrupt is not raised",
        "gw_ip_registers",
        "|(status_q & enable_q)",
        "1'b0",
        "interrupt",
    ),
    Defect(
        "the interrupt does not ask whether it is wanted",
        "gw_ip_registers",
        "|(status_q & enable_q)",
        "|status_q",
        "interrupt_enable",
    ),
    Defect(
        "a bit that is cleared takes the others along",
        "gw_ip_registers",
        "status_q & ~clear_status[1:0]",
        "status_q & {2{clear_status[1:0] == 2'd0}}",
        "interrupt_stays",
    ),
    Defect(
        "DONE is not told",
        "gw_ip_registers",
        "errors_q), out_i}",
        "errors_q), 1'b0}",
        "interrupt_status",
    ),
    Defect(
        "cycles run twice as fast",
        "gw_ip_registers",
        "cycles_q + 1'b1",
        "cycles_q + 2'd2",
        "cycles",
    ),
    Defect(
        "sequences are counted a second time",
        "gw_ip_registers",
        "in_q + {31'd0, in_i}",
        "in_q + {31'd0, in_i || out_i}",
        "sequences",
    ),
    Defect(
        "a busy cycle too few",
        "gw_ip_registers",
        "busy_cycles_q + {63'd0, busy}",
        "busy_cycles_q + {63'd0, busy && !out_i}",
        "busy_cycles",
    ),
    Defect(
        "busy between the sequences only",
        "gw_ip_registers",
        "partial_i || in_q != out_q",
        "partial_i",
        "busy_cycles",
    ),
    Defect(
        "a port that is done counts for all",
        "gw_ip_tally",
        "&reached",
        "|reached",
        "sequences",
        "stateful-16",
    ),
    Defect(
        "a clear leaves the core as it is",
        "wrapper",
        ".clear   (clear)",
        ".clear   (1'b0)",
        AFTER_CLEAR,
    ),
    Defect("a clear leaves the input as it is", "wrapper", "(rst || clear)", "(rst)", AFTER_CLEAR),
    Defect(
        "a clear does not end what has begun to leave",
        "gw_ip_out",
        "clear_i ? open_q :",
        "clear_i ? 1'b0 :",
        "clear_ends",
    ),
    Defect(
        "a clear takes back what was offered",
        "gw_ip_out",
        "      .rst_i  (rst_i),\n      .valid_i(valid)",
        "      .rst_i  (rst_i || clear_i),\n      .valid_i(valid)",
        "valid_dropped|clear_leaves_open",
    ),
    Defect(
        "a clear does not wait",
        "gw_ip_control",
        "clear || (clear_o && !(&quiet_i))",
        "clear",
        AFTER_CLEAR,
    ),
    Defect(
        "a clear leaves the counters",
        "gw_ip_registers",
        "if (rst_i || resetting_i)",
        "if (rst_i)",
        "clear_(status|counters|interrupts)",
    ),
    Defect(
        "a clear begins in the middle of a word",
        "gw_ip_out",
        "if (rst_i || clear_i) index_q",
        "if (rst_i) index_q",
        AFTER_CLEAR,
    ),
)
