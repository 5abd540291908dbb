"""The page of a search in a real browser: with a keyboard, with a pointer, and on a phone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest
from search_record import search_record

from edge_compress.compress.report.search_page import write_search_report

BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="neither chromium nor google-chrome is installed"),
]

PROBE = """
<script>
const told = {};
const title = () => document.querySelector("#details h3").textContent;
const press = (key) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const stops = [...document.querySelectorAll("[data-plot]")].map(
  (plot) => plot.querySelectorAll('.mark[tabindex="0"]').length);
told.start = title();
told.stops = stops;
document.querySelector('.mark[tabindex="0"]').focus();
told.walk = [title()];
for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "Home"]) {
  press(key);
  told.walk.push(title());
}
told.shown = document.querySelectorAll(".mark.shown").length;
const mark = document.querySelector('.mark[data-number="NUMBER"]').lastElementChild;
const box = mark.getBoundingClientRect();
mark.dispatchEvent(new PointerEvent("pointermove", {
  clientX: box.x + box.width / 2, clientY: box.y + box.height / 2, bubbles: true }));
told.pointed = title();
told.details = document.getElementById("details").innerText;
told.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
location.hash = "#candidate-9";
setTimeout(() => {
  told.opened = document.getElementById("candidate-9").closest("details").open;
  parent.document.title = JSON.stringify(told);
}, 300);
</script>
"""


def _told(folder: Path, number: int, width: int) -> dict:
    page = folder / "page.html"
    write_search_report(page, search_record())
    probe = PROBE.replace("NUMBER", str(number))
    text = page.read_text(encoding="utf-8").replace("</body>", f"{probe}</body>")
    page.write_text(text, encoding="utf-8")
    # A window of its own would not become as narrow as a phone.
    frame = folder / "frame.html"
    frame.write_text(f'<title></title><iframe src="page.html" width={width} height=900></iframe>')
    done = subprocess.run(
        [
            str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu",
            "--allow-file-access-from-files", f"--user-data-dir={folder / 'profile'}",
            "--window-size=1400,1000", "--virtual-time-budget=5000", "--dump-dom",
            frame.as_uri(),
        ],
        capture_output=True, text=True, timeout=240, check=True,
    )  # fmt: skip
    (title,) = re.findall(r"<title>(.*?)</title>", done.stdout)
    return json.loads(unescape(title))


@pytest.mark.parametrize("width", [1280, 390])
def test_every_mark_can_be_reached_and_says_its_parameters(tmp_path, width):
    record = search_record()
    last = max(record.front)
    told = _told(tmp_path, last, width)
    assert told["start"] == f"Candidate {record.chosen}"
    assert told["stops"] == [1, 1], "one stop of the tab key for each drawing"
    placed = sorted((r for r in record.trials if r.latency is not None), key=lambda r: r.latency)
    first, second, third, back, end, still, home = told["walk"]
    assert first == home == f"Candidate {placed[0].number}"
    assert (second, third) == tuple(f"Candidate {row.number}" for row in placed[1:3])
    assert back == second
    assert end == still == f"Candidate {placed[-1].number}"
    assert told["shown"] == 2, "marked in both drawings"
    assert told["pointed"] == f"Candidate {last}"
    row = next(row for row in record.trials if row.number == last)
    assert re.search(rf"prune\.keep\s+{row.parameters['passes.2.prune.keep']:.4g}", told["details"])
    assert told["opened"]
    assert told["wide"] <= 0, "the page itself is never wider than the screen"
