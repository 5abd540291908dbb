"""A recipe is run from start to bundle; what does not measure better is rolled back."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterable, Iterator

import pytest
import yaml

from edge_compress.bundle.errors import BundleError
from edge_compress.bundle.reader import Bundle
from edge_compress.compress import pipeline
from edge_compress.compress.progress import Cancelled
from edge_compress.compress.recipe import Recipe, load_recipe
from edge_compress.compress.state import StateError
from edge_compress.errors import EdgeCompressError
from edge_compress.inference.detector import Detector


class Notes:
    """Remembers what a run says; cancels it before the line that begins with `stop_at`."""

    def __init__(self, stop_at: str = "") -> None:
        self.lines: list[str] = []
        self._stop_at = stop_at

    def track(self, items: Iterable, what: str, total: int) -> Iterator:
        yield from items

    def note(self, text: str) -> None:
        if self._stop_at and text.startswith(self._stop_at):
            raise Cancelled
        self.lines.append(text)


@pytest.fixture
def recipe(write_recipe):
    """Return a function that gives the heavy detector's recipe with some passes."""

    def make(*passes, **changes) -> Recipe:
        path = write_recipe(**{"model__source": "tiny_detector:heavy", **changes})
        return load_recipe(path).model_copy(update={"passes": passes})

    return make


def test_what_measures_better_is_kept_and_the_rest_rolled_back(recipe, tiny, tmp_path):
    """Each pass starts from the last kept model, so none of the refused ones leaves a trace."""
    chosen = recipe(
        tiny.DropBallast(),
        tiny.AddBallast(),
        tiny.Scramble(),
        tiny.NotANumber(),
        tiny.Refuse(),
        tiny.DropBallast(),
    )
    notes = Notes()
    bundle, record = pipeline.run(chosen, tmp_path / "tiny.bundle", progress=notes)

    assert [o.kept for o in record.outcomes] == [True, False, False, False, False, True]
    why = [o.why for o in record.outcomes]
    assert "slower" in why[1]
    assert "below the 0.950 that is allowed" in why[2]
    assert "nan" in why[3].lower() or "finite" in why[3].lower()
    assert why[4] == "this model has no such layers"
    assert any(line.startswith("pass 2 of 6, add_ballast: rolled back") for line in notes.lines)
    assert not any("agreement is" in told for told in record.warnings)
    first, second = (record.outcomes[i] for i in (0, 5))
    assert second.before.params == first.after.params
    assert first.latency_ratio < 0.95

    assert record.final.params < record.original.params
    assert record.final.agreement_ap50 > 0.95
    opened = Bundle.open(bundle)
    assert [v.file for v in opened.manifest.variants] == ["model.fp32.onnx"]
    assert opened.manifest.original.params == record.original.params
    assert opened.manifest.variants[0].measured == record.final
    assert {p.name for p in bundle.iterdir()} == {
        "manifest.json",
        "SHA256SUMS",
        "model.fp32.onnx",
        "sample.png",
        "report.html",
        "recipe.yaml",
    }


def test_where_the_end_is_judged_nothing_is_rolled_back_and_a_miss_is_said(recipe, tiny, tmp_path):
    chosen = recipe(tiny.DropBallast(), tiny.Scramble(), tiny.Refuse())
    chosen = chosen.model_copy(update={"judge": "end"})
    record = pipeline.run(chosen, tmp_path / "tiny.bundle").record
    assert [o.kept for o in record.outcomes] == [True, True, False]
    assert "below the 0.950 that is allowed, but it is the end" in record.outcomes[1].why
    told = [warning for warning in record.warnings if "agreement is" in warning]
    assert len(told) == 1
    assert "at least 0.950 was asked for" in told[0]


def test_the_record_has_what_a_report_needs(recipe, tiny, tmp_path):
    _, record = pipeline.run(recipe(tiny.DropBallast()), tmp_path / "tiny.bundle")
    assert (record.frames, record.frames_learn, record.frames_held_out) == ("images", 6, 6)
    assert len(record.latencies_ms.original) == len(record.latencies_ms.compressed) > 50
    assert sum(row.params for row in record.layers_before) == record.original.params
    assert sum(row.macs for row in record.layers_after) == record.final.macs
    assert len(record.samples) == 4
    assert all(sample.jpeg.startswith(b"\xff\xd8") for sample in record.samples)
    assert {s.frame for s in record.samples} <= set(range(6, 12))
    assert any(sample.original.boxes for sample in record.samples)
    assert record.libraries["torch"]
    assert record.per_class_ap50


