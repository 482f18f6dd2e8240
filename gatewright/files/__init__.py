"""Files that others may have written: read within limits, written whole or not at all."""
