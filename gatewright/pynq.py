"""The driver of a build on a PYNQ board; a build holds it as one file, ``gatewright_pynq.py``."""

from gatewright.hls_templates.pynq.driver.overlay import Overlay, OverlayError, OverlayStream

__all__ = ["Overlay", "OverlayError", "OverlayStream"]
