"""The same design as SystemVerilog: the parameters, generated modules, the tops."""

from gatewright.hls_templates.project.rtl.write import CORE, SOURCES, TOP, rtl_files

__all__ = ["CORE", "SOURCES", "TOP", "rtl_files"]
