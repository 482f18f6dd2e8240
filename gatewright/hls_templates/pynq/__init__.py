"""Builds on PYNQ boards: the driver as one file, and what it has to know of a build."""

from gatewright.hls_templates.pynq.facts import driver_facts, driver_files
from gatewright.hls_templates.pynq.join import DRIVER, driver_text

__all__ = ["DRIVER", "driver_facts", "driver_files", "driver_text"]
