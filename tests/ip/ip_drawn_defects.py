"""More defects of an IP, of which a part runs with each commit: whose port, and which length."""

from __future__ import annotations

from ip_defects import Defect

KEEP_LATE = "  always @(posedge aclk) late <= s_axis_word_keep;\n  gatewright_top #("
PORT = "s_axis_1_w"
CORE, PARAMS = "gatewright_core.sv", "gatewright_params_pkg.sv"
DRAWN_DEFECTS = (
    *(
        Defect(
            f"port {end} may be ahead without end",
            CORE,
            f".hold_i({PORT}_{end}_hold)",
            ".hold_i(1'b0)",
            "hang",
            "meeting-16",
        )
        for end in "ab"
    ),
    *(
        Defect(
            f"port {end} is never wrong",
            CORE,
            f".wrong_i({PORT}_{end}_wrong)",
            ".wrong_i(1'b0)",
            "error_length|answer_of_wrong",
            "double-16",
        )
        for end in "ab"
    ),
    *(
        Defect(
            f"framing of {port} alone",
            CORE,
            f"framing = s_axis_framing || {PORT}_framing",
            f"framing = {port}_framing",
            "error_length",
            "double-16",
        )
        for port in ("s_axis", PORT)
    ),
    Defect(
        "a sequence of all steps there may be is too long",
        PARAMS,
        "S_AXIS_MAX_STEPS = 9",
        "S_AXIS_MAX_STEPS = 8",
        "error_of_longest",
        "backwards-32",
    ),
    Defect(
        "a step too many is not too long",
        PARAMS,
        "S_AXIS_MAX_STEPS = 9",
        "S_AXIS_MAX_STEPS = 10",
        "error_too_long",
        "backwards-32",
    ),
    Defect(
        "what is dropped is not taken",
        "gw_axis_read",
        "(drop || (",
        "(!drop && (",
        "dropped_not_taken",
        "double-16",
    ),
    Defect(
        "keep a cycle late",
        "wrapper",
        "s_axis_tuser (s_axis_word_keep)",
        "s_axis_tuser (late)",
        "gw_held",
        "forwards-64",
        (
            ("  wire rst, ", "  reg late;\n  wire rst, "),
            (
                "  gatewright_top #(",
                KEEP_LATE,
            ),
        ),
    ),
    Defect(
        "framing of the first port of the bus alone",
        "wrapper",
        "core_framing || (|in_framing)",
        "core_framing || in_framing[0]",
        "error_framing",
        "stateful-16",
    ),
    Defect(
        "lanes of the first port alone",
        "wrapper",
        "(|in_lanes)",
        "(in_lanes[0])",
        "error_lanes",
        "stateful-16",
    ),
)
"""More of them, of which some are drawn."""
HARMLESS = (
    # Nothing goes on after it: what is behind it is ready as soon as what came before has gone on.
    Defect("what is dropped waits", "gw_axis_read", "(drop || (", "((", "", "double-16"),
)
"""What the bench cannot tell, and why."""
