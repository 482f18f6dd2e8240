"""What ``print`` and notebooks show of results: the CLI's own rows, escaped, the same each time."""

from __future__ import annotations

import dataclasses
import io
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from shared_model import Shared

import gatewright
from gatewright.boards.report import Attempt, SynthReport
from gatewright.boards.timing import Hop, Timing
from gatewright.boards.usage import Usage
from gatewright.cli import display
from gatewright.frontend.calibration.result import Calibration, OutputChange, Placed
from gatewright.ir.certificate.proof import Proof
from gatewright.verify.result import Comparison, Report
from gatewright.views import Shown, ShownLine, ShownTable, Viewed
from gatewright.views.html import COLOURS

HOSTILE = "<script>alert(1)</script>\"'&\x1b[31m\u202e"


def verified(mismatch: bool = False) -> Report:
    counts = Counter(h=1200, gates=30, output=4)
    row = Comparison("traced", "integer", counts, Counter(h=3 * mismatch), unexplained=mismatch)
    return Report(7, [row], {"traced": 0.5, "integer": 0.25})


def calibrated(name: str = "lstm.io_quant") -> Calibration:
    placed = (
        Placed(name, 2, "io", 8, True, 0.125, 0.001),
        Placed("lstm.act", 1, None, 4, False, 0.0, None, waiting=True),
    )
    model: Any = SimpleNamespace()
    return Calibration(model, (), placed, OutputChange(0.1, 0.2, 0.03), 9, 0.5, 0.75)


def synthesized(title: str = "ULX3S") -> SynthReport:
    usage = {"lut": Usage(2500, 24288), "dsp": Usage(20, 12)}
    timing = Timing(61.25, (Hop("u_core.q", 10.5),), 6.0, 0)
    attempts = (Attempt(64, False, usage), Attempt(16, True, usage))
    return SynthReport(
        *("ulx3s-85f", title, "LFE5U", 16, usage, attempts, 50.0, timing, 1, 6, 500),
        *("board.bit", "openFPGALoader board.bit", "0"),
    )


EACH: dict[str, Any] = {"verify": verified, "calibrate": calibrated, "synth": synthesized}


class Cells(HTMLParser):
    """The texts of a page by their elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.attributes += attrs
        self.found.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data:
            self.found.append((self.open[-1], data))

    def words(self) -> list[str]:
        inline = (text or ("" if tag == "b" else " ") for tag, text in self.found)
        return "".join(inline).split()


def words(view: Shown) -> list[str]:
    """All that a view says, in order."""
    texts: list[str] = []
    for part in view.parts:
        if isinstance(part, ShownLine):
            texts.append(part.text)
        else:
            texts += [part.title, *part.headings, *(cell for row in part.rows for cell in row)]
    return " ".join(texts).split()


def in_terminal(view: Shown, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    out = io.StringIO()
    monkeypatch.setattr(display, "OUT", Console(file=out, width=300, emoji=False))
    display.show(view)
    return [w for w in out.getvalue().split() if not set(w) <= set("┏━┳┓┃┡╇┩│└─┴┘")]


@pytest.mark.parametrize("name", EACH)
def test_text_page_and_terminal_have_the_same_words(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = EACH[name]()
    said = words(made.view())
    assert len(said) > 20
    assert str(made).split() == said
    assert sorted(Cells(made._repr_html_()).words()) == sorted(said)
    assert in_terminal(made.view(), monkeypatch) == said


@pytest.mark.parametrize("name", EACH)
def test_the_same_each_time(name: str) -> None:
    first, second = EACH[name](), EACH[name]()
    assert (str(first), first._repr_html_()) == (str(second), second._repr_html_())
    assert repr(first) == repr(second) and "\n" not in repr(first) and len(repr(first)) < 200


@pytest.mark.parametrize("make", [calibrated, synthesized])
def test_what_a_model_says_gives_no_orders(make: Any) -> None:
    made = make(HOSTILE)
    page = Cells(made._repr_html_())
    assert not {"script", "img"} & {tag for tag, _ in page.found}
    assert {name for name, _ in page.attributes} == {"class", "style"}
    assert "<script>alert(1)</script>\"'&\\x1b[31m\\u202e" in " ".join(t for _, t in page.found)
    for text in (str(made), repr(made), made._repr_html_()):
        assert "\x1b" not in text and "\u202e" not in text


def test_differences_are_told_by_their_tone() -> None:
    for report, tone, verdict in ((verified(), "good", "PASS"), (verified(True), "bad", "FAIL")):
        (table,) = (part for part in report.view().parts if isinstance(part, ShownTable))
        assert table.tones == (tone,)
        assert report.view().parts[-1].word == verdict  # type: ignore[union-attr]
        assert f'<b style="color: {COLOURS[tone]}">{verdict}</b>:' in report._repr_html_()  # type: ignore[index]
        assert repr(report).startswith(f"<Report: {verdict}: ")


def test_a_build_shows_its_kernels_and_its_proof(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = shared.build
    monkeypatch.chdir(build.path.parent)
    lines = str(build).splitlines()
    assert lines[0] == f"{build.path.name}: kernels"
    assert [line.split()[0] for line in lines[2:-2]] == [k.kind for k in build.kernels.kernels]
    assert lines[-1] == str(Proof.of(build.certificate))
    assert sorted(Cells(build._repr_html_()).words()) == sorted(words(build.view()))
    assert in_terminal(build.view(), monkeypatch) == words(build.view())
    assert repr(build) == f"Build('{build.path.name}')"  # reads nothing


def test_a_damaged_build_says_so(shared: Shared, tmp_path: Path) -> None:
    build = gatewright.compile(shared.model, shared.example, tmp_path / "b")
    (tmp_path / "b" / "3_kernels.json").write_text("{")
    with pytest.raises(gatewright.GatewrightError) as caught:
        str(build)
    assert caught.value.code == "GW-402"
    assert repr(build)


def test_all_results_are_viewed() -> None:
    for kind in (gatewright.Build, Report, Calibration, SynthReport):
        assert issubclass(kind, Viewed) and dataclasses.is_dataclass(kind)
        assert kind.__str__ is Viewed.__str__


@pytest.mark.parametrize(
    ("reachable", "listed", "share"),
    [
        (10**4, 8, "99.92 %"),
        (10**6, 0, "100 %"),
        (10**9, 1, "99.99 %"),
        (3, 2, "33.33 %"),
        (5, 5, "0.00 %"),
        (10**4, 10**4 - 5, "0.05 %"),
        (0, 0, "100 %"),
    ],
)
def test_a_share_is_never_rounded_up(reachable: int, listed: int, share: str) -> None:
    proof = Proof(reachable, listed)
    assert proof.share == share
    assert f"{share} of the {reachable:,} integers" in str(proof)
    assert (f"lists the other {listed:,}." in str(proof)) == bool(listed)
