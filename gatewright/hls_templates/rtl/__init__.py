"""SystemVerilog of a design: the writer of ``rtl/``."""
