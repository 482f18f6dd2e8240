"""Headless Chromium: what it lays out, what it paints, what it complains about."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from png import Image, read_png

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--virtual-time-budget=2000",
)
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
SECONDS = 120


def find() -> str:
    """The browser, or the test is skipped."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("needs chromium")
    return path


def run(page: Path, width: int, height: int, *options: str) -> tuple[str, list[str]]:
    """What it prints, and the lines that a page's console got."""
    with tempfile.TemporaryDirectory() as profile:
        command = [find(), *QUIET, f"--user-data-dir={profile}", f"--window-size={width},{height}"]
        done = subprocess.run(
            [*command, *options, page.resolve().as_uri()],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env={**os.environ, "LANG": "C.UTF-8"},
            check=True,
        )
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def screenshot(page: Path, width: int, height: int, folder: Path, *options: str) -> Image:
    """[height, width, 3]."""
    target = folder / "shot.png"
    run(page, width, height, f"--screenshot={target}", *options)
    return read_png(target)


def measure(page: Path, width: int, script: str, folder: Path) -> Any:
    """What a function body returns in the page, as JSON.

    The page itself allows no script, so a copy without that rule is opened in a frame as wide as a
    phone may be; browsers do not make windows so narrow.
    """
    text = POLICY.sub("", page.read_text())
    inner = folder / "inner.html"
    inner.write_text(text)
    outer = folder / "outer.html"
    outer.write_text(FRAME.replace("WIDTH", str(width)).replace("SCRIPT", script))
    dom, _ = run(outer, 1500, 900, "--dump-dom", "--allow-file-access-from-files")
    found = re.search(r'<pre id="answer">(.*?)</pre>', dom, re.DOTALL)
    assert found, dom[-2000:]
    return json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


FRAME = """<!DOCTYPE html><body><iframe id="frame" src="inner.html" width="WIDTH" height="9000"
 style="border:0"></iframe><pre id="answer"></pre><script>
addEventListener("load", () => {
  const document = window.document.getElementById("frame").contentDocument;
  const view = document.defaultView;
  const answer = (() => { SCRIPT })();
  window.document.getElementById("answer").textContent = JSON.stringify(answer);
});
</script></body>"""
