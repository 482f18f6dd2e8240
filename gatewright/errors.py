"""Coded errors: every failure a user can cause has a code, a place, a cause and a remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

CODES: dict[str, str] = {
    # 1xx: torch modules
    "GW-101": "unsupported module",
    "GW-102": "model is in training mode",
    "GW-103": "quantizer scale was never set",
    "GW-104": "parameter is NaN or infinite",
    "GW-105": "scale is zero or negative",
    "GW-106": "input shape does not fit the model",
    "GW-107": "unsupported quantizer",
    "GW-108": "unsupported operation in forward()",
    "GW-109": "unsupported layer option",
    "GW-110": "torch runs something else than what was traced",
    # 2xx: ONNX files
    "GW-201": "model file not found",
    "GW-202": "file is not ONNX",
    "GW-203": "file is truncated or damaged",
    "GW-204": "ONNX graph holds no nodes",
    "GW-205": "unsupported ONNX node",
    "GW-206": "external data outside the model's folder",
    "GW-207": "malformed ONNX graph",
    "GW-208": "model exceeds a limit",
    # 3xx: lowering
    "GW-301": "tensor is not quantized where it has to be",
    "GW-302": "integer range exceeds what a kernel can hold",
    "GW-303": "activations are not quantized: calibration data needed",
    "GW-304": "tensor has no fixed-point type",
    # 4xx: build folders
    "GW-401": "output folder is not one that compile replaces",
    "GW-402": "build folder is incomplete or damaged",
    "GW-403": "unknown board",
    "GW-404": "output cannot be written",
    "GW-405": "bad option",
    "GW-406": "build is not what compile emits",
    "GW-407": "build was made by another version of Gatewright",
    "GW-408": "file of a board cannot be used",
    "GW-409": "hls4ml is configured otherwise than the model needs",
    "GW-410": "recurrent layers that FINN has no place for",
    # 5xx: tools
    "GW-501": "no C++ compiler",
    "GW-502": "C++ compilation failed",
    "GW-503": "C simulation failed",
    "GW-504": "cache of compiled code is not the user's alone",
    "GW-505": "package of the linter is not installed",
    "GW-506": "tool that is extended is not installed",
    # 6xx: running
    "GW-601": "input does not fit the build",
    "GW-602": "unknown level",
    "GW-603": "model argument cannot be loaded",
    "GW-604": "unusable calibration data or option",
    "GW-605": "levels cannot be compared",
    "GW-606": "unusable option of a simulation",
    # 7xx: register-transfer level
    "GW-607": "model cannot be streamed",
    "GW-701": "no hardware tool",
    "GW-702": "hardware tool failed",
    "GW-703": "RTL simulation failed",
    "GW-704": "RTL simulation stands still",
    "GW-705": "rtl folder is incomplete",
    # 8xx: synthesis for a board
    "GW-801": "FPGA tool not found",
    "GW-802": "design does not fit the device",
    "GW-803": "clock not met",
    "GW-804": "FPGA tool failed",
    "GW-805": "FPGA tool took too long",
    "GW-806": "no kernel of Vitis HLS for this build",
    # 9xx: boards, on a serial line or behind a processor of their own
    "GW-901": "pyserial is not installed",
    "GW-902": "serial port not found",
    "GW-903": "serial port cannot be used",
    "GW-904": "board is silent",
    "GW-905": "frames arrive damaged",
    "GW-906": "another build is on the board",
    "GW-907": "board speaks another protocol",
    "GW-908": "sequence is too long for the board",
    "GW-909": "board has no state to go on from",
    "GW-910": "sequence ends inside a step, or at another step",
    "GW-911": "overlay cannot be loaded",
    "GW-912": "DMA cannot do a transfer",
}

DEFECT = "This is a defect of the kernels: please report it with the model."
"""The remedy where hardware of ours misbehaves."""


_LONGEST = 4000


def escaped(text: str) -> str:
    """Text of a model, a build or a path on one line of a terminal: it gives no orders there."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _plain(text: str) -> str:
    """The same, and not without end."""
    return escaped(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")


class GatewrightError(Exception):
    """An error the user can act on.

    Args:
        code: A key of ``CODES``.
        where: The node, module path or file concerned.
        cause: What is wrong there.
        remedy: What to do about it.
        others: What else keeps the same model from compiling, in order.
    """

    def __init__(
        self,
        code: str,
        *,
        where: str,
        cause: str,
        remedy: str,
        others: Sequence[GatewrightError] = (),
    ) -> None:
        if code not in CODES:
            raise ValueError(f"unknown error code {code}")
        self.code = code
        self.where, self.cause, self.remedy = _plain(where), _plain(cause), _plain(remedy)
        self.others = tuple(others)
        told = f"{code} {CODES[code]}: {self.where}: {self.cause} Remedy: {self.remedy}"
        super().__init__("\n".join([told, *map(str, self.others)]))

    def as_dict(self) -> dict[str, Any]:
        """The same facts for ``--json`` output."""
        return {
            "code": self.code,
            "title": CODES[self.code],
            "where": self.where,
            "cause": self.cause,
            "remedy": self.remedy,
            **({"others": [other.as_dict() for other in self.others]} if self.others else {}),
        }


def together(errors: Sequence[GatewrightError]) -> GatewrightError:
    """The first of several errors, the others with it."""
    first, *others = errors
    return GatewrightError(
        first.code, where=first.where, cause=first.cause, remedy=first.remedy, others=others
    )
