"""The same design as SystemVerilog: the library, parameters, generated modules, the tops."""

from gatewright.hls_templates.project.rtl.write import CORE, SOURCES, TOP, library, rtl_files

__all__ = ["CORE", "SOURCES", "TOP", "library", "rtl_files"]
