"""``python -m gatewright``."""

from gatewright.cli import main

main()
