"""The page of a search: every candidate is on it, told apart, and within anyone's reach."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from html_page import Page
from search_record import RECIPE, search_record

from edge_compress.compress.report.search_figures import checks, short_names
from edge_compress.compress.report.search_page import write_search_report
from edge_compress.compress.search.record import CandidateFigures, History, SearchRecord, TrialRow
from edge_compress.pages import units


@pytest.fixture(scope="module")
def record() -> SearchRecord:
    return search_record()


def _written(folder: Path, record: SearchRecord) -> str:
    write_search_report(folder / "page.html", record)
    return (folder / "page.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def text(record: SearchRecord, tmp_path_factory: pytest.TempPathFactory) -> str:
    return _written(tmp_path_factory.mktemp("page"), record)


def _row(text: str, number: int) -> list[str]:
    (row,) = re.findall(rf'<tr id="candidate-{number}">(.*?)</tr>', text, re.DOTALL)
    return re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)


def _section(text: str, title: str) -> str:
    return text[text.index(f"<h2>{title}</h2>") :].split("</section>")[0]


def test_the_page_is_whole_and_needs_nothing_else(text):
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    outside = [
        attrs[name]
        for _, attrs in page.tags
        for name in ("src", "srcset", "href")
        if attrs.get(name) and not str(attrs[name]).startswith("#")
    ]
    assert outside == []
    assert "http" not in text.replace("http-equiv", "")
    assert "@import" not in text
    assert "url(" not in text.replace("url(#", "")
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    for _, attrs in page.tags:
        if attrs.get("href"):
            assert ids.count(str(attrs["href"])[1:]) == 1


def test_every_candidate_is_in_the_table_with_its_parameters(record, text):
    for row in record.trials:
        cells = _row(text, row.number)
        assert cells[0] == str(row.number)
        if row.quality is not None:
            assert units.share(row.quality) in cells
        else:
            assert units.UNKNOWN in cells
        for value in row.parameters.values():
            shown = {True: "yes", False: "no", None: "none"}.get(value, value)
            told = f"{shown:.4g}" if isinstance(shown, float) else str(shown)
            assert told.replace("<", "&lt;").replace(">", "&gt;") in cells
    assert "`width` &lt;4&gt; does not divide &amp; so on" in text
    assert "<4>" not in text


def test_every_candidate_with_figures_is_a_mark_that_says_what_it_is(record, text):
    plots = re.findall(r"<svg role=\"group\".*?</svg>\n</div>", text, re.DOTALL)
    assert len(plots) == 2, "over latency and over size"
    for plot in plots:
        marks = dict(
            re.findall(r'aria-label="candidate (\d+), [^"]*" data-number="\d+">.*?#mark-ring.*?'
                       r'class="(\w+)"', plot)
        )  # fmt: skip
        for row in record.trials:
            number = str(row.number)
            if row.state == "failed":
                assert number not in marks
            elif row.number == record.chosen:
                assert marks[number] == "chosen"
            else:
                assert marks[number] == ("front" if row.number in record.front else row.state)
        assert "the original: 1.000" in plot
        assert plot.count('href="#mark-final"') == 2
        assert "budget: 0.750" in plot
    assert "budget: 10 ms" in plots[0]
    assert "budget: 3.00 MB" in plots[1]
    shapes = re.findall(r'id="mark-(\w+)" ((?:d|r)="[^"]*")', text)
    assert len({shape for _, shape in shapes}) == len(shapes) == 9, "not by colour alone"


def test_what_was_not_trained_to_the_end_lies_in_a_lane_of_its_own(record, text):
    plot = text[text.index("data-plot") :].split("</div>")[0]
    lane = {int(n) for n in re.findall(r'number="(\d+)"><use[^>]*y="93.5%"', plot)}
    untrained = {
        row.number
        for row in record.trials
        if row.latency is not None and (row.quality is None or row.state == "stopped")
    }
    assert len(untrained) > 5
    assert lane == untrained


def test_a_candidate_lies_where_its_figures_say(record, text):
    plot = text[text.index("data-plot") :].split("</div>")[0]
    places = {
        int(number): (float(x), float(y))
        for number, x, y in re.findall(
            r'candidate-(\d+)" aria-label="candidate \d+, [^"]*"[^>]*><use[^>]*x="([\d.]+)%" '
            r'y="([\d.]+)%"',
            plot,
        )
    }
    rows = [row for row in record.trials if row.state == "complete"]
    by_latency = sorted(rows, key=lambda row: row.latency or 0)
    assert [places[r.number][0] for r in by_latency] == sorted(places[r.number][0] for r in rows)
    by_quality = sorted(rows, key=lambda row: -(row.quality or 0))
    assert [places[r.number][1] for r in by_quality] == sorted(places[r.number][1] for r in rows)
    limit = float(re.findall(r'<line x1="([\d.]+)%"[^>]*/><text[^>]*>budget: 10 ms', plot)[0])
    for row in rows:
        assert (places[row.number][0] <= limit) == ((row.latency or 0) <= 10)


def test_the_recipe_can_be_copied_as_it_is(text):
    (code,) = re.findall(r'<code id="recipe">(.*?)</code>', text, re.DOTALL)
    assert code.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == RECIPE
    assert '<button type="button" id="copy" hidden>' in text, "without a script it would do nothing"


def test_the_headline_has_the_figures_of_full_training(record, text):
    chosen = next(one for one in record.finalists if one.number == record.chosen)
    headline = text.split('aria-label="Headline"')[1].split("</section>")[0]
    assert units.share(chosen.figures.quality) in headline
    assert units.milliseconds(chosen.figures.latency_ms) in headline
    assert "trained in full" in headline
    assert "not accuracy" in headline
    assert "The limit of 10 ms decided" in _section(text, "Budget")
    assert "busy &amp; &lt;hot&gt;" in headline
    assert [check.met for check in checks(record)] == [True, True, True]


def test_importance_is_told_in_figures_and_bars(text):
    matters = _section(text, "What matters")
    assert "width:61.0%" in matters
    assert "61%" in matters
    assert "83% explained by single parameters" in matters
    assert matters.index("61%") < matters.index("22%"), "the largest first"


def test_a_search_of_many_parameters_has_bars_for_the_largest(record, tmp_path):
    shares = {f"p{i}": 0.5 / 2**i for i in range(20)}
    many = record.model_copy(update={"importance": {"quality": shares}})
    matters = _section(_written(tmp_path, many), "What matters")
    assert "p7" in matters
    assert "p8" not in matters
    assert "all others" in matters


def test_each_algorithm_has_its_line_in_the_history(record, tmp_path):
    other = [h.model_copy(update={"algorithm": "random"}) for h in record.histories]
    both = record.model_copy(update={"histories": (*record.histories, *other)})
    went = _section(_written(tmp_path, both), "How the search went")
    assert went.count("<svg") == 3
    assert went.count(">genetic<") == went.count(">random<") == 3
    assert "genetic began with" in went
    empty = History(algorithm="genetic", objective="size", best=())
    none = record.model_copy(update={"histories": (empty,)})
    assert "How the search went" not in _written(tmp_path, none)


def test_predictions_are_shown_against_what_was_measured(record, tmp_path):
    rows = tuple(
        row.model_copy(update={"latency_predicted_ms": row.latency_ms and row.latency_ms * 1.1})
        for row in record.trials
    )
    text = _section(
        _written(tmp_path, record.model_copy(update={"trials": rows})),
        "Predicted and measured latency",
    )
    assert "the median error is 10%, the rank correlation 1.000" in text
    assert "<svg" in text


def test_a_predicted_latency_is_called_so(tmp_path):
    record = search_record(device_table=True)
    text = _written(tmp_path, record)
    headline = text.split('aria-label="Headline"')[1].split("</section>")[0]
    chosen = next(one for one in record.finalists if one.number == record.chosen)
    assert "predicted latency" in headline
    assert units.milliseconds(chosen.figures.latency_predicted_ms) in headline
    assert "from the device&#39;s table" in headline or "from the device's table" in headline
    assert "Agreement AP50 over predicted latency in ms" in text


def test_a_budget_that_nothing_meets_is_said_first(record, tmp_path):
    update = {"chosen": None, "closest": record.front[0], "recipe": RECIPE}
    text = _written(tmp_path, record.model_copy(update=update))
    assert "Nothing meets the budget." in text
    assert f"Closest is candidate {record.front[0]}" in text
    assert "Closest recipe" in text
    assert "Chosen recipe" not in text


def test_what_became_slower_is_called_slower(record, tmp_path):
    original = record.original.model_copy(update={"latency_ms": 3.0, "size_bytes": 100_000})
    text = _written(tmp_path, record.model_copy(update={"original": original}))
    headline = text.split('aria-label="Headline"')[1].split("</section>")[0]
    assert "slower than the original's 3 ms" in headline
    assert "larger than the original's 0.10 MB" in headline
    assert "faster" not in headline


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_search_that_has_only_begun_has_a_page(record, tmp_path, count):
    begun = record.model_copy(
        update={
            "trials": record.trials[:count], "front": (), "finalists": (), "chosen": None,
            "importance": {}, "histories": (), "recipe": "", "binding": "",
        }
    )  # fmt: skip
    text = _written(tmp_path, begun)
    Page(text)
    assert "Too little was measured" in text
    assert "No candidate has any figures" in text


def test_candidates_that_all_failed_are_counted_and_told(record, tmp_path):
    trials = tuple(
        TrialRow(number=i, parameters={"width": i}, state="failed", why="too wide", seconds=1.0)
        for i in range(12)
    )
    update = {
        "trials": trials,
        "front": (),
        "finalists": (),
        "chosen": None,
        "space": {"width": ""},
    }
    text = _written(tmp_path, record.model_copy(update=update))
    assert "12 candidates: 12 failed" in text
    assert text.count("too wide") == 12
    assert "There is nothing to draw" in text


def test_a_classifier_with_labels_and_no_original_has_accuracy(record, tmp_path):
    finalists = tuple(
        one.model_copy(update={"figures": CandidateFigures(quality=0.9), "reference_quality": None})
        for one in record.finalists
    )
    update = {
        "task": "classification", "labelled": True, "original": None, "reference_quality": None,
        "objectives": ("quality",), "finalists": finalists,
    }  # fmt: skip
    text = _written(tmp_path, record.model_copy(update=update))
    assert "Accuracy over latency in ms" in text, "with one objective alone, over latency"
    assert "agreement" not in text.lower().replace("agreement ap50 0.71", "")
    assert "the original:" not in text
    assert "accuracy at least" not in text
    assert "0.900" in text


def test_a_thousand_candidates_stay_a_page_that_opens(tmp_path):
    text = _written(tmp_path, search_record(1000))
    assert len(text) < 3_000_000
    assert text.count('<tr id="candidate-') == 1000


def test_names_are_as_short_as_they_stay_different():
    assert short_names(
        [
            "model.arguments.width",
            "passes.0.prune.keep",
            "passes.1.prune.distill.epochs",
            "passes.2.train.epochs",
            "passes.3",
            "passes.4.quantize.included",
            "head[0].depth",
            "head[1].depth",
        ]
    ) == {
        "model.arguments.width": "width",
        "passes.0.prune.keep": "prune.keep",
        "passes.1.prune.distill.epochs": "distill.epochs",
        "passes.2.train.epochs": "train.epochs",
        "passes.3": "passes.3",
        "passes.4.quantize.included": "quantize.included",
        "head[0].depth": "head[0].depth",
        "head[1].depth": "head[1].depth",
    }
    twice = ["passes.0.prune.keep", "passes.1.prune.keep"]
    assert short_names(twice) == {name: name for name in twice}


def test_the_record_survives_its_file(record, text, tmp_path):
    again = SearchRecord.model_validate_json(json.dumps(record.model_dump(mode="json")))
    assert _written(tmp_path, again) == text
