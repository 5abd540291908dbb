"""What is searched follows from what was seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge_compress.bundle.schema import InputSpec
from edge_compress.compress.auto.findings import Findings, Size
from edge_compress.compress.auto.ingredients import ingredients
from edge_compress.compress.auto.look import SMALLEST
from edge_compress.compress.auto.request import Request
from edge_compress.compress.auto.search_file import (
    config_mapping,
    is_of,
    name_for,
    reasons,
    written,
)
from edge_compress.compress.auto.times import planned
from edge_compress.compress.input_sizes import sizes_below
from edge_compress.compress.search.config import SearchConfig, load_search
from edge_compress.compress.search.plan import Plan

NANO = Findings(
    task="detection",
    labelled=False,
    frames=400,
    quality=1.0,
    original_ms=20.0,
    predicted=False,
    size_bytes=3_660_000,
    height=416,
    width=416,
    aspect=0.75,
    multiple=32,
    sizes=(Size(320, 416, 0.95), Size(256, 352, 0.9), Size(192, 256, 0.8), Size(128, 160, 0.3)),
    bound="",
    focus=True,
    costly=90,
    linear=0.0,
    wide=0.1,
    trainable=True,
    uncuttable="",
    sensitive=("stem", "neck.1"),
    int8=1.6,
    int8_why="",
    seen=(),
    seconds=0.04,
)
HOUR = Request(model="nano.onnx", data="street.mp4", max_drop=0.1)


def chosen(findings=NANO, request=HOUR):
    return {i.kind: i for i in ingredients(findings, request, planned(findings, request.minutes))}


def entry(kind, findings=NANO, request=HOUR):
    return chosen(findings, request)[kind].entry


def test_passes_that_cannot_help_are_left_out_with_a_reason():
    plain = replace(NANO, focus=False, costly=0, uncuttable="too thin", bound="bound to 32x32")
    found = chosen(plain)
    left_out = {kind: i.why for kind, i in found.items() if i.entry is None}
    assert left_out["fold_focus"] == "the model does not begin with a Focus stem"
    assert left_out["resize_input"] == "bound to 32x32"
    assert left_out["prune"] == "too thin"
    assert "cheap" in left_out["replace_activation"]
    assert "1.60 times" in left_out["quantize"]
    assert {"distill", "half_weights"}.isdisjoint(left_out)


def test_the_input_is_searched_among_sizes_that_training_may_mend():
    assert entry("resize_input") == {
        "kind": "resize_input",
        "multiple": 32,
        "width": {"search": {"low": 256, "high": 416, "step": 32}},
    }
    square = replace(NANO, aspect=1.0)
    assert entry("resize_input", square)["optional"], "without padding the input may stay as it is"
    assert entry("resize_input", request=HOUR.model_copy(update={"max_drop": 0.5}))["width"][
        "search"
    ] == {"low": 160, "high": 416, "step": 32}
    small = replace(NANO, sizes=(Size(32, 32, 0.1),))
    assert "0.10" in chosen(small)["resize_input"].why
    assert entry("resize_input", small) is None


def test_cutting_is_a_choice_until_a_limit_needs_it():
    assert entry("prune")["optional"]
    assert entry("prune")["keep"] == {"search": {"low": 0.2, "high": 0.9}}
    fast = HOUR.model_copy(update={"latency_ms": 4.0})
    assert "optional" not in entry("prune", request=fast)
    assert entry("prune", request=fast)["keep"]["search"]["low"] == 0.1
    assert entry("prune", request=fast)["measure"] == "macs"
    small = HOUR.model_copy(update={"size_mb": 0.9})
    assert entry("prune", request=small)["measure"] == "params"
    both = HOUR.model_copy(update={"size_mb": 0.9, "latency_ms": 4.0})
    assert entry("prune", request=both)["measure"] == {"search": ["macs", "params"]}


def test_sensitive_layers_may_be_spared():
    assert entry("prune")["exclude"] == {"search": [[], ["stem", "neck.1"]]}
    assert "exclude" not in entry("prune", replace(NANO, sensitive=()))
    assert "exclude" not in entry("prune", replace(NANO, wide=0.8)), "low rank renames layers"


def test_int8_is_searched_where_it_was_measured_to_be_faster():
    assert entry("quantize", replace(NANO, int8=0.6))["optional"]
    unknown = replace(NANO, int8=None, int8_why="a device table has no INT8 kernels")
    assert chosen(unknown)["quantize"].why == "INT8: a device table has no INT8 kernels"
    assert entry("quantize_dynamic", replace(NANO, linear=0.9))["optional"]


def test_a_model_that_cannot_learn_is_only_fed_and_stored_otherwise():
    taken = {kind for kind, i in chosen(replace(NANO, trainable=False)).items() if i.entry}
    assert taken == {"fold_focus", "resize_input", "half_weights"}


def test_many_small_pictures_come_in_large_batches():
    assert "batch_size" not in entry("distill")["schedule"]
    many = replace(NANO, task="classification", frames=48_000, seconds=0.001)
    assert entry("distill", many)["schedule"]["batch_size"] == 128
    assert entry("prune", many)["recovery"]["batch_size"] == 128


def test_low_rank_is_searched_where_wide_convolutions_do_the_work():
    assert entry("factorize") is None
    assert entry("factorize", replace(NANO, wide=0.8))["optional"]


def test_weights_of_8_bits_are_searched_where_size_counts():
    assert entry("half_weights") == {"kind": "half_weights"}
    small = chosen(request=HOUR.model_copy(update={"size_mb": 0.9}))
    options = small["half_weights or quantize_weights"].entry["search"]
    assert [option["kind"] for option in options] == ["half_weights", "quantize_weights"]


@pytest.mark.parametrize(
    ("limits", "objectives"),
    [
        ({}, ("latency", "quality")),
        ({"latency_ms": 15.0}, ("quality", "latency")),
        ({"size_mb": 0.9}, ("quality", "latency", "size")),
        ({"size_mb": 0.9, "prefer": "latency"}, ("latency", "quality", "size")),
        ({"energy_mj": 5.0}, ("quality", "latency", "energy")),
    ],
)
def test_what_has_no_limit_is_what_is_to_be_best(limits, objectives):
    assert HOUR.model_copy(update=limits).objectives == objectives


def test_training_is_fitted_into_the_time():
    hour, day, minute = planned(NANO, 60), planned(NANO, 24 * 60), planned(NANO, 1)
    assert hour.finalists == day.finalists == 3
    assert hour.finalists * hour.finalist_minutes <= 0.4 * 60
    assert day.recovery >= hour.recovery > minute.recovery
    assert hour.ranking_frames < day.ranking_frames == 1.0
    assert hour.enough
    assert not minute.enough
    assert minute.finalists == 1
    lines = list(reasons("x", NANO, [], minute))
    assert lines[-1].startswith("WARN: the time is too short")


def test_many_classes_are_told_since_a_rare_one_weighs_as_much():
    seen = replace(NANO, seen=(("person", 90), ("umbrella", 1)))
    told = "\n".join(reasons("x", seen, [], planned(seen, 60)))
    assert "person 90, umbrella 1" in told
    assert "--classes" in told


@pytest.mark.parametrize(
    "findings", [NANO, replace(NANO, int8=0.5, linear=0.9, wide=0.9, aspect=1.0)]
)
@pytest.mark.parametrize("limits", [{}, {"latency_ms": 4.0, "size_mb": 0.9}])
def test_what_is_written_is_a_search_that_can_be_run_and_is_known_again(
    findings, limits, tmp_path, monkeypatch
):
    request = HOUR.model_copy(update=limits)
    times = planned(findings, 60)
    found = ingredients(findings, request, times)
    recipe = {
        "name": "nano",
        "task": "detection",
        "model": {
            "source": "package:factory",
            "input": {"height": 416, "width": 416},
            "head": {"kind": "yolox"},
        },
        "data": {"frames": ".", "learn": {"count": 5}, "held_out": {"start": 5, "count": 5}},
        "target": {"budget": {"max_drop": 0.1}},
    }
    lines = list(reasons("a YOLOX", findings, found, times))
    mapping = config_mapping(name_for(request), recipe, found, request, times, 58.123, findings)
    path = tmp_path / "nano.auto.yaml"
    path.write_text(written(mapping, request, lines))
    config = load_search(path)
    assert config.name == "nano_street"
    assert config.minutes == 58.1
    assert config.objectives == request.objectives
    plan = Plan.of(config, path)
    searched = {name.rpartition(".")[2] for name in plan.space.parameters}
    assert {"width", "keep", "learning_rate"} <= searched
    assert ("exclude" in searched) == (findings.wide == 0.1)
    first = [plan.recipe(plan.space.fill(point)) for point in config.first]
    keeps = [recipe.passes[2].keep for recipe in first]
    # With 16-bit weights 0.9 MB of 3.66 hold 0.49 of them: no gentle cut fits.
    assert keeps == ([0.45] if limits else [0.45, 0.75])
    assert [pass_.kind for pass_ in first[0].passes] == [
        "fold_focus",
        "resize_input",
        "prune",
        "distill",
        "half_weights",
    ]
    assert first[0].passes[1].width == 416, "the smallest that agrees to 0.93"
    assert is_of(path, request)
    assert not is_of(path, request.model_copy(update={"seed": 1}))
    monkeypatch.chdir(tmp_path)
    (tmp_path / request.model).write_bytes(b"another model")
    assert not is_of(path, request)
    of_before = [line for line in path.read_text().splitlines() if not line.startswith("# files")]
    path.write_text("\n".join(of_before))
    assert is_of(path, request), "an earlier version's file says nothing of files"
    text = path.read_text()
    assert "# + fold_focus: the model begins with a Focus stem" in text
    assert max(len(line) for line in text.splitlines() if "# asked" not in line) <= 100


@pytest.mark.parametrize("side", [300, 299, 260, 150])
def test_an_input_that_is_no_multiple_of_32_is_searched_in_multiples(side, tmp_path):
    """As of many classifiers; `resize_input` refuses any other width."""
    sizes = sizes_below(InputSpec(height=side, width=side), 1.0, 32, SMALLEST)
    findings = replace(
        NANO, height=side, width=side, aspect=1.0, sizes=tuple(Size(h, w, 0.9) for h, w in sizes)
    )
    times = planned(findings, 60)
    found = ingredients(findings, HOUR, times)
    recipe = {
        "task": "classification",
        "model": {"source": "torchvision:squeezenet1_1", "head": {"kind": "classifier"}},
        "data": {"frames": ".", "learn": {"count": 5}, "held_out": {"start": 5, "count": 5}},
    }
    mapping = config_mapping("a", recipe, found, HOUR, times, 58.0, findings)
    plan = Plan.of(SearchConfig.model_validate(mapping), tmp_path / "a.yaml")
    (width,) = (p for n, p in plan.space.parameters.items() if n.endswith("resize_input.width"))
    assert width.distribution.high == side // 32 * 32
    assert width.distribution.step == 32


def test_a_search_is_named_after_model_and_data():
    assert name_for(HOUR) == "nano_street"
    odd = HOUR.model_copy(update={"model": "asset:a b.onnx", "data": "/x/my video (1).mp4"})
    assert name_for(odd) == "a_b_my_video_1_"
