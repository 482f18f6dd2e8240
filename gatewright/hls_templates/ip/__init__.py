"""A build as an IP: AXI4-Lite registers and AXI4-Stream around its core."""

from gatewright.hls_templates.ip.write import IpDesign, hls_ip_files, ip_files

__all__ = ["IpDesign", "hls_ip_files", "ip_files"]
