"""Designs as projects, files in memory: ``hls/`` in C++, ``rtl/`` in SystemVerilog."""
