"""``python -m gatewright``."""

from gatewright.cli.commands import main

main()
