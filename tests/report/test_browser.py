"""The page in a browser: nothing sticks out, what matters is seen, nothing is complained about."""

import numpy as np
import pytest
from browser import measure, run, screenshot

pytestmark = pytest.mark.slow

WIDTHS = (400, 1400)
DARK = "--blink-settings=preferredColorScheme=0"
BACKGROUND = {"light": (245, 247, 250), "dark": (14, 21, 28)}
BLUE = {"light": (37, 99, 184), "dark": (91, 157, 240)}
ORANGE = {"light": (227, 155, 30), "dark": (240, 179, 74)}
GREEN = {"light": (20, 113, 60), "dark": (99, 212, 147)}

LAYOUT = """
const seen = e => {
  const r = e.getBoundingClientRect();
  const top = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
  return !!top && (e.contains(top) || top.contains(e)) && r.width > 8 && r.height > 8;
};
const outside = [...document.querySelectorAll("body *")].filter(e => {
  if (e.closest(".scroll") && !e.classList.contains("scroll")) return false;
  const r = e.getBoundingClientRect();
  return r.width && (r.right > view.innerWidth + .5 || r.left < -.5);
}).map(e => e.tagName + "." + e.getAttribute("class"));
const zeros = [...document.querySelectorAll(".road .equal .differ")];
const schedules = [...document.querySelectorAll(".schedule")];
const first = document.querySelector(".schedule .xtile").getBoundingClientRect();
return {
  inner: view.innerWidth, scroll: document.documentElement.scrollWidth, outside,
  zeros: zeros.map(e => [e.textContent.trim().split("\\n")[0], seen(e)]),
  schedules: schedules.map(e => { const r = e.closest(".scroll").getBoundingClientRect();
    return [r.width, r.height]; }),
  tile: [first.left, first.width, first.height],
  fonts: [...document.querySelectorAll("p, td, th, li, dt, figcaption")].map(
    e => parseFloat(view.getComputedStyle(e).fontSize)).reduce((a, b) => Math.min(a, b)),
};
"""

# WCAG 2.1: contrast of every text against the first opaque background behind it.
CONTRAST = """
const parse = c => c.match(/[\\d.]+/g).map(Number);
const luminance = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
  return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
  return .2126 * r + .7152 * g + .0722 * b; };
const behind = e => { for (; e; e = e.parentElement) {
  const c = parse(view.getComputedStyle(e).backgroundColor);
  if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
const texts = [...document.querySelectorAll("body *")].filter(e => !e.closest("svg") &&
  [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
return texts.map(e => {
  const a = luminance(parse(view.getComputedStyle(e).color)), b = luminance(behind(e));
  return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.tagName + " " + e.className];
});
"""


@pytest.fixture(scope="module")
def page(full, tmp_path_factory):
    return full.report(tmp_path_factory.mktemp("pages") / "full.html")


@pytest.fixture(scope="module")
def wide_page(branched, tmp_path_factory):
    return branched.report(tmp_path_factory.mktemp("pages") / "branched.html")


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_sticks_out_and_all_is_seen(page, width, tmp_path):
    facts = measure(page, width, LAYOUT, tmp_path)
    assert facts["inner"] == width
    assert facts["scroll"] <= width and facts["outside"] == []
    assert [text.startswith("0 differ") and seen for text, seen in facts["zeros"]] == [True] * 3
    ((w, h),) = facts["schedules"]
    assert w > 0.75 * min(width, 1180) and h > 60
    left, tile_width, tile_height = facts["tile"]
    assert 0 < left < width / 2 and tile_width > 6 and tile_height > 6
    assert facts["fonts"] >= 12


@pytest.mark.parametrize("width", WIDTHS)
def test_branches_do_not_stick_out(wide_page, width, tmp_path):
    facts = measure(wide_page, width, LAYOUT, tmp_path)
    assert facts["scroll"] <= width and facts["outside"] == []
    assert len(facts["schedules"]) == 4


def test_text_stands_out(page, tmp_path):
    found = measure(page, 1400, CONTRAST, tmp_path)
    assert len(found) > 100
    assert [text for contrast, text in found if contrast < 4.5] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [500, 1400])
def test_it_is_painted(page, theme, width, tmp_path):
    options = [DARK] if theme == "dark" else ["--blink-settings=preferredColorScheme=1"]
    image = screenshot(page, width, 4200, tmp_path, *options).astype(int)

    def painted(color):
        return int((np.abs(image - np.array(color)).max(axis=2) <= 2).sum())

    assert (image[-1, -1] == BACKGROUND[theme]).all()
    # Tiles of h, tiles of x, and the green of what is proven and of what does not differ.
    for color in (BLUE, ORANGE, GREEN):
        assert painted(color[theme]) > 500


def test_the_console_stays_empty(page, wide_page):
    for each in (page, wide_page):
        _, console = run(each, 1400, 900, "--dump-dom")
        assert console == []


def test_a_complaint_would_be_heard(page, tmp_path):
    bad = tmp_path / "bad.html"
    bad.write_text(page.read_text().replace("<main>", "<script>let a = 1</script><main>", 1))
    _, console = run(bad, 1400, 900, "--dump-dom")
    assert console and "Content Security Policy" in console[0]
