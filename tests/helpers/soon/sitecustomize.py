"""A process with this folder in its PYTHONPATH compiles in haste: python imports this at once."""

from hasty import make_haste

make_haste()
