"""YOLOX-Nano, uncompressed, flown around the panels of worlds/inspection.sdf."""

import subprocess
import sys

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("mujoco", reason="needs MuJoCo: pip install 'edge_compress[simulation]'")

from benchmarks.runtime.bundles import yolox_bundle as write_yolox_bundle
from edge_compress.bundle.reader import Bundle
from edge_compress.testing.flight import fly
from edge_compress.testing.processes import NodeError

SEEDS = (1, 2, 3)
ASKED = {"min_recall": 0.9, "min_precision": 0.9, "min_frames": 50}
# A whole round, so that each panel is seen from both sides, in half as many frames; twice as fast,
# but not as fast as can be: a detector that is held up for a second would miss half of them.
HASTE = {"rate": 5.0, "real_time_factor": 2.0}


@pytest.fixture(autouse=True)
def _own_domain(opengl, own_domain):
    pass


@pytest.fixture
def yolox_bundle(tmp_path):
    """Return a function that writes YOLOX-Nano as a bundle, with another input where wanted."""

    def write(**input):
        return write_yolox_bundle(tmp_path, "yolox", **input)

    return write


def flown(bundle, folder, seed=0, **more):
    settings = {"detector": {"threads": 1}, "evaluator": ASKED, "sim_camera": HASTE, **more}
    return fly(bundle, folder, seed=seed, **settings)


@pytest.mark.slow
def test_it_sees_the_panels_from_wherever_it_begins(yolox_bundle, tmp_path):
    bundle = yolox_bundle()
    figures = []
    for seed in SEEDS:
        flight = flown(bundle, tmp_path / str(seed), seed)
        assert flight.passed, flight.verdict
        figures.append(flight.evaluation["accuracy"])
    for name in ("recall", "precision"):
        values = [one[name] for one in figures]
        assert max(values) - min(values) <= 0.02, f"{name}: {values}"


@pytest.mark.slow
def test_a_broken_bundle_fails_the_same_flight(yolox_bundle, tmp_path):
    # The classic: a network that wants 0 to 255 is given 0 to 1.
    flight = flown(yolox_bundle(scale=1 / 255), tmp_path / "report", duration_s=21.0)
    assert not flight.passed
    assert "recall" in flight.verdict
    assert flight.evaluation["verdict"] == "failed"
    assert (tmp_path / "report" / "evaluation.html").is_file()


@pytest.mark.slow
def test_a_bundle_that_is_refused_is_no_failed_flight(yolox_bundle, tmp_path):
    bundle = yolox_bundle()
    model = bundle / Bundle.open(bundle).manifest.variants[0].file
    model.write_bytes(model.read_bytes()[:-1])
    with pytest.raises(NodeError, match="the detector cannot start: .*sha256"):
        flown(bundle, tmp_path / "report")


@pytest.mark.slow
def test_a_world_that_is_not_there_is_told(yolox_bundle, tmp_path):
    with pytest.raises(NodeError, match=r"the sim_camera ended with 2: .*nowhere\.sdf"):
        flown(yolox_bundle(), tmp_path / "report", world=tmp_path / "nowhere.sdf")


@pytest.mark.slow
@pytest.mark.parametrize(("asked", "code"), [("0.5", 0), ("1.0", 1)])
def test_the_command_ends_with_the_verdict(yolox_bundle, tmp_path, asked, code):
    ended = command(yolox_bundle(), "-o", tmp_path / "report", "--seconds", 6, "--min-ap50", asked)
    assert ended.returncode == code, ended.stderr
    said = ended.stderr if code else ended.stdout
    assert said.startswith("failed: " if code else "passed: ")
    assert {path.name for path in (tmp_path / "report").iterdir()} == {
        "detector.log",
        "evaluation.html",
        "evaluation.json",
        "evaluator.log",
        "sim_camera.log",
    }


def test_a_report_that_cannot_be_written_is_told_before_anything_starts(tmp_path):
    taken = tmp_path / "report"
    taken.write_text("")
    ended = command(tmp_path / "none.bundle", "-o", taken)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line == f"edge_compress: error: {taken}: the report cannot be written: File exists"


@pytest.mark.slow
def test_a_bundle_that_is_not_there_is_told_in_one_line(tmp_path):
    ended = command(tmp_path / "none.bundle", "-o", tmp_path / "report")
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("edge_compress: error: the detector cannot start: ")
    assert "none.bundle: not a bundle: no such folder" in line


def command(*arguments):
    words = [sys.executable, "-m", "edge_compress.cli.main", "fly", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
