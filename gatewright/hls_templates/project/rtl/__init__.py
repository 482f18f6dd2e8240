"""The same design as SystemVerilog: the parameters, generated modules, the tops."""

from gatewright.hls_templates.project.rtl.write import library_files, rtl_files

__all__ = ["library_files", "rtl_files"]
