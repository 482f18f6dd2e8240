"""What AMD's UG1399 (2022.2 to 2024.1) says of the Tcl commands of Vitis HLS.

Facts, in our words; nothing of this was tried on the tool.
"""

from __future__ import annotations

from tcl_model import COUNT, FLAG, PERIOD, TEXT, Command

_LANGUAGES = ("verilog", "vhdl")

COMMANDS = {
    "open_project": Command({"-reset": FLAG, "-upgrade": FLAG}, (1, 1), ""),
    "close_project": Command(needs="project"),
    "set_top": Command(arguments=(1, 1), needs="project"),
    "add_files": Command(
        {"-tb": FLAG, "-cflags": TEXT, "-csimflags": TEXT, "-blackbox": TEXT}, (1, 1), "project"
    ),
    "open_solution": Command(
        {"-reset": FLAG, "-flow_target": ("vitis", "vivado")}, (1, 1), "project"
    ),
    "close_solution": Command(),
    "set_part": Command({"-board": FLAG}, (1, 1)),
    "create_clock": Command({"-name": TEXT, "-period": PERIOD}),
    "set_clock_uncertainty": Command(arguments=(1, 2)),
    "config_array_partition": Command(
        {"-complete_threshold": COUNT, "-throughput_driven": ("off", "auto")}
    ),
    "csim_design": Command(
        {
            **dict.fromkeys(("-O", "-clean", "-profile", "-setup"), FLAG),
            **dict.fromkeys(("-argv", "-ldflags", "-mflags"), TEXT),
        }
    ),
    "csynth_design": Command(
        dict.fromkeys(("-dump_cfg", "-dump_post_cfg", "-synthesis_check"), FLAG)
    ),
    "cosim_design": Command(
        {
            **dict.fromkeys(("-O", "-coverage", "-random_stall", "-setup", "-wave_debug"), FLAG),
            **dict.fromkeys(
                (
                    "-disable_binary_tv",
                    "-disable_deadlock_detection",
                    "-disable_dependency_check",
                    "-enable_dataflow_profiling",
                    "-enable_fifo_sizing",
                    "-enable_tasks_with_m_axi",
                    "-stable_axilite_update",
                ),
                FLAG,
            ),
            **dict.fromkeys(
                ("-argv", "-compiled_library_dir", "-hwemu_trace_dir", "-ldflags", "-mflags"), TEXT
            ),
            "-rtl": _LANGUAGES,
            "-trace_level": ("none", "all", "port", "port_hier"),
        }
    ),
    "export_design": Command(
        {
            "-flow": ("syn", "impl"),
            "-format": ("ip_catalog", "xo", "syn_dcp", "sysgen"),
            "-rtl": _LANGUAGES,
            **dict.fromkeys(
                ("-description", "-display_name", "-ipname", "-library", "-output"), TEXT
            ),
            **dict.fromkeys(("-taxonomy", "-vendor", "-version"), TEXT),
        }
    ),
}
