"""The HLS project: kernels, parameters, top level, test bench and Tcl, as files in memory."""

from gatewright.hls_templates.project.write import project_files, write_project

__all__ = ["project_files", "write_project"]
