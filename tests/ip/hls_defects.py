"""Defects of what stands around a kernel of Vitis HLS, each with the check of the shipped bench."""

from __future__ import annotations

from dataclasses import dataclass

CORE, HOLD, GUARD = "gatewright_hls_adapter.v", "gw_ip_hold_v1.sv", "gw_ip_guard_v1.sv"


@dataclass(frozen=True)
class Defect:
    """A change of what stands around the kernel.

    Attributes:
        file: Of ``ip/``.
        old: What stands there, once.
        new: What stands there instead.
        check: What the shipped bench says, a regular expression.
        case: The design in which it shows.
        more: More changes, of ``CORE``.
    """

    file: str
    old: str
    new: str
    check: str
    case: str = "pointwise-8"
    more: tuple[tuple[str, str], ...] = ()


SLOW = ((".CYCLES(16)", ".CYCLES(255)"),)
"""A reset so long that hosts are back before it has ended."""
DEAF = ("kernel_framing <= 1'b1;", "kernel_framing <= 1'b0;")
MUTE = ("kernel_too_long <= 1'b1;", "kernel_too_long <= 1'b0;")
UNCLEARED = "clear_leaves_open|answer_of_nothing"
WRONG = "error_length|answer_of_wrong"
LATE = (
    ("_TUSER(s_axis_tuser)", "_TUSER(late)"),
    ("  wire rst_n, run;\n", "  wire rst_n, run;\n  reg late;\n"),
    ("  gw_ip_hold_v1 #(", "  always @(posedge aclk) late <= s_axis_tuser;\n  gw_ip_hold_v1 #("),
)
DEFECTS = {
    "a reset of two cycles": Defect(CORE, ".CYCLES(16)", ".CYCLES(2)", UNCLEARED),
    "clear forgets the kernel": Defect(CORE, "(!aresetn || clear)", "(!aresetn)", UNCLEARED),
    "reset forgets the kernel": Defect(CORE, "(!aresetn || clear)", "(clear)", "unknown"),
    "a reset of the other sense": Defect(
        CORE, ".ap_rst_n(rst_n)", ".ap_rst_n(!rst_n)", "answer_of_nothing"
    ),
    "never started": Defect(CORE, ".ap_start(rst_n)", ".ap_start(1'b0)", "hang"),
    "what a reset offers counts": Defect(CORE, "_tvalid = run && ", "_tvalid = ", "answer_of_.*"),
    "words go into a reset": Defect(
        GUARD, "in_ready_o  = !rst_i && (", "in_ready_o  = (", "golden", more=SLOW
    ),
    "a byte left out": Defect(CORE, "_TKEEP({5{1'b1}})", "_TKEEP(5'h0f)", "golden"),
    "no strobes": Defect(CORE, "_TSTRB({5{1'b1}})", "_TSTRB(5'h00)", "golden"),
    "bytes of a word the other way": Defect(
        CORE, "_TDATA(s_axis_tdata)", "_TDATA({s_axis_tdata[7:0], s_axis_tdata[39:8]})", "golden"
    ),
    "last lost on the way in": Defect(CORE, "_TLAST(s_axis_tlast)", "_TLAST(1'b0)", "last"),
    "last lost on the way out": Defect(CORE, "_TLAST(m_axis_tlast)", "_TLAST()", "last"),
    "nobody waits for the bus": Defect(
        CORE, "_TREADY(run && m_axis_tready)", "_TREADY(run)", "golden|last"
    ),
    "two states swapped": Defect(
        CORE,
        ".s_axis_1_h0_TDATA(s_axis_1_h0_tdata)",
        ".s_axis_1_h0_TDATA(s_axis_2_c0_tdata)",
        "golden",
        "stateful-16",
    ),
    "keep lost": Defect(CORE, "_TUSER(s_axis_tuser)", "_TUSER(1'b0)", "keep", "forwards-8"),
    "keep for ever": Defect(CORE, "_TUSER(s_axis_tuser)", "_TUSER(1'b1)", "golden", "forwards-8"),
    "a state of two steps": Defect(
        CORE,
        ".STEPS    (1)\n  ) u_s_axis_1",
        ".STEPS    (0)\n  ) u_s_axis_1",
        "error_state",
        "stateful-16",
    ),
    "a long sequence not seen": Defect(
        CORE,
        ".MAX_STEPS(9)",
        ".MAX_STEPS(0)",
        "error_too_long",
        "backwards-32",
        (MUTE,),
    ),
    "a step that ends too early not seen": Defect(
        CORE, ".FOLDS    (2)", ".FOLDS    (1)", "error_framing", "wide-512", (DEAF,)
    ),
    "another number of steps not seen": Defect(
        CORE, ".STEPS    (7)", ".STEPS    (0)", "error_length", "flat-64"
    ),
    "two ports not held against each other": Defect(
        CORE,
        ".wrong_i    (s_axis_1_w_a_wrong)",
        ".wrong_i    (1'b0)",
        "error_length",
        "double-16",
        ((".wrong_i    (s_axis_1_w_b_wrong)", ".wrong_i    (1'b0)"),),
    ),
    "only the kernel sees that a step ends too early": Defect(
        CORE, ".FOLDS    (2)", ".FOLDS    (1)", "dropped_not_taken", "wide-512"
    ),
    "a guard that lets through": Defect(
        GUARD,
        "in_valid_i && !drop && !hold_i && !misframed",
        "in_valid_i",
        "answer_of_wrong",
        "wide-512",
        (DEAF,),
    ),
}
"""Each with the check that finds it."""
DRAWN_DEFECTS = {
    "a sequence of all steps there may be is too long": Defect(
        CORE, ".MAX_STEPS(9)", ".MAX_STEPS(8)", "error_of_longest", "backwards-32"
    ),
    "a step too many is not too long": Defect(
        CORE, ".MAX_STEPS(9)", ".MAX_STEPS(10)", "error_too_long", "backwards-32", (MUTE,)
    ),
    "only the kernel tells of a length": Defect(
        CORE, ".MAX_STEPS(9)", ".MAX_STEPS(0)", "dropped_not_taken", "backwards-32"
    ),
    "a port may be ahead without end": Defect(
        CORE, ".hold_i     (s_axis_1_w_a_hold)", ".hold_i     (1'b0)", "hang", "double-16"
    ),
    "the other port may be ahead without end": Defect(
        CORE, ".hold_i     (s_axis_1_w_b_hold)", ".hold_i     (1'b0)", "hang", "double-16"
    ),
    "neither port waits for the other": Defect(
        CORE,
        ".hold_i     (s_axis_1_w_a_hold)",
        ".hold_i     (1'b0)",
        "hang",
        "double-16",
        ((".hold_i     (s_axis_1_w_b_hold)", ".hold_i     (1'b0)"),),
    ),
    "the first port is never wrong": Defect(
        CORE, ".wrong_i    (s_axis_1_w_a_wrong)", ".wrong_i    (1'b0)", WRONG, "double-16"
    ),
    "the second port is never wrong": Defect(
        CORE, ".wrong_i    (s_axis_1_w_b_wrong)", ".wrong_i    (1'b0)", WRONG, "double-16"
    ),
    "framing of the first port alone": Defect(
        CORE, "framing = |in_framing", "framing = in_framing[0]", "error_length", "double-16"
    ),
    "framing of the second port alone": Defect(
        CORE, "framing = |in_framing", "framing = in_framing[1]", "error_length", "double-16"
    ),
    "started while there are words": Defect(
        CORE, ".ap_start(rst_n)", ".ap_start(rst_n && s_axis_tvalid)", "hang"
    ),
    "keep a cycle late": Defect(CORE, *LATE[0], "keep", "forwards-64", LATE[1:]),
    "words are offered to a reset": Defect(
        GUARD, "out_valid_o = !rst_i && in_valid_i", "out_valid_o = in_valid_i", "hang"
    ),
    "words are offered as soon as a reset ends": Defect(
        HOLD, "run_o = ran_q && !rst_i", "run_o = rst_no && !rst_i", "hang"
    ),
    "what is wrong waits for the kernel": Defect(
        GUARD, "(misframed || out_ready_i)", "out_ready_i", "error_framing", "wide-512"
    ),
    "what is dropped waits for the kernel": Defect(
        GUARD, "(drop || (", "((", "dropped_not_taken", "wide-512"
    ),
    "what is dropped is not taken": Defect(
        GUARD, "(drop || (", "(!drop && (", "dropped_not_taken", "double-16"
    ),
}
"""More of them, of which some are drawn."""
HARMLESS = {
    "hosts are back before the reset has ended": ("pointwise-8", SLOW),
    # The beats of a word that are there before its last one have its keep.
    "keep a cycle late, of words of several beats": ("forwards-8", LATE),
}
"""What changes nothing, by the design that shows it."""
