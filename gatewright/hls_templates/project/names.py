"""What is called the same in every build."""

TOP = "gatewright_top"
"""The design between its AXI-Stream ports, in C++ and in SystemVerilog."""
CORE = "gatewright_core"
"""The same between the streams of its kernels, in SystemVerilog."""
SOURCES = "sources.f"
"""The list of all sources of ``rtl/``, in compile order."""
