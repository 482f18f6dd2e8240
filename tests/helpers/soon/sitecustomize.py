"""A process with this folder in its PYTHONPATH compiles in haste; python imports it as it starts."""

from hasty import make_haste

make_haste()
