"""A rule, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatewright.files.records import Count, Record

if TYPE_CHECKING:
    from gatewright.lint.view import View


class Finding(Record, frozen=True):
    """A place that a rule is against.

    Attributes:
        rule: Its name.
        file: Path below the build.
        line: Of that file, from 1.
        reason: What is wrong there.
        remedy: What to write instead.
    """

    rule: str
    file: str
    line: Count
    reason: str
    remedy: str


@dataclass(frozen=True)
class Rule:
    """What is asked of the C++ of a build.

    Attributes:
        name: As findings have it.
        title: What has to be so.
        why: What happens otherwise.
        remedy: What to write.
        source: Where that is documented.
        check: Finds the places where it is not so.
    """

    name: str
    title: str
    why: str
    remedy: str
    source: str
    check: Callable[[View], Iterator[Finding]]
