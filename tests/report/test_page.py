"""``build.report``: what the page says is what the build folder says."""

import json
import re
import shutil
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from msgspec.structs import asdict
from pages import Page

from gatewright import GatewrightError, compile
from gatewright.build import Build
from gatewright.builds.manifest import read_manifest
from gatewright.cli.commands import main
from gatewright.hls_templates.kernels.recurrent.schedule import Tile
from gatewright.hls_templates.mapping.document import to_json
from gatewright.ir.certificate.proof import Proof
from gatewright.page import draw, render
from gatewright.page.cycles import make_work
from gatewright.page.flow import make_flow
from gatewright.page.tiles import MAX_COLUMNS, make_picture
from gatewright.report import gather

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;"


def read(build, tmp_path):
    return Page(build.report(tmp_path / "page.html").read_text())


def test_the_road_has_the_counts_of_verify(full, tmp_path):
    page = read(full, tmp_path)
    verified = json.loads((full.path / "verify.json").read_text())
    table = page.table("level")
    assert list(table) == ["torch", "traced", "integer", "standard"]
    for row in verified["levels"]:
        counts = [f"{row['compared'][k]:,}" for k in ("h", "c", "gates", "output")]
        assert table[row["level"]] == [row["reference"], *counts, "0"]
        assert sum(row["compared"].values()) > 1000
    total = sum(sum(row["compared"].values()) for row in verified["levels"])
    assert f"integers differ, of {total:,} compared; 2 levels did not run" in page.text
    assert [len(page.classes("li", s)) for s in ("start", "equal", "skipped")] == [1, 3, 2]


def test_kinds_stand_below_their_headings(full):
    facts = gather(full)
    facts.verified["levels"][0]["compared"] = {"output": 4, "gates": 3, "c": 2, "h": 1}
    page = Page(render(facts))
    heads = next(row for row in page.rows if row and row[0] == "level")
    assert heads[2:6] == ["h, every step", "c, every step", "gates", "output"]
    assert page.table("level")["traced"] == ["torch", "1", "2", "3", "4", "0"]


def test_verify_leaves_its_report_beside_the_build(full):
    report = json.loads((full.path / "verify.json").read_text())
    assert report["sequences"] == 24 and report["mismatches"] == 0
    assert "verify.json" not in read_manifest(full.path)["files"]


def test_what_has_not_run_is_said(plain, tmp_path):
    page = read(plain, tmp_path)
    assert "not verified" in page.text and "verify has not run on this build" in page.text
    assert "Not synthesized for any board" in page.text
    assert len(page.classes("li", "skipped")) == 5
    assert "0 differ" not in page.text


def test_differences_are_not_hidden(full):
    facts = gather(full)
    row = facts.verified["levels"][-1]
    row["differing"]["h"], row["mismatches"] = 3, 3
    row["divergence"] = {
        **{"layer": HOSTILE, "direction": "", "sequence": 1, "step": 2, "gate": "forget"},
        **{"tap": "h", "unit": 5, "expected": 7, "got": 8, "accumulator": None, "distance": None},
    }
    text = render(facts)
    page = Page(text)
    assert page.classes("div", "differs") and "3 differ" in page.text
    assert "standard differs from integer" in page.text
    assert "step 2, forget gate, unit 5, sequence 1: h is 8, expected 7" in page.text
    assert "<script" not in text
    row["mismatches"], row["boundary_cases"] = 0, 2
    page = Page(render(facts))
    assert page.classes("div", "listed") and not page.classes("div", "differs")
    assert "follow from 2 float32 roundings" in page.text


def test_the_certificate_says_where_the_proof_ends(plain, tmp_path):
    *places, total = plain.certificate.summary()
    table = read(plain, tmp_path).table("place")
    assert len(table) == len(places) + 1
    for row in (*places, total):
        assert table[row.name][1:] == [
            f"{n:,}" for n in (row.boundaries, row.listed, row.inputs, row.inputs_listed)
        ]


def test_a_certificate_with_cases_does_not_say_all(plain):
    facts = replace(gather(plain), proof=Proof(10**6, 3).facts())
    page = Page(render(facts))
    assert "99.99 %" in page.text and "100 %" not in page.text
    assert "certificate.json lists the other 3" in page.text and "there the proof ends" in page.text


def test_page_and_terminal_speak_of_one_ratio(plain, tmp_path):
    """And of no other share of what is proven."""
    proof = Proof.of(plain.certificate)
    text = read(plain, tmp_path).text
    assert str(proof) in text and str(proof) in str(plain)
    tile = f"{proof.reachable:,} integers that can reach a rounding are proven to round in torch"
    assert tile in text and text.count(proof.share) == 2


