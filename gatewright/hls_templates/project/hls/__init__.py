"""The HLS project: kernels, parameters, top level, test bench and Tcl."""

from gatewright.hls_templates.project.hls.write import TOP, project_files, write_project

__all__ = ["TOP", "project_files", "write_project"]
