"""What AMD's guides say of the Tcl commands of Vivado, 2022.2 to 2024.1.

Commands and options: UG835. Those of block designs: UG994 too. Facts, in our words; nothing of this
was tried on the tool.
"""

from __future__ import annotations

from tcl_model import COUNT, FLAG, TEXT, Command

QUIET = dict.fromkeys(("-quiet", "-verbose"), FLAG)


def command(
    options: dict[str, str | tuple[str, ...]] | None = None,
    arguments: tuple[int, int] = (0, 0),
    needs: str = "project",
) -> Command:
    return Command({**QUIET, **(options or {})}, arguments, needs)


GET = {**dict.fromkeys(("-regexp", "-nocase"), FLAG), "-filter": TEXT, "-of_objects": TEXT}
MANY = 1 << 20

COMMANDS = {
    # Projects and files.
    "create_project": command(
        {**dict.fromkeys(("-force", "-in_memory", "-ip", "-rtl_kernel"), FLAG), "-part": TEXT},
        (0, 2),
        "",
    ),
    "open_project": command({"-read_only": FLAG, "-part": TEXT}, (1, 1), ""),
    "close_project": command({"-delete": FLAG}),
    "current_project": command(arguments=(0, 1)),
    "current_fileset": command({"-simset": FLAG, "-srcset": FLAG, "-constrset": FLAG}, (0, 1)),
    "get_filesets": command(GET, (0, 1)),
    "add_files": command(
        {
            **dict.fromkeys(("-fileset", "-of_objects", "-scan_for_includes"), TEXT),
            "-norecurse": FLAG,
            "-copy_to": TEXT,
        },
        (1, 1),
    ),
    "get_files": command({**GET, "-compile_order": TEXT, "-used_in": TEXT, "-all": FLAG}, (0, 1)),
    "get_board_parts": command({**GET, "-latest_file_version": FLAG}, (0, 1), ""),
    "update_compile_order": command({"-fileset": TEXT, "-force_gui": FLAG}),
    "get_property": command({"-min": FLAG, "-max": FLAG}, (2, 2)),
    "set_property": command(
        {"-dict": TEXT, "-name": TEXT, "-value": TEXT, "-objects": TEXT}, (0, 3)
    ),
    "list_property": command({"-class": TEXT, "-regexp": FLAG}, (0, 2)),
    "set_msg_config": command(
        {
            **dict.fromkeys(("-id", "-string", "-severity", "-ruleid"), TEXT),
            "-new_severity": ("STATUS", "INFO", "WARNING", "CRITICAL WARNING", "ERROR"),
            **dict.fromkeys(("-suppress", "-regexp"), FLAG),
            "-limit": COUNT,
        }
    ),
    # Runs and reports.
    "get_runs": command(GET, (0, 1)),
    "reset_run": command({"-prev_step": FLAG, "-from_step": TEXT, "-noclean_dir": FLAG}, (1, 1)),
    "launch_runs": command(
        {
            "-jobs": COUNT,
            "-to_step": (
                *("opt_design", "power_opt_design", "place_design", "post_place_power_opt_design"),
                *("phys_opt_design", "route_design", "post_route_phys_opt_design"),
                "write_bitstream",
            ),
            "-next_step": FLAG,
            "-scripts_only": FLAG,
            "-force": FLAG,
        },
        (1, MANY),
    ),
    "wait_on_run": command({"-timeout": COUNT}, (1, 1)),
    "open_run": command({"-name": TEXT, "-pr_config": TEXT}, (1, 1)),
    "synth_design": command(
        {
            "-top": TEXT,
            "-part": TEXT,
            "-name": TEXT,
            "-mode": ("default", "out_of_context"),
            "-flatten_hierarchy": ("rebuilt", "full", "none"),
            "-verilog_define": TEXT,
            "-include_dirs": TEXT,
            "-generic": TEXT,
            "-rtl": FLAG,
        }
    ),
    "report_utilization": command(
        {
            **dict.fromkeys(("-file", "-cells", "-hierarchical_depth", "-format"), TEXT),
            **dict.fromkeys(("-append", "-hierarchical", "-return_string"), FLAG),
        },
        needs="design",
    ),
    "report_timing_summary": command(
        {
            **dict.fromkeys(("-file", "-delay_type", "-name", "-cells"), TEXT),
            **dict.fromkeys(("-max_paths", "-nworst"), COUNT),
            **dict.fromkeys(("-append", "-no_header", "-report_unconstrained"), FLAG),
        },
        needs="design",
    ),
    "report_power": command(
        {"-file": TEXT, "-append": FLAG, "-format": TEXT, "-name": TEXT}, needs="design"
    ),
    "write_checkpoint": command(
        {"-force": FLAG, "-cell": TEXT, "-incremental_synth": FLAG}, (1, 1), "design"
    ),
    # Block designs.
    "create_bd_design": command({"-dir": TEXT, "-cell": TEXT}, (1, 1)),
    "open_bd_design": command(arguments=(1, 1)),
    "create_bd_cell": command(
        {"-vlnv": TEXT, "-type": ("ip", "module", "hier", "container"), "-reference": TEXT},
        (1, 1),
        "bd",
    ),
    "apply_bd_automation": command({"-rule": TEXT, "-config": TEXT, "-dict": TEXT}, (0, 1), "bd"),
    "get_bd_cells": command({**GET, "-hierarchical": FLAG}, (0, 1), "bd"),
    "get_bd_pins": command({**GET, "-hierarchical": FLAG}, (0, 1), "bd"),
    "get_bd_intf_pins": command({**GET, "-hierarchical": FLAG}, (0, 1), "bd"),
    "get_bd_addr_spaces": command({**GET, "-hierarchical": FLAG}, (0, 1), "bd"),
    "get_bd_addr_segs": command(
        {**GET, **dict.fromkeys(("-excluded", "-addressed", "-addressables"), FLAG)}, (0, 1), "bd"
    ),
    "connect_bd_net": command({"-net": TEXT, "-boundary_type": TEXT}, (1, MANY), "bd"),
    "connect_bd_intf_net": command(
        {"-intf_net": TEXT, "-boundary_type": TEXT, "-auto_assign_address": FLAG}, (2, 2), "bd"
    ),
    "assign_bd_address": command(
        {
            **dict.fromkeys(("-target_address_space", "-offset", "-range"), TEXT),
            "-boundary": FLAG,
            "-external": FLAG,
            "-force": FLAG,
            "-dict": TEXT,
        },
        (0, 1),
        "bd",
    ),
    "exclude_bd_addr_seg": command({"-target_address_space": TEXT}, (1, 1), "bd"),
    "validate_bd_design": command({"-force": FLAG, "-design": TEXT}, needs="bd"),
    "save_bd_design": command({"-force": FLAG}, (0, 1), "bd"),
    "generate_target": command({"-force": FLAG}, (2, 2)),
    "make_wrapper": command(
        {
            **dict.fromkeys(("-top", "-testbench", "-inst_template", "-import", "-force"), FLAG),
            "-files": TEXT,
            "-fileset": TEXT,
        }
    ),
}
