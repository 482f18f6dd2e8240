"""Build folders: what is in them, how it is made, read back and checked."""