def test_every_kernel_stream_and_port_is_there(branched, tmp_path):
    kernels = to_json(branched.kernels)
    page = read(branched, tmp_path)
    flow = make_flow(kernels)
    ports = kernels["inputs"] + kernels["outputs"]
    assert len(flow.nodes) == len(kernels["kernels"]) + len(ports)
    assert len(flow.edges) == len(kernels["streams"])
    assert len(page.classes("g", "edge")) == 2 * len(flow.edges)  # a line and its label
    assert set(page.table("port")) == {port["name"] for port in ports}
    for a in flow.nodes:
        assert a.x - a.width / 2 >= 0 and a.x + a.width / 2 <= flow.width
        for b in flow.nodes:
            assert a is b or a.layer != b.layer or abs(a.x - b.x) >= (a.width + b.width) / 2


def test_streams_run_downwards_between_the_right_kernels(branched):
    flow = make_flow(to_json(branched.kernels))
    places = {node.subtitle + node.title: node for node in flow.nodes}
    for port in branched.kernels.outputs:
        node = places[port.tensor + port.name]
        writer = next(k for k in branched.kernels.kernels if port.stream in k.writes)
        (above,) = node.before
        while above.kind == "bend":
            (above,) = above.before
        assert (above.subtitle, above.layer < node.layer) == (writer.source, True)


def test_the_schedule_is_drawn_slot_by_slot(plain):
    (kernel,) = (k for k in to_json(plain.kernels)["kernels"] if "schedule" in k)
    picture = make_picture(kernel)
    slots = kernel["schedule"]
    tiles = [box for box in picture.boxes if box.kind in ("xtile", "htile")]
    assert len(tiles) == kernel["tiles"] == picture.x_tiles + picture.h_tiles
    assert picture.bubbles == slots.count(None)
    width = (picture.step_ends - picture.left) / len(slots)
    bubbles = sum(box.w for box in picture.boxes if box.kind == "bubble")
    assert bubbles == pytest.approx(picture.bubbles * width, abs=0.5)
    for slot, tile in enumerate(slots):
        if tile is not None:
            (box,) = (t for t in tiles if t.title.startswith(f"slot {slot}:"))
            assert box.x == pytest.approx(picture.left + slot * width, abs=0.5)
            assert (box.kind == "htile") == tile["hidden"]
            place = f"row block {tile['row']}, column block {tile['column']} "
            assert place in box.title
    tails = [box for box in picture.boxes if box.kind == "tail"]
    assert len(tails) == picture.rows
    assert all(box.w == pytest.approx(kernel["depth"] * width, abs=0.5) for box in tails)


def test_a_long_schedule_stays_small():
    rows, columns = 200, 50
    schedule = [
        asdict(Tile(row, column, column > 9, first=column == 0, last=column == columns - 1))
        for row in range(rows)
        for column in range(columns)
    ]
    kernel = {"name": "k0", "source": "lstm", "schedule": schedule, "depth": 30}
    picture = make_picture(kernel)
    assert picture.slots_drawn_as_one > 1
    assert len(picture.boxes) < 4 * MAX_COLUMNS
    assert all(box.x >= 0 and box.x + box.w <= picture.width + 1 for box in picture.boxes)


def test_the_cycles_of_a_kernel_add_up(plain, branched):
    for build in (plain, branched):
        kernels = to_json(build.kernels)
        for work in make_work(kernels):
            assert sum(n for _, n in work.parts) == work.total
            assert all(n > 0 for _, n in work.parts)
        kernel = next(k for k in kernels["kernels"] if "schedule" in k)
        parts = dict(next(w for w in make_work(kernels) if w.kernel == kernel["name"]).parts)
        slots = kernel["schedule"] * kernels["steps"]
        while slots[-1] is None:
            slots.pop()
        assert parts["waiting"] == slots.count(None) > 0
        assert parts["multiplying"] == kernels["steps"] * kernel["tiles"]
        assert kernel["depth"] <= parts["ends"] <= kernel["depth"] + 12


def test_boards(full, tmp_path):
    page = read(full, tmp_path)
    assert page.table("resource") == {
        "LUTs": ["2,500", "24,288", "10.3% 10.3%"],
        "flip-flops": ["1,000", "24,288", "4.1% 4.1%"],
        "block RAMs": ["3", "56", "5.4% 5.4%"],
        "DSP blocks": ["20", "12", "166.7% 166.7%"],
    }
    assert len(page.classes("rect", "full")) == 3
    # Only a clock that place and route reports, and that is met, counts.
    assert "inferences a second on the Board alpha" in page.text and "1,234" in page.text
    assert "99,999 inferences/s, if it were to meet its clock and fit" in page.text
    assert "88,888 inferences/s, if it were to meet its clock and fit" in page.text
    assert "reports 49.5 MHz (seed 1). The clock is not met" in page.text
    assert page.text.count("Load it with") == 1 and "77,777" not in page.text
    assert "reports 61.25 MHz (seed 1)" in page.text and "15.00 ns, 6.00 of them wires" in page.text
    assert "Did not fit: 64, 32 multipliers" in page.text
    assert "u_core.<b>.q" in page.text


