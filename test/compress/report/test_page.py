"""The report is one page that says everything and needs nothing else."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from html_page import Page

from edge_compress.compress.record import Latencies, RunRecord
from edge_compress.compress.report import write_report


def written(record: RunRecord, tmp_path: Path) -> str:
    path = tmp_path / "report.html"
    write_report(path, record)
    return path.read_text(encoding="utf-8")


def test_it_is_well_formed_and_self_contained(record: RunRecord, tmp_path: Path) -> None:
    text = written(record, tmp_path)
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert re.findall(r"https?://|@import|url\((?!#)", text) == []
    assert page.all("script") == []
    assert page.all("link") == []
    for attrs in page.all("img"):
        assert (attrs["src"] or "").startswith("data:image/jpeg;base64,")
    for _, attrs in page.tags:
        assert (attrs.get("href") or "#").startswith("#")


def test_ids_are_unique_so_that_plots_do_not_borrow_from_each_other(
    record: RunRecord, tmp_path: Path
) -> None:
    page = Page(written(record, tmp_path))
    clips = [attrs["id"] for attrs in page.all("clippath")]
    assert clips
    assert len(clips) == len(set(clips))


def test_it_says_every_figure_and_pass(record: RunRecord, tmp_path: Path) -> None:
    page = Page(written(record, tmp_path))
    for figure in (
        "2.59\N{MULTIPLICATION SIGN}", "20.5 ms", "7.9 ms", "4.22\N{MULTIPLICATION SIGN}",
        "3.66 MB", "0.87 MB", "913 k", "212 k", "531 M", "174 M", "0.912", "1.11",
        "8.8 ms", "0.893", "5 min 12 s", "ratio=0.5",
    ):  # fmt: skip
        assert figure in page.text, figure
    for outcome in record.outcomes:
        assert outcome.name in page.text
        assert outcome.why in page.text  # also where it holds < and &
    assert page.text.count("rolled back") >= 2
    assert "the budget of 5 ms is not met" in page.text
    assert "agreement with the original model, not accuracy" in page.text
    for word in ("Some CPU", "vtest.avi", "onnxruntime 1.31.1", "yolox-nano-square", "gone.conv"):
        assert word in page.text, word


def test_the_budget_is_judged_line_by_line(record: RunRecord, tmp_path: Path) -> None:
    text = re.sub(r"\s+", " ", Page(written(record, tmp_path)).text)
    assert "agreement AP50 at least 0.9000.912yes" in text
    assert "latency p50 at most 5 ms7.9 msno" in text
    assert "size at most 1 MB0.87 MByes" in text


def test_pictures_and_plots_are_told_in_words(record: RunRecord, tmp_path: Path) -> None:
    page = Page(written(record, tmp_path))
    alts = [attrs["alt"] for attrs in page.all("img")]
    assert alts == [
        "Frame 512 with the original's boxes: 1 person",
        "Frame 512 with the compressed model's boxes: nothing",
        "Frame 640 with the original's boxes: nothing",
        "Frame 640 with the compressed model's boxes: 1 person",
    ]
    drawings = page.all("svg")
    assert len(drawings) == 5
    for attrs in drawings:
        assert attrs["role"] == "img"
    assert any("quantize 8.8 (rolled back)" in (a["aria-label"] or "") for a in drawings)


def test_boxes_are_drawn_only_where_the_model_saw_something(
    record: RunRecord, tmp_path: Path
) -> None:
    images = []
    for attrs in Page(written(record, tmp_path)).all("img"):
        data = base64.b64decode((attrs["src"] or "").split(",", 1)[1])
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        assert image.shape[1] <= 768
        images.append(image.astype(int))
    with_box, without = images[0], images[1]
    assert np.abs(with_box - without).max() > 60


def test_it_stays_small(record: RunRecord, tmp_path: Path) -> None:
    assert 20_000 < len(written(record, tmp_path)) < 1_000_000


def test_the_same_record_gives_the_same_page(record: RunRecord, tmp_path: Path) -> None:
    assert written(record, tmp_path) == written(record, tmp_path)


@pytest.mark.parametrize("missing", ["latency", "passes"])
def test_what_was_not_measured_is_left_out(record: RunRecord, tmp_path: Path, missing: str) -> None:
    if missing == "latency":
        unmeasured = {"latency_ms": None}
        record = record.model_copy(
            update={
                "original": record.original.model_copy(update=unmeasured),
                "final": record.final.model_copy(update=unmeasured),
                "latencies_ms": Latencies(original=(), compressed=()),
            }
        )
    else:
        record = record.model_copy(update={"outcomes": (), "samples": (), "layers_after": ()})
    page = Page(written(record, tmp_path))
    assert len(page.all("svg")) == (4 if missing == "latency" else 5)
    assert "None" not in page.text


def test_with_labels_a_class_is_held_against_them(record: RunRecord, tmp_path: Path) -> None:
    assert "against the original's detections" in Page(written(record, tmp_path)).text
    final = record.final.model_copy(update={"accuracy": 0.4, "agreement_ap50": None})
    labelled = record.model_copy(update={"final": final})
    text = Page(written(labelled, tmp_path)).text
    assert "AP50 by class" in text
    assert "of the final model against the labels" in text
    assert "original's detections" not in text
