"""The report: JSON for machines, and one page that says everything and needs nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge_compress.scoring.errors import ScoringError
from edge_compress.scoring.evaluator import Evaluator
from edge_compress.scoring.judge import evaluate, summary
from edge_compress.scoring.report import make_folder, write_report
from edge_compress.scoring.result import Evaluation
from edge_compress.scoring.settings import Limits, Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "compress"))

BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
SOURCE = {"detections": "/drone/detections", "ground_truth": "/drone/ground_truth"}


def flown(make_message, frames=40, **limits):
    evaluator = Evaluator(Settings(class_map={"16": "<cat>", "99": ""}))
    for number in range(frames):
        stamp = number / 10
        truth = [("16", 1, 10, 10, 20, 20), ("dog", 1, 90, 9, 200, 99), ("99", 1, 0, 0, 9, 9)]
        seen = [("<cat>", 0.9, 10, 10, 20, 20), ("dog", 0.5, 99, 0, 200, 90)]
        evaluator.add_truth(make_message(stamp, truth), stamp)
        evaluator.add_found(make_message(stamp, seen[: 1 + number % 2]), stamp, int(stamp * 1e9))
    evaluator.latencies.detector = {"stamp_to_publish_p99_ms": 12.3}
    evaluator.finish(frames)
    return evaluate(evaluator, Limits(**limits), SOURCE), evaluator


@pytest.fixture
def page(make_message, tmp_path):
    """Return the report's page, parsed, and the evaluation."""
    pytest.importorskip("jinja2", reason="only where pages are written")
    pytest.importorskip("matplotlib", reason="only where pages are written")
    from html_page import Page

    result, evaluator = flown(make_message, min_recall=0.9)
    assert write_report(tmp_path, result, evaluator) == []
    return Page((tmp_path / "evaluation.html").read_text(encoding="utf-8")), result


def test_the_json_is_the_evaluation(make_message, tmp_path):
    result, evaluator = flown(make_message, min_recall=0.9)
    write_report(tmp_path, result, evaluator)
    text = (tmp_path / "evaluation.json").read_text(encoding="utf-8")
    assert Evaluation.model_validate_json(text) == result
    told = json.loads(text)
    assert told["verdict"] == "failed"
    assert told["accuracy"]["recall"] == 0.75
    assert told["classes"]["<cat>"]["recall"] == 1
    assert told["sizes"]["small"] == {"objects": 40, "found": 40, "missed": 0, "recall": 1.0}
    assert told["checks"] == [{"name": "min_recall", "limit": 0.9, "value": 0.75, "met": False}]
    assert told["settings"]["class_map"] == {"16": "<cat>", "99": ""}
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "evaluation.html", "evaluation.json",
    ]  # fmt: skip


def test_the_page_is_well_formed_and_self_contained(page, tmp_path):
    read, _ = page
    text = (tmp_path / "evaluation.html").read_text(encoding="utf-8")
    assert re.findall(r"https?://|@import|url\((?!#)", text) == []
    assert read.all("script") == read.all("link") == []
    drawings = read.all("svg")
    assert len(drawings) == 5
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in drawings)
    ids = [attrs["id"] for attrs in read.all("clippath")]
    assert len(ids) == len(set(ids))
    assert len(text) < 400_000


def test_the_page_says_every_figure(page):
    read, result = page
    words = " ".join(read.text.split())
    for told in (
        "Evaluation: failed", "0.750", "60 of 80 objects found", "min_recall", "0.9", "no",
        "<cat>", "dog", "stamp_to_publish_p99_ms", "12.3", "16 → <cat>", "99 → ignored",
        "40 objects that need not be found", summary(result),
    ):  # fmt: skip
        assert told in words, told
    labels = " ".join(attrs["aria-label"] for attrs in read.all("svg"))
    assert "large 20 of 40 missed" in labels


def test_a_flight_without_anything_still_gives_a_page(make_message, tmp_path):
    pytest.importorskip("matplotlib", reason="only where pages are written")
    result, evaluator = flown(make_message, frames=0)
    write_report(tmp_path, result, evaluator)
    text = (tmp_path / "evaluation.html").read_text(encoding="utf-8")
    assert "no ground truth came on /drone/ground_truth" in text
    assert "<svg" not in text


def test_without_what_draws_there_is_the_json_and_a_word(make_message, tmp_path, monkeypatch):
    for part in ("page", "plots"):
        monkeypatch.delitem(sys.modules, f"edge_compress.scoring.report.{part}", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib.axes", None)
    (tmp_path / "evaluation.html").write_text("old")
    result, evaluator = flown(make_message)
    (note,) = write_report(tmp_path, result, evaluator)
    assert "matplotlib is missing: pip install" in note
    assert [path.name for path in tmp_path.iterdir()] == ["evaluation.json"]


def test_a_folder_that_cannot_be_made_is_named_before_anything_is_measured(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ScoringError, match="file/report: the report cannot be written"):
        make_folder(tmp_path / "file" / "report")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ScoringError, match="cannot be written"):
        make_folder(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="neither chromium nor google-chrome is installed")
def test_the_page_is_no_wider_than_a_phone(page, tmp_path):
    file = tmp_path / "evaluation.html"
    probe = (
        "<script>parent.document.title = document.documentElement.scrollWidth"
        " + ' of ' + document.documentElement.clientWidth</script></body>"
    )
    file.write_text(file.read_text(encoding="utf-8").replace("</body>", probe), encoding="utf-8")
    # A window of its own would not become as narrow as a phone.
    (tmp_path / "frame.html").write_text(
        f'<title></title><iframe src="{file.name}" width=390 height=900 frameborder=0></iframe>'
    )
    done = subprocess.run(
        [
            str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu",
            "--allow-file-access-from-files", f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=3000", "--dump-dom", (tmp_path / "frame.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=240, check=True,
    )  # fmt: skip
    (needed, there) = map(int, re.findall(r"<title>(\d+) of (\d+)</title>", done.stdout)[0])
    assert needed <= there <= 390
