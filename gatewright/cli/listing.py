"""``gatewright boards``: all boards, and what is known of them."""

from __future__ import annotations

import json

import click
from rich.box import SIMPLE
from rich.table import Table

from gatewright.boards import Board, OpenBoard, open_boards
from gatewright.boards import boards as vendor_boards
from gatewright.boards.listing import facts
from gatewright.builds.targets import find_target
from gatewright.cli.common import as_json
from gatewright.cli.display import OUT, plain

COLUMNS = {"LUT": "lut", "BRAM": "bram", "DSP": "dsp"}


@click.command("boards")
@click.option("--board", "name", help="One only: its name, or the path of a .toml of your own.")
@as_json
def boards_command(name: str | None, as_json: bool) -> None:
    """List the boards that synth and compile know."""
    every: list[Board | OpenBoard] = [*vendor_boards().values(), *open_boards().values()]
    found = [facts(board) for board in ([find_target(name)] if name else every)]
    if as_json:
        click.echo(json.dumps({"boards": found}))
        return
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0), show_edge=False)
    for heading in ("--board", "part", "reached by", *COLUMNS):
        table.add_column(heading, justify="right" if heading in COLUMNS else "left", no_wrap=True)
    for board in found:
        counts = (f"{board['resources'][resource]:,}" for resource in COLUMNS.values())
        reached = board["processor"] or board["reached_by"]
        table.add_row(*map(plain, (board["name"], board["part"], reached, *counts)))
    OUT.print(table)
    for board in found if name else []:
        OUT.print(plain(board["title"]), highlight=False)
        for heading in ("flows", "known", "unknown", "sources"):
            OUT.print(plain(f"{heading}: {'; '.join(board[heading])}"), highlight=False)
