"""What a whole run keeps of files of fewer bits, and what it says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_compress.bundle.reader import Bundle
from edge_compress.compress import pipeline
from edge_compress.compress.recipe import load_recipe
from edge_compress.errors import EdgeCompressError

HALF = {"kind": "half_precision"}
STATIC = {"kind": "quantize", "frames": 4, "float_below_db": None}


def test_half_precision_is_kept_for_tensorrt_and_told_right(write_recipe, tmp_path: Path) -> None:
    recipe = load_recipe(write_recipe(passes=[HALF], target={"profile": "tensorrt"}))
    bundle, record = pipeline.run(recipe, tmp_path / "tiny.bundle")
    assert [outcome.kept for outcome in record.outcomes] == [True]
    variants = {v.profile: (v.file, v.precision) for v in Bundle.open(bundle).manifest.variants}
    assert variants == {
        "fp32": ("model.fp32.onnx", "fp32"),
        "tensorrt": ("model.tensorrt.fp16.onnx", "fp16"),
    }


def test_what_leaves_the_timed_file_as_it_is_does_not_make_it_slower(
    write_recipe, tmp_path: Path, monkeypatch
) -> None:
    """On a busy machine the same file may seem slower than itself."""
    monkeypatch.setattr("edge_compress.compress.file_latency.paired_ratio", lambda *_: 1.5)
    recipe = load_recipe(write_recipe(passes=[HALF], target={"profile": "tensorrt"}))
    _, record = pipeline.run(recipe, tmp_path / "tiny.bundle")
    (outcome,) = record.outcomes
    assert outcome.kept, outcome.why


def test_int8_and_half_precision_in_one_bundle(write_recipe, tmp_path: Path) -> None:
    target = {"profile": "tensorrt", "budget": {"max_drop": 0.5}}
    recipe = load_recipe(write_recipe(passes=[STATIC, HALF], target=target))
    bundle, record = pipeline.run(recipe, tmp_path / "tiny.bundle")
    assert [outcome.kept for outcome in record.outcomes] == [True, True]
    variants = {v.profile: v.precision for v in Bundle.open(bundle).manifest.variants}
    assert variants == {"fp32": "fp32", "ort-cpu": "int8", "tensorrt": "fp16"}


@pytest.mark.parametrize("kind", ["quantize", "quantize_dynamic", "half_precision"])
def test_a_bad_pattern_stops_the_run_before_any_work(
    write_recipe, tmp_path: Path, kind: str
) -> None:
    path = write_recipe(passes=[{"kind": kind, "exclude": ["*nowhere*"]}])
    with pytest.raises(EdgeCompressError, match=r"'\*nowhere\*' fits no node"):
        pipeline.run(load_recipe(path), tmp_path / "tiny.bundle")
    assert not (tmp_path / "tiny.bundle").exists()


@pytest.mark.parametrize("kind", ["quantize", "half_precision"])
def test_a_pattern_whose_layer_has_gone_meanwhile_costs_no_more_than_the_pass(
    write_recipe, tiny, tmp_path: Path, kind: str
) -> None:
    path = write_recipe(
        model__source="tiny_detector:heavy",
        passes=[{"kind": kind, "exclude": ["*ballast.2*"]}],
        target={"profile": "tensorrt"} if kind == "half_precision" else {},
    )
    recipe = load_recipe(path)
    recipe = recipe.model_copy(update={"passes": (tiny.DropBallast(), *recipe.passes)})
    bundle, record = pipeline.run(recipe, tmp_path / "tiny.bundle")
    assert [outcome.kept for outcome in record.outcomes] == [True, False]
    assert "'*ballast.2*' fits no node" in record.outcomes[1].why
    assert [v.profile for v in Bundle.open(bundle).manifest.variants] == ["fp32"]
