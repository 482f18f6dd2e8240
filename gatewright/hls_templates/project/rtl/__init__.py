"""The same design as SystemVerilog: the parameters, generated modules, the tops."""

from gatewright.hls_templates.project.rtl.write import rtl_files

__all__ = ["rtl_files"]
