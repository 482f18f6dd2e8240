"""A build as an IP: AXI4-Lite registers and AXI4-Stream around its top."""

from gatewright.hls_templates.ip.write import IpDesign, ip_files

__all__ = ["IpDesign", "ip_files"]
