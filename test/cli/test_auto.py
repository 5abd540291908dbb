"""`compress --auto` on the command line: what belongs together."""

from __future__ import annotations

import pytest

from edge_compress.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give RECIPE, a YAML file, or `--auto` with `--model` and `--data`"),
        (["--latency-ms", "5"], "`--latency-ms` belongs to `--auto`: add it"),
        (["r.yaml", "--auto"], "r.yaml: `--auto` finds the recipe"),
        (["--auto"], "`--auto` needs `--model`"),
        (["--auto", "--model", "m.onnx"], "`--auto` needs `--data`"),
        (
            ["--auto", "--model", "m.onnx", "--data", "v.mp4", "--state", "x"],
            "`--state` is for a recipe",
        ),
        (
            ["--auto", "--model", "m.onnx", "--data", "v.mp4", "--max-drop", "3"],
            "`--max-drop`: input should be less than or equal to 1, got 3.0",
        ),
        (
            ["--auto", "--model", "m.onnx", "--data", "v.mp4", "--minutes", "0"],
            "`--minutes`: input should be greater than 0, got 0.0",
        ),
        (["--auto", "--model", "gone.onnx", "--data", "v.mp4"], "gone.onnx: no such file"),
        (
            ["--auto", "--model", "torchvision:resnet18", "--data", "v", "--target", "gone.json"],
            "--target gone.json: no such file; give `host`, or a device table",
        ),
        (
            ["--auto", "--model", "torchvision:resnet18", "--data", "gone.mp4"],
            "--data gone.mp4: no such file or folder",
        ),
    ],
)
def test_a_mistake_is_one_message(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["compress", *arguments]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"