def test_the_bundle_detects_and_holds_the_recipe_as_it_was_written(recipe, tiny, tmp_path):
    chosen = recipe(tiny.DropBallast())
    text = "# my recipe\nname: tiny\n"
    bundle, _ = pipeline.run(chosen, tmp_path / "a.bundle", recipe_text=text)
    assert (bundle / "recipe.yaml").read_text() == text
    assert Detector.open(bundle, providers=("cpu",)).labels == ("cat", "dog")

    bundle, _ = pipeline.run(chosen, tmp_path / "b.bundle")
    assert yaml.safe_load((bundle / "recipe.yaml").read_text())["model"]["labels"] == ["cat", "dog"]


def test_when_no_pass_is_kept_the_bundle_holds_the_original(tiny_onnx, recipe, tiny, tmp_path):
    chosen = recipe(tiny.Refuse(), model__source=tiny_onnx.name)
    bundle, record = pipeline.run(chosen, tmp_path / "tiny.bundle")
    assert (bundle / "model.fp32.onnx").read_bytes() == tiny_onnx.read_bytes()
    assert record.final.agreement_ap50 == 1.0
    assert any("no pass was kept" in warning for warning in record.warnings)
    assert json.loads((bundle / "manifest.json").read_text())["provenance"]["model"] == "tiny.onnx"


def test_an_unmet_budget_is_a_warning_and_the_bundle_is_made(recipe, tiny, tmp_path):
    target = {"budget": {"size_mb": 1e-6, "latency_ms": 1e-6}}
    bundle, record = pipeline.run(recipe(tiny.Refuse(), target=target), tmp_path / "tiny.bundle")
    assert [w.split(":")[0] for w in record.warnings[:2]] == ["budget not met"] * 2
    assert bundle.is_dir()


def test_only_the_classes_that_are_asked_for_are_taught_and_bundled(recipe, tiny, tmp_path):
    chosen = recipe(tiny.DropBallast(), classes=["cat"])
    bundle, record = pipeline.run(chosen, tmp_path / "tiny.bundle")
    assert Bundle.open(bundle).manifest.labels == ("cat",)
    assert set(record.per_class_ap50) == {"cat"}
    assert record.original.params > record.outcomes[0].before.params


def test_a_tensorrt_target_without_tensorrt_says_what_its_latency_is(recipe, tiny, tmp_path):
    chosen = recipe(tiny.DropBallast(), target={"profile": "tensorrt"})
    _, record = pipeline.run(chosen, tmp_path / "tiny.bundle")
    assert record.outcomes[0].kept
    assert any("there is no TensorRT here" in warning for warning in record.warnings)


def test_a_finished_run_is_not_run_again(recipe, tiny, tmp_path):
    chosen = recipe(tiny.DropBallast())
    pipeline.run(chosen, tmp_path / "tiny.bundle")
    notes = Notes()
    pipeline.run(chosen, tmp_path / "tiny.bundle", overwrite=True, progress=notes)
    assert "pass 1 of 1, drop_ballast: finished in an earlier run" in notes.lines
    notes = Notes()
    pipeline.run(chosen, tmp_path / "tiny.bundle", overwrite=True, resume=False, progress=notes)
    assert not any("earlier run" in line for line in notes.lines)


def test_a_changed_pass_begins_anew_and_keeps_those_before_it(recipe, tiny, tmp_path):
    output = tmp_path / "tiny.bundle"
    pipeline.run(recipe(tiny.DropBallast(), tiny.AddBallast()), output)
    notes = Notes()
    changed = recipe(tiny.DropBallast(), tiny.Refuse())
    pipeline.run(changed, output, overwrite=True, progress=notes)
    assert "pass 1 of 2, drop_ballast: finished in an earlier run" in notes.lines
    assert any("pass 2 of 2, refuse: begins anew" in line for line in notes.lines)


@pytest.mark.parametrize("change", [{"seed": 1}, {"data__learn": {"count": 5}}])
def test_another_recipe_begins_anew_with_a_note(recipe, tiny, tmp_path, change):
    output = tmp_path / "tiny.bundle"
    pipeline.run(recipe(tiny.DropBallast()), output)
    notes = Notes()
    pipeline.run(recipe(tiny.DropBallast(), **change), output, overwrite=True, progress=notes)
    assert any("begins anew, since the recipe or the model has changed" in n for n in notes.lines)


