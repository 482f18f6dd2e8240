"""The HLS project: kernels, parameters, top level, test bench and Tcl."""

from gatewright.hls_templates.project.hls.write import project_files, write_project

__all__ = ["project_files", "write_project"]
