"""The first provider that comes up and sees what it should; the next one when it fails."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from fake_provider import until

from edge_compress.bundle.schema import LatencyStats
from edge_compress.inference.detector import Detector
from edge_compress.inference.device import device_name
from edge_compress.inference.session import ProviderError
from edge_compress.vision import heads
from edge_compress.vision.heads import ModelOutputError

RED, GREEN, BLUE = (0, 0, 255), (0, 255, 0), (255, 0, 0)
# Long enough for a busy machine, short enough to be waited for.
WATCHDOG_S = 0.5


@pytest.fixture
def scene():
    """Three objects on black."""
    image = np.zeros((64, 96, 3), np.uint8)
    image[8:16, 16:24], image[40:48, 80:88], image[32:40, 24:32] = RED, GREEN, BLUE
    return image


@pytest.fixture
def open_detector(make_bundle, scene):
    """Return a function that opens a bundle with a sample on cuda, then cpu."""

    def make(**settings):
        settings = {"providers": ("cuda", "cpu"), "threads": 1, **settings}
        return Detector.open(make_bundle(sample=scene), **settings)

    return make


def test_the_first_that_sees_what_the_bundle_says_is_taken(cuda, open_detector):
    detector = open_detector()
    assert (detector.provider, detector.fallbacks, detector.switches) == ("cuda", (), 0)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("raise", "the GPU has fallen off the bus"),
        ("nan", "1 of 768 values for the yolox head are NaN"),
        ("zeros", "3 of 3 objects of the bundle's sample are not seen here"),
        ("shift", "2 of 3 objects of the bundle's sample are not seen here"),
    ],
)
def test_a_provider_that_sees_something_else_is_passed_over(
    cuda, open_detector, scene, fault, said
):
    cuda.fault = fault
    detector = open_detector()
    assert detector.provider == "cpu"
    assert len(detector.fallbacks) == 1
    assert detector.fallbacks[0].startswith(f"cuda: {said}")
    assert detector.switches == 0  # nothing ran yet
    assert cuda[0].closed
    assert len(detector.detect(scene)) == 3


def test_without_a_sample_a_provider_that_runs_is_taken(cuda, make_bundle):
    cuda.fault = "shift"
    assert Detector.open(make_bundle(), providers=("cuda", "cpu")).provider == "cuda"


def test_without_a_sample_one_whose_first_outputs_are_no_numbers_is_not(cuda, make_bundle):
    cuda.fault = "nan"
    assert Detector.open(make_bundle(), providers=("cuda", "cpu")).provider == "cpu"


def test_none_that_sees_what_the_bundle_says_is_one_error_with_every_reason(cuda, open_detector):
    cuda.fault = "zeros"
    with pytest.raises(ProviderError, match=r"cuda: 3 of 3 objects.*; tensorrt: "):
        open_detector(providers=("cuda", "tensorrt"))


@pytest.mark.parametrize("fault", ["raise", "hang", "nan"])
def test_what_fails_while_it_runs_is_replaced_and_the_frame_not_lost(
    cuda, open_detector, scene, fault
):
    detector = open_detector(watchdog_s=WATCHDOG_S)
    expected = detector.detect(scene)
    cuda[0].fault = fault
    found = detector.detect(scene)
    np.testing.assert_array_equal(found.boxes, expected.boxes)
    assert found.names == expected.names
    assert (detector.provider, detector.switches) == ("cpu", 1)
    said = {"raise": "fallen off", "hang": "cuda hung: no result in 0.5 s", "nan": "NaN"}[fault]
    assert len(detector.fallbacks) == 1
    assert said in detector.fallbacks[0]
    assert len(detector.detect(scene)) == 3
    assert detector.switches == 1


def test_a_provider_to_fall_back_on_must_see_what_the_bundle_says_too(cuda, open_detector, scene):
    detector = open_detector(providers=("cpu", "cuda", "cpu"))
    cuda.fault = "shift"
    detector._session.close()
    assert len(detector.detect(scene)) == 3
    assert (detector.provider, detector.switches) == ("cpu", 1)
    assert [reason.split(":")[0] for reason in detector.fallbacks] == ["cpu", "cuda"]


def test_a_driver_that_hangs_when_it_is_opened_is_passed_over_in_flight(
    cuda, open_detector, scene, monkeypatch
):
    monkeypatch.setattr("edge_compress.inference.providers._REPLACE_S", WATCHDOG_S)
    detector = open_detector(providers=("cpu", "cuda", "cpu"), watchdog_s=60.0)
    cuda.fault = "hang"  # the first run of a provider may take long, but not then
    detector._session.close()
    assert len(detector.detect(scene)) == 3
    assert (detector.provider, detector.switches) == ("cpu", 1)
    assert detector.fallbacks[1] == "cuda: was not ready in 0.5 s"
    cuda[0].fault = ""
    cuda[0].release.set()
    until(lambda: cuda[0].closed)


def test_a_hanging_session_is_freed_once_it_comes_back(cuda, open_detector, scene):
    detector = open_detector(watchdog_s=WATCHDOG_S)
    cuda[0].fault = "hang"
    detector.detect(scene)
    assert not cuda[0].closed
    cuda[0].release.set()
    until(lambda: cuda[0].closed)


def test_the_last_provider_is_kept_though_it_hangs_and_serves_again(cuda, open_detector, scene):
    detector = open_detector(providers=("cuda",), watchdog_s=WATCHDOG_S)
    cuda[0].fault = "hang"
    for said in ("hung: no result", "has not come back"):
        with pytest.raises(ProviderError, match=said):
            detector.detect(scene)
    cuda[0].fault = ""
    cuda[0].release.set()
    until(lambda: serves(detector, scene))
    assert (detector.switches, detector.fallbacks) == (0, ())


def test_the_last_provider_is_kept_though_its_outputs_are_no_numbers(cuda, open_detector, scene):
    detector = open_detector(providers=("cuda",))
    cuda[0].fault = "nan"
    for _ in range(2):
        with pytest.raises(ModelOutputError, match="NaN"):
            detector.detect(scene)
    cuda[0].fault = ""
    assert len(detector.detect(scene)) == 3
    assert detector.fallbacks == ()


def test_outputs_are_looked_through_once_a_frame(cuda, open_detector, scene, monkeypatch):
    detector = open_detector()
    looked, real = [], heads.check_finite
    monkeypatch.setattr(heads, "check_finite", lambda *a: (looked.append(a), real(*a)))
    detector.detect(scene)
    assert len(looked) == 1


@pytest.mark.parametrize("watchdog_s", [0.0, 30.0])
def test_cpu_time_of_the_last_run_is_known(open_detector, scene, watchdog_s):
    detector = open_detector(providers=("cpu",), watchdog_s=watchdog_s)
    detector.last_cpu_s = 0.0
    detector.detect(scene)
    assert 0 < detector.last_cpu_s < 10


def test_a_file_that_this_machine_gets_wrong_is_left_for_the_next_one(cuda, make_bundle, scene):
    """As INT8 sums saturate on one CPU and not on another."""
    told = LatencyStats(
        p50=1, p90=1, p99=1, runs=1, threads=1, provider="cuda", device=device_name()
    )
    bundle = make_bundle(profiles=("tensorrt", "fp32"), latency=told, sample=scene)
    cuda.broken, cuda.fault = "model.tensorrt.onnx", "zeros"
    detector = Detector.open(bundle, providers=("cuda", "cpu"), threads=1)
    assert (detector.provider, detector.variant.file) == ("cuda", "model.fp32.onnx")
    assert detector.fallbacks[0].startswith("cuda: model.tensorrt.onnx: 3 of 3 objects")


def test_a_classifier_has_a_sample_too(cuda, make_bundle):
    sample = np.full((64, 96, 3), GREEN, np.uint8)
    bundle = make_bundle(task="classification", sample=sample)
    assert Detector.open(bundle, providers=("cuda", "cpu")).provider == "cuda"
    cuda.fault = "zeros"
    detector = Detector.open(bundle, providers=("cuda", "cpu"))
    assert detector.provider == "cpu"
    assert "class 1 of the bundle's sample has a probability of 0.33 here" in detector.fallbacks[0]


def test_the_sample_is_read_from_the_bundle(make_bundle, scene):
    bundle = make_bundle(sample=scene)
    stored = cv2.imread(str(bundle / "sample.png"))
    np.testing.assert_array_equal(stored, scene)


def serves(detector, scene):
    try:
        return len(detector.detect(scene)) == 3
    except ProviderError:
        return False
