"""Makes the layer known to FINN, which finds ops by tables of its own."""

from __future__ import annotations

from finn.custom_op import fpgadataflow
from finn.custom_op.fpgadataflow import hls, rtl

from gatewright.finn.hls import StreamingRecurrent_hls
from gatewright.finn.layer import StreamingRecurrent
from gatewright.finn.rtl import StreamingRecurrent_rtl


def register() -> None:
    """Enter the layer, and what it becomes."""
    fpgadataflow.register_custom_op(StreamingRecurrent)
    rtl.register_custom_op(StreamingRecurrent_rtl)
    hls.register_custom_op(StreamingRecurrent_hls)
