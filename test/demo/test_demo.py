"""The whole road in short: a small detector instead of YOLOX-Nano."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from edge_compress.bundle.reader import Bundle

FRAMES = 30
MATERIAL = Path(__file__).parents[1] / "compress" / "material"


@pytest.mark.slow
def test_it_ends_with_a_summary_of_what_was_measured(video, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(MATERIAL))
    recipe = tmp_path / "recipe.yaml"
    content = {
        "name": "tiny",
        "task": "detection",
        "model": {
            "source": "tiny_detector:tiny",
            "labels": ["cat", "dog"],
            "input": {"height": 64, "width": 64, "color": "bgr"},
            "head": {"kind": "yolox", "strides": [8]},
        },
        "data": {
            "frames": str(video),
            "learn": {"count": 10},
            "held_out": {"start": 20, "count": 10},
        },
        "passes": [{"kind": "fold_focus"}],
    }
    recipe.write_text(yaml.safe_dump(content))
    output = tmp_path / "out"
    command = [sys.executable, "-m", "edge_compress.demo", "--recipe", recipe, "--output", output]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr

    summary = json.loads((output / "summary.json").read_text())
    for model in ("original", "compressed"):
        assert summary[model]["size_bytes"] > 0
        assert summary[model]["latency_ms_p50"] > 0
        assert {"params", "macs", "threads"} <= summary[model].keys()
    assert summary["size_ratio"] == pytest.approx(
        summary["original"]["size_bytes"] / summary["compressed"]["size_bytes"]
    )
    assert summary["speedup"] > 0
    assert summary["agreement_ap50"] == 1.0, "nothing was kept, so it is the original"
    (only,) = summary["passes"]
    assert (only["name"], only["kept"]) == ("fold_focus", False)
    assert "does not begin with slices" in only["why"]
    assert summary["frames_published"] == FRAMES
    assert summary["frames_processed"] + summary["frames_dropped"] == FRAMES
    assert {"p50", "p90", "p99"} <= summary["stamp_to_publish_ms"].keys()
    assert {"p50", "p90", "p99"} <= summary["inference_ms"].keys()
    assert "power_w" in summary
    assert Bundle.open(output / "tiny.bundle").manifest.labels == ("cat", "dog")
    assert summary["bundle"].endswith("out/tiny.bundle")
    assert (output / "annotated.png").stat().st_size > 0
    assert (output / "annotated.mp4").stat().st_size > 0


def test_a_recipe_that_is_not_there_is_one_line(tmp_path):
    command = [sys.executable, "-m", "edge_compress.demo", "--recipe", tmp_path / "no.yaml"]
    command += ["--output", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 2
    assert done.stderr.startswith("demo: error: ")
    assert "Traceback" not in done.stderr