@pytest.mark.slow
def test_another_model_begins_anew(recipe, tiny, tmp_path, monkeypatch):
    output = tmp_path / "tiny.bundle"
    pipeline.run(recipe(tiny.DropBallast()), output)
    changed = tiny.heavy()
    changed.head.bias.data += 0.01
    monkeypatch.setattr(tiny, "heavy", lambda: changed)
    notes = Notes()
    pipeline.run(recipe(tiny.DropBallast()), output, overwrite=True, progress=notes)
    assert any("begins anew" in line for line in notes.lines)


def test_a_cancelled_run_goes_on_after_its_last_finished_pass(recipe, tiny, tmp_path):
    chosen = recipe(tiny.DropBallast(), tiny.DropBallast())
    output = tmp_path / "tiny.bundle"
    with pytest.raises(Cancelled):
        pipeline.run(chosen, output, progress=Notes(stop_at="pass 2 of 2"))
    assert not output.exists()
    assert [p.name for p in (tmp_path / "tiny.state").glob("*ass*")] == ["pass_00"]
    notes = Notes()
    pipeline.run(chosen, output, progress=notes)
    assert "pass 1 of 2, drop_ballast: finished in an earlier run" in notes.lines
    assert Bundle.open(output)


def test_a_damaged_checkpoint_is_told_with_the_way_out(recipe, tiny, tmp_path):
    chosen = recipe(tiny.DropBallast())
    pipeline.run(chosen, tmp_path / "tiny.bundle")
    checkpoint = tmp_path / "tiny.state/pass_00/candidate.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    with pytest.raises(StateError, match=r"candidate\.pt: damaged .*--fresh"):
        pipeline.run(chosen, tmp_path / "tiny.bundle", overwrite=True)


def test_two_runs_do_not_share_a_state(recipe, tiny, tmp_path):
    state = tmp_path / "shared"

    class Second(Notes):
        def note(self, text: str) -> None:
            with pytest.raises(StateError, match="another run is using it"):
                pipeline.run(recipe(tiny.Refuse()), tmp_path / "second.bundle", state=state)

    pipeline.run(recipe(tiny.Refuse()), tmp_path / "one.bundle", state=state, progress=Second())


@pytest.fixture
def small_disk():
    """Return a function that lets no file grow beyond some bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("size", [2_000, 8_000, 200_000])
def test_a_full_disk_is_told_and_nothing_half_written_stays(
    recipe, tiny, tmp_path, small_disk, size
):
    """At an export, at a checkpoint, and while the bundle is written."""
    chosen = recipe(tiny.DropBallast())
    small_disk(size)
    with pytest.raises(EdgeCompressError, match=r"(?i)file too large|cannot be written"):
        pipeline.run(chosen, tmp_path / "tiny.bundle", recipe_text="# long\n" * 50_000)
    assert {p.name for p in tmp_path.iterdir()} == {"images", "recipe.yaml", "tiny.state"}
    assert not list((tmp_path / "tiny.state").glob(".making-*"))
    finished = [p.name for p in (tmp_path / "tiny.state").glob("pass_*")]
    assert finished == (["pass_00"] if size == 200_000 else [])

    small_disk(resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    assert Bundle.open(pipeline.run(chosen, tmp_path / "tiny.bundle").bundle)


def test_an_output_that_exists_is_told_before_any_work(recipe, tiny, tmp_path):
    (tmp_path / "tiny.bundle").mkdir()
    notes = Notes()
    with pytest.raises(BundleError, match=r"tiny\.bundle: exists already"):
        pipeline.run(recipe(tiny.DropBallast()), tmp_path / "tiny.bundle", progress=notes)
    assert not notes.lines
    assert not (tmp_path / "tiny.state").exists()


def test_a_model_that_cannot_be_checkpointed_is_told_before_any_pass(
    recipe, tiny, tmp_path, monkeypatch
):
    class Local(tiny.TinyDetector):
        pass

    monkeypatch.setattr(tiny, "heavy", Local)
    with pytest.raises(StateError, match="top level of a module"):
        pipeline.run(recipe(tiny.DropBallast()), tmp_path / "tiny.bundle")


@pytest.mark.slow
def test_the_same_recipe_gives_the_same_model(recipe, tiny, tmp_path):
    chosen = recipe(tiny.DropBallast(), tiny.DropBallast())
    first, _ = pipeline.run(chosen, tmp_path / "a.bundle")
    second, _ = pipeline.run(chosen, tmp_path / "b.bundle")
    other, _ = pipeline.run(chosen.model_copy(update={"seed": 7}), tmp_path / "c.bundle")
    models = [(b / "model.fp32.onnx").read_bytes() for b in (first, second, other)]
    assert models[0] == models[1]
    assert models[0] != models[2]
