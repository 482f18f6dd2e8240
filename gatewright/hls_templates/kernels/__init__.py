"""A folder a kernel: what it says about itself, its C++ and its SystemVerilog."""
