"""Reports of Vivado, made up: with the structure that those of 2022.2 and 2024.1 in public have.

The figures are ours. UG906 shows utilization and timing, UG907 power.
"""

from __future__ import annotations

from collections.abc import Mapping

RULER = "-" * 96
RIGHTS = {
    "2022.2": "Copyright 1986-2022 Xilinx, Inc. All Rights Reserved.",
    "2024.1": "Copyright 1986-2022 Xilinx, Inc. All Rights Reserved. Copyright 2022-2024 Advanced "
    "Micro Devices, Inc. All Rights Reserved.",
}
BUILDS = {
    "2022.2": "Vivado v.2022.2 (lin64) Build 3671981 Fri Oct 14 04:59:54 MDT 2022",
    "2024.1": "Vivado v.2024.1 (lin64) Build 5076996 Wed May 22 18:36:09 MDT 2024",
}


def head(version: str, command: str, device: str, state: str, narrow: int = 12) -> list[str]:
    """The head of a report."""
    rows = {
        "Tool Version": BUILDS[version],
        "Date": "Thu Nov 26 10:00:00 2026",
        "Host": "host running 64-bit unknown",
        "Command": command,
        "Design": "gatewright_bd_wrapper",
        "Device": device,
        "Speed File": "-1",
        "Design State": state,
    }
    lines = [f"| {name:<{narrow}} : {value}" for name, value in rows.items()]
    return [RIGHTS[version], RULER, *lines, RULER, ""]


def table(headings: list[str], rows: list[list[str]]) -> list[str]:
    """A table as Vivado draws it."""
    columns = list(zip(headings, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    first = "| " + " | ".join(h.center(w) for h, w in zip(headings, widths, strict=True)) + " |"
    body = [
        "| " + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) + " |"
        for row in rows
    ]
    return [rule, first, rule, *body, rule, "", ""]


def utilization(
    version: str,
    used: Mapping[str, float],
    available: Mapping[str, int],
    *,
    plus: bool = False,
    state: str = "Routed",
    prohibited: bool = True,
) -> str:
    """A report of ``report_utilization``; ``plus`` is UltraScale+."""
    slice_, dsp, ram = ("CLB", "DSP48E2", "RAMB36E2") if plus else ("Slice", "DSP48E1", "RAMB36E1")
    star = "" if state.endswith("Routed") else "*"
    headings = ["Site Type", "Used", "Fixed", "Available", "Util%"]

    def row(name: str, resource: str, count: float | None = None) -> list[str]:
        n, of = used[resource] if count is None else count, available[resource]
        share = 100 * n / of
        text = "<0.01" if 0 < share < 0.01 else f"{share:.2f}"
        return [name, f"{n:g}", "0", str(of), text]

    def part(name: str, count: float) -> list[str]:
        return [name, f"{count:g}", "", "", ""]

    logic = [
        row(f"{slice_} LUTs{star}", "lut"),
        row("  LUT as Logic", "lut", used["lut"] - 5),
        part("    LUT as Shift Register", 5),
        row(f"{slice_} Registers", "ff"),
        row("  Register as Flip Flop", "ff"),
    ]
    memory = [
        row("Block RAM Tile", "bram"),
        row("  RAMB36/FIFO*", "bram", used["bram"] // 1),
        part(f"    {ram} only", used["bram"] // 1),
    ]
    digital = [row("DSPs", "dsp"), part(f"  {dsp} only", used["dsp"])]
    lines = head(version, "report_utilization -file utilization.rpt", "xc7z020clg400-1", state)
    lines += ["Utilization Design Information", "", "Table of Contents", "-----------------"]
    for number, (title, rows) in enumerate(
        ((f"{slice_} Logic", logic), ("Memory", memory), ("DSP", digital)), 1
    ):
        if prohibited:
            rows = [[*r[:3], "0" if r[3] else "", *r[3:]] for r in rows]
        names = [*headings[:3], *(["Prohibited"] if prohibited else []), *headings[3:]]
        lines += [f"{number}. {title}", "-" * (len(title) + 3), "", *table(names, rows)]
    return "\n".join(lines)


def timing(
    version: str,
    wns: str = "0.412",
    whs: str = "0.031",
    *,
    wpws: str = "3.750",
    tns: str = "0.000",
    failing: int = 0,
    state: str = "Routed",
) -> str:
    """A report of ``report_timing_summary``."""
    values = {
        "WNS(ns)": wns,
        "TNS(ns)": tns,
        "TNS Failing Endpoints": str(failing),
        "TNS Total Endpoints": "21734",
        "WHS(ns)": whs,
        "THS(ns)": "0.000",
        "THS Failing Endpoints": "0",
        "THS Total Endpoints": "21734",
        "WPWS(ns)": wpws,
        "TPWS(ns)": "0.000",
        "TPWS Failing Endpoints": "0",
        "TPWS Total Endpoints": "8210",
    }
    widths = [max(len(name), 7) for name in values]
    rows = [list(values), ["-" * len(name) for name in values], list(values.values())]
    body = [
        "    " + "  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) + "  "
        for row in rows
    ]
    met = "All user specified timing constraints are met."
    verdict = met if not failing else "Timing constraints are not met."
    lines = head(version, "report_timing_summary -file t.rpt", "7z020-clg400", state)
    lines += ["Timing Summary Report", "", RULER, "| Timer Settings", "| --------------", RULER, ""]
    lines += [RULER, "| Design Timing Summary", "| ---------------------", RULER, ""]
    return "\n".join([*lines, *body, "", "", verdict, "", "", RULER, "| Clock Summary", RULER, ""])


def power(version: str, total: str = "1.731", confidence: str = "Medium") -> str:
    """A report of ``report_power``."""
    rows = {
        "Total On-Chip Power (W)": total,
        "Design Power Budget (W)": "Unspecified*",
        "Power Budget Margin (W)": "NA",
        "Dynamic (W)": "1.590",
        "Device Static (W)": "0.141",
        "Effective TJA (C/W)": "11.5",
        "Junction Temperature (C)": "45.0",
        "Confidence Level": confidence,
    }
    width = max(map(len, rows))
    rule = f"+{'-' * (width + 2)}+{'-' * 14}+"
    body = [f"| {name:<{width}} | {value:<12} |" for name, value in rows.items()]
    parts = table(
        ["On-Chip", "Power (W)", "Used", "Available", "Utilization (%)"],
        [["Clocks", "0.021", "1", "---", "---"], ["Slice Logic", "0.030", "9000", "---", "---"]],
    )
    lines = head(version, "report_power -file power.rpt", "xc7z020clg400-1", "routed", 16)
    return "\n".join(
        [
            *lines,
            "Power Report",
            "",
            "1. Summary",
            "----------",
            "",
            rule,
            *body,
            rule,
            "",
            "1.1 On-Chip Components",
            "----------------------",
            "",
            *parts,
        ]
    )
