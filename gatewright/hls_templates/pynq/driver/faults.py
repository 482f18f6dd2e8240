"""What a user of the driver is told."""

from __future__ import annotations

TOGETHER = "Copy NAME.bit, NAME.hwh and NAME.json of one synthesis into one folder of the board."
"""The remedy where files do not belong together."""
OTHERS_USED_IT = "Call it again: something else has cleared the design, or used it."
ANEW = "Call reset() of the stream and give the sequence again from its beginning."


class OverlayError(Exception):
    """An error the user can act on; docs/errors.md lists its codes.

    Attributes:
        code: As ``GW-601``.
        where: What is concerned.
        cause: What is wrong there.
        remedy: What to do about it.
    """

    def __init__(self, code: str, where: str, cause: str, remedy: str) -> None:
        super().__init__(f"{code}: {where}: {cause} Remedy: {remedy}")
        self.code, self.where, self.cause, self.remedy = code, where, cause, remedy
