"""`edge_compress sensitivity`, as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import yaml
from torch import nn

from edge_compress.cli.main import main

ROOT = Path(__file__).parents[2]
LAYERS = ["0/Conv", "2/Conv", "6/Gemm"]


@pytest.fixture
def write_recipe(tmp_path):
    """Return a function that writes a recipe with a small model and eight images."""
    folder = tmp_path / "frames"
    folder.mkdir()
    random = np.random.default_rng(0)
    for i in range(8):
        blocks = random.integers(0, 255, (6, 6, 3), np.uint8)
        cv2.imwrite(str(folder / f"{i}.png"), cv2.resize(blocks, (48, 48), interpolation=0))
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 16, 3, 2, 1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, 2, 1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 3),
    )
    nn.init.normal_(module[-1].weight, std=4.0)
    torch.onnx.export(
        module, (torch.zeros(1, 3, 32, 32),), tmp_path / "model.onnx", dynamo=False,
        input_names=["image"], output_names=["scores"], opset_version=17,
    )  # fmt: skip

    def write(**changes) -> Path:
        content = {
            "name": "blocks",
            "task": "classification",
            "model": {
                "source": "model.onnx",
                "labels": ["a", "b", "c"],
                "input": {"height": 32, "width": 32, "color": "bgr"},
                "head": {"kind": "classifier"},
            },
            "data": {
                "frames": "frames",
                "learn": {"count": 4},
                "held_out": {"start": 4, "count": 4},
            },
            "passes": [{"kind": "distill"}],
            **changes,
        }
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump(content))
        return path

    return write


def command(recipe: Path, *arguments: str) -> subprocess.Popen:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", "edge_compress.cli.main", "sensitivity", str(recipe), *arguments],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        cwd=recipe.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_it_writes_a_page_and_prints_a_table(write_recipe, tmp_path):
    process = command(write_recipe())
    output, notes = process.communicate(timeout=120)
    assert process.returncode == 0, notes
    page = tmp_path / "blocks.sensitivity.html"
    assert "<svg" in page.read_text()
    assert "page: blocks.sensitivity.html" in output
    for word in ("\N{MINUS SIGN}30%", "\N{MINUS SIGN}70%", "8 bit", "2 bit"):
        assert word in output
    assert [line.split()[0] for line in output.splitlines() if "/" in line] == LAYERS
    assert "\x1b" not in output + notes
    assert {path.name for path in tmp_path.iterdir()} == {
        "frames",
        "model.onnx",
        "recipe.yaml",
        "blocks.sensitivity.html",
    }


def test_json_is_for_programs(write_recipe, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    what = ["--granularity", "weights", "--prune", "0.5", "--bits", "4", "--include", "*/Conv"]
    recipe = str(write_recipe())
    code = main(["sensitivity", recipe, "--json", "-o", "x.html", "--frames", "2", *what])
    assert code == 0
    output = capsys.readouterr().out
    found = json.loads(output)
    assert [(t["kind"], t["amount"]) for t in found["treatments"]] == [
        ("weights", 0.5),
        ("bits", 4),
    ]
    assert len(found["layers"]) == 2
    assert found["frames"] == 2
    assert not found["labelled"]
    assert found["baseline"] == 1.0
    assert (tmp_path / "x.html").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--include", "stem*"], "`include`: 'stem*' fits no layer"),
        (["--exclude", "*"], "`exclude` leaves no layer"),
        (["--prune", "--bits"], "both empty"),
        (["-o", "frames"], "frames: is a folder"),
        (["-o", "recipe.yaml"], "recipe.yaml: exists already"),
        (["-o", "none/page.html"], "its folder does not exist"),
        (["--prune", "1.5"], "must be between 0 and 1, got 1.5"),
        (["--bits", "16"], "must be from 2 to 8, got 16"),
        (["--frames", "0"], "must be at least 1"),
    ],
)
def test_a_mistake_is_one_message(write_recipe, arguments, told, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    try:
        code = main(["sensitivity", str(write_recipe()), *arguments])
    except SystemExit as stop:  # by the parser
        code = stop.code
    captured = capsys.readouterr()
    assert code == 2
    assert told in captured.err
    assert captured.out == ""
    assert not list(tmp_path.glob("*.html*"))


def test_a_missing_recipe_is_one_line(tmp_path):
    process = command(tmp_path / "none.yaml")
    output, notes = process.communicate(timeout=60)
    assert process.returncode == 2
    assert output == ""
    assert len(notes.splitlines()) == 1
    assert "none.yaml" in notes


@pytest.mark.slow
def test_it_can_be_interrupted_and_gone_on_with(write_recipe, tmp_path):
    recipe = write_recipe(
        data={
            "frames": "frames",
            "learn": {"count": 7},
            "held_out": {"start": 7, "count": 1},
        }
    )
    unfinished = tmp_path / "x.html.unfinished.json"
    many = ["-o", "x.html", "--prune", *(str(share / 1000) for share in range(1, 900))]
    many += ["--granularity", "weights"]
    process = command(recipe, *many)
    while not unfinished.exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, notes = process.communicate(timeout=60)
    assert process.returncode == 130, notes
    assert notes.splitlines()[-1] == "interrupted; run the same command again to go on"
    assert not (tmp_path / "x.html").exists()
    first = json.loads(unfinished.read_text())["layers"]
    assert first
    process = command(recipe, *many, "--json")
    output, notes = process.communicate(timeout=120)
    assert process.returncode == 0, notes
    layers = {layer["name"]: layer for layer in json.loads(output)["layers"]}
    assert len(layers) == 3
    assert all(layers[name] == layer for name, layer in first.items()), "not measured anew"
    assert not unfinished.exists()
