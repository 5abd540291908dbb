"""`edge_compress compress`, as a user runs it."""

from __future__ import annotations

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

from edge_compress.bundle.reader import Bundle
from edge_compress.cli.main import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def footage(tmp_path) -> Path:
    """Eight images of coloured blocks."""
    folder = tmp_path / "frames"
    folder.mkdir()
    random = np.random.default_rng(0)
    for i in range(8):
        blocks = random.integers(0, 255, (8, 12, 3), np.uint8)
        image = cv2.resize(blocks, (192, 128), interpolation=cv2.INTER_NEAREST)
        cv2.imwrite(str(folder / f"{i}.png"), image)
    return folder


@pytest.fixture
def write_recipe(tmp_path, footage, make_classifier_onnx):
    """Return a function that writes a recipe for the small classifier of test/conftest.py."""

    def write(**changes) -> Path:
        content = {
            "name": "colors",
            "task": "classification",
            "model": {
                "source": make_classifier_onnx().name,
                "labels": ["blue", "green", "red"],
                "input": {"height": 64, "width": 96, "color": "bgr"},
                "head": {"kind": "classifier"},
            },
            "data": {
                "frames": "frames",
                "learn": {"count": 4},
                "held_out": {"start": 4, "count": 4},
            },
            "passes": [{"kind": "quantize"}],
            **changes,
        }
        path = tmp_path / "recipe.yaml"
        path.write_text("# mine\n" + yaml.safe_dump(content))
        return path

    return write


def command(recipe: Path, *arguments: str) -> subprocess.Popen:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", "edge_compress.cli.main", "compress", str(recipe), *arguments],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        cwd=recipe.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_run_ends_with_a_table_and_the_paths(write_recipe, tmp_path):
    process = command(write_recipe())
    output, notes = process.communicate(timeout=120)
    assert process.returncode == 0, notes
    bundle = tmp_path / "colors.bundle"
    assert Bundle.open(bundle).manifest.name == "colors"
    assert "quantize" in output
    assert f"bundle: {bundle.name}" in output
    assert f"report: {bundle.name}/report.html" in output
    assert (bundle / "recipe.yaml").read_text().startswith("# mine\n")


@pytest.mark.slow
def test_without_a_terminal_there_are_plain_lines_and_nothing_else(write_recipe):
    process = command(write_recipe(), "-o", "x.bundle")
    output, notes = process.communicate(timeout=120)
    assert notes.splitlines()[0] == "pass 1 of 1, quantize"
    assert notes.splitlines()[1].startswith("pass 1 of 1, quantize: rolled back: the model has no")
    assert len(notes.splitlines()) == 2
    assert "\x1b" not in output + notes


def test_an_unmet_budget_is_a_warn_line_and_no_failure(write_recipe, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    recipe = write_recipe(target={"budget": {"size_mb": 1e-6}})
    assert main(["compress", str(recipe)]) == 0
    assert "WARN: budget not met" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"sed": 1}, "did you mean `seed`?"),
        ({"data": {"frames": "none.mp4"}}, "`data.frames`"),
        ({"seed": "many"}, "`seed`"),
    ],
)
def test_a_mistake_in_the_recipe_is_one_message_and_exit_2(write_recipe, capsys, changes, told):
    recipe = write_recipe(**changes)
    assert main(["compress", str(recipe)]) == 2
    message = capsys.readouterr().err
    assert message.startswith(f"edge_compress: error: {recipe}")
    assert told in message
    assert "Traceback" not in message


def test_an_existing_output_is_left_alone_unless_overwritten(write_recipe, tmp_path, capsys):
    recipe, output = write_recipe(), tmp_path / "out.bundle"
    assert main(["compress", str(recipe), "-o", str(output)]) == 0
    before = (output / "manifest.json").read_bytes()
    capsys.readouterr()
    assert main(["compress", str(recipe), "-o", str(output)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert (output / "manifest.json").read_bytes() == before
    assert main(["compress", str(recipe), "-o", str(output), "--overwrite"]) == 0
    assert "finished in an earlier run" in capsys.readouterr().err
    assert main(["compress", str(recipe), "-o", str(output), "--overwrite", "--fresh"]) == 0
    assert "finished in an earlier run" not in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGINT, 130, id="Ctrl-C"),
        pytest.param(signal.SIGTERM, 143, id="SIGTERM", marks=pytest.mark.slow),
    ],
)
def test_an_interrupted_run_says_how_to_go_on_and_does(
    write_recipe, tmp_path, monkeypatch, number, code
):
    """Interrupted while it trains, in its second pass; the first one is not run again."""
    monkeypatch.syspath_prepend(str(ROOT / "test/compress/material"))
    import tiny_detector

    torch.onnx.export(
        tiny_detector.tiny().eval(),
        (torch.zeros(1, 3, 64, 64),),
        str(tmp_path / "tiny.onnx"),
        opset_version=17,
        dynamo=False,
    )
    recipe = write_recipe(
        task="detection",
        model={"source": "tiny.onnx", "head": {"kind": "yolox", "strides": [8]}},
        target={"budget": {"max_drop": 1}},
        passes=[
            {"kind": "fold_focus"},
            {"kind": "distill", "schedule": {"epochs": 1_000_000, "batch_size": 2}},
        ],
    )
    process = command(recipe)
    notes = ""
    while "pass 2 of 2, distill" not in notes:
        line = process.stderr.readline()
        assert line, notes
        notes += line
    time.sleep(1)
    process.send_signal(number)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == code, rest
    assert rest.splitlines() == ["interrupted; run the same command again to go on"]
    assert not (tmp_path / "colors.bundle").exists()
    assert sorted(p.name for p in (tmp_path / "colors.state").glob("*as*")) == ["pass_00"]
    assert not list((tmp_path / "colors.state").glob(".making-*"))

    again = command(recipe)
    notes = ""
    while "pass 2 of 2, distill" not in notes:
        line = again.stderr.readline()
        assert line, notes
        notes += line
    again.send_signal(number)
    assert "pass 1 of 2, fold_focus: finished in an earlier run" in notes
    again.communicate(timeout=60)