def hostile(data):
    """The same with every string that a model may choose replaced."""
    if isinstance(data, dict):
        free = ("source", "tensor", "note", "title", "device", "load")
        return {k: HOSTILE if k in free else hostile(v) for k, v in data.items()}
    return [hostile(v) for v in data] if isinstance(data, list) else data


def test_hostile_names_are_text(full, branched):
    facts = gather(branched)
    places = [{**place, "name": HOSTILE} for place in facts.places]
    boards = hostile(gather(full).boards)
    text = render(
        replace(
            facts,
            name=HOSTILE,
            kernels=hostile(facts.kernels),
            places=places,
            assumptions=[HOSTILE],
            levels={name: (HOSTILE, HOSTILE) for name in facts.levels},
            verified=None,
            boards=boards,
        )
    )
    page = Page(text)
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert not [a for _, attrs in page.tags for a in attrs if a.startswith("on")]
    assert page.text.count("<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;") > 10


def test_the_page_loads_nothing_and_names_everything(full, tmp_path):
    page = read(full, tmp_path)
    links = [v for _, a in page.tags for k, v in a.items() if k in ("src", "href", "xlink:href")]
    assert links == ["data:,"]
    assert "url(http" not in (tmp_path / "page.html").read_text()
    assert all(a.get("aria-hidden") or a.get("role") == "img" for t, a in page.tags if t == "svg")
    ids = [a["id"] for _, a in page.tags if a.get("id")]
    assert len(ids) == len(set(ids))
    references = {a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a}
    assert references <= set(ids)
    heads = [a for t, a in page.tags if t == "th"]
    assert all("scope" in a for a in heads)
    tags = [t for t, _ in page.tags]
    assert tags.count("h1") == 1 and tags.count("table") == tags.count("caption")


def test_the_same_build_gives_the_same_bytes(full, tmp_path):
    there = tmp_path / "elsewhere" / full.path.name
    shutil.copytree(full.path, there)
    pages = [b.report(tmp_path / f"{i}.html") for i, b in enumerate((full, full, Build(there)))]
    assert len({page.read_bytes() for page in pages}) == 1


def test_a_build_with_reports_can_be_replaced(shared, tmp_path):
    build = compile(shared.model, shared.example, tmp_path / "build")
    build.verify(shared.x[:2], levels=("traced", "integer"))
    assert build.report() == tmp_path / "build" / "report.html"
    again = compile(shared.model, shared.example, tmp_path / "build")
    assert not (again.path / "verify.json").exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"levels": [{}]}'])
def test_a_damaged_report_of_verify(plain, tmp_path, text):
    shutil.copytree(plain.path, tmp_path / "b")
    (tmp_path / "b" / "verify.json").write_text(text)
    with pytest.raises(GatewrightError) as caught:
        Build(tmp_path / "b").report()
    assert caught.value.code == "GW-402" and "verify" in caught.value.remedy


def test_a_page_that_cannot_be_written(plain, tmp_path):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "page.html", tmp_path):
        with pytest.raises(GatewrightError) as caught:
            plain.report(place)
        assert caught.value.code == "GW-404"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.compiles
def test_the_command(plain, tmp_path):
    folder = tmp_path / "b"
    shutil.copytree(plain.path, folder)
    result = CliRunner().invoke(main, ["report", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.output) == {"report": str(folder / "report.html")}
    assert not (folder / "verify.json").exists()
    result = CliRunner().invoke(main, ["report", str(folder), "--model", "examples/digits"])
    assert result.exit_code == 2 and "--verify" in result.output
    result = CliRunner().invoke(main, ["report", str(folder), "--verify"])
    assert result.exit_code == 0, result.output
    assert (folder / "verify.json").exists()
    assert "0 differ" in (folder / "report.html").read_text()


def test_pictures_stand_alone(branched):
    """Each is a whole file that loads nothing, with the very shapes of the page."""
    page = branched.report(branched.path.parent / "branched.html").read_text()
    pictures = branched.pictures()
    recurrent = [k.source for k in branched.kernels.kernels if k.kind == "recurrent"]
    schedules = [f"the tile schedule of {source}" for source in recurrent]
    assert [p.title for p in pictures] == ["the dataflow", *schedules, "where the cycles go"]
    for picture in pictures:
        root = ElementTree.fromstring(picture.svg)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert not re.findall(r"(?:href|src|on\w+)=|<script|@import|url\((?!#)", picture.svg)
        shapes = re.findall(r"<(?:rect|path)[^>]*>", picture.svg)
        assert len(shapes) > 5 and all(shape in page for shape in shapes)
        assert (
            picture._repr_svg_() == picture.svg and repr(picture) == f"<Drawing: {picture.title}>"
        )
    assert branched.pictures() == pictures


def test_hostile_names_are_text_in_pictures_too(branched):
    for picture in draw(hostile(to_json(branched.kernels))):
        root = ElementTree.fromstring(picture.svg)
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert not {"script", "img"} & tags and "title" in tags
