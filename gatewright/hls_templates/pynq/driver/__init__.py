"""The driver of a build on a PYNQ board: in a build it is one file, ``gatewright_pynq.py``."""
