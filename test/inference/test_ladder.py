"""The steps from a bundle's most accurate model to its fastest."""

from __future__ import annotations

import numpy as np
import pytest

from edge_compress.bundle.combine import combine
from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import LatencyStats, Manifest
from edge_compress.inference.choose import choose, fitting, ranked
from edge_compress.inference.detector import Detector
from edge_compress.inference.device import device_name
from edge_compress.inference.ladder import ladder
from edge_compress.inference.session import ProviderError


def stats(p50):
    return LatencyStats(
        p50=p50, p90=p50, p99=p50, runs=10, threads=1, provider="cpu", device=device_name()
    )


def figured(bundle, *figures):
    """The opened bundle with a rung, p50 and agreement for each variant, as if measured here."""
    variants = []
    for variant, (rung, p50, quality) in zip(bundle.manifest.variants, figures, strict=True):
        measured = {"latency_ms": stats(p50) if p50 else None, "agreement_ap50": quality}
        changes = {"rung": rung, "measured": variant.measured.model_copy(update=measured)}
        variants.append(variant.model_copy(update=changes))
    manifest = bundle.manifest.model_copy(update={"variants": tuple(variants)})
    return Bundle(bundle.path, Manifest.model_validate(manifest.model_dump()))


@pytest.fixture
def two(make_bundle):
    return Bundle.open(make_bundle(profiles=("fp32", "ort-cpu")))


def files(variants):
    return [variant.file for variant in variants]


@pytest.mark.parametrize(
    ("fp32", "int8", "steps"),
    [
        ((0, 5.0, 0.95), (0, 3.0, 0.90), ["model.fp32.onnx", "model.ort-cpu.onnx"]),
        ((0, 5.0, 0.90), (0, 3.0, 0.95), ["model.ort-cpu.onnx"]),  # better in all
        ((0, 5.0, 0.95), (0, 5.0, 0.90), ["model.fp32.onnx"]),
        ((0, 5.0, 0.95), (0, 4.9, 0.90), ["model.fp32.onnx"]),  # too little to tell
        ((0, 5.0, None), (0, 3.0, None), ["model.ort-cpu.onnx"]),  # nothing says it is worse
        # A smaller model's agreement is with an original of its own: its rung decides.
        ((0, 5.0, 0.90), (1, 3.0, 0.99), ["model.fp32.onnx", "model.ort-cpu.onnx"]),
        ((1, 5.0, 0.90), (0, 3.0, 0.80), ["model.ort-cpu.onnx"]),
    ],
)
def test_each_step_is_less_accurate_and_faster(two, fp32, int8, steps):
    assert files(ladder(figured(two, fp32, int8), "cpu")) == steps


def test_a_single_file_is_the_whole_ladder(make_bundle):
    bundle = Bundle.open(make_bundle(profiles=("fp32", "tensorrt")))
    assert files(ladder(bundle, "cpu")) == ["model.fp32.onnx"]
    with pytest.raises(ProviderError, match="no variant for npu"):
        ladder(bundle, "npu")


def test_without_figures_the_files_are_timed_here(make_bundle):
    bundle = Bundle.open(make_bundle(profiles=("fp32", "ort-cpu"), slow=("fp32",)))
    steps = ladder(figured(bundle, (0, None, 0.95), (0, None, 0.9)), "cpu", threads=1)
    assert files(steps) == ["model.fp32.onnx", "model.ort-cpu.onnx"]


def test_what_runs_by_itself_is_of_the_first_model(two):
    """However fast the smaller one is: stepping down is asked for, not chosen."""
    bundle = figured(two, (0, 5.0, 0.9), (1, 1.0, 0.9))
    assert choose(bundle, "cpu").file == "model.fp32.onnx"
    assert files(ranked(bundle, "cpu", rung=1)) == ["model.ort-cpu.onnx"]
    assert files(fitting(bundle, "cpu")) == ["model.fp32.onnx", "model.ort-cpu.onnx"]


def test_a_provider_that_has_no_file_of_the_first_model_takes_the_next(make_bundle):
    bundle = Bundle.open(make_bundle(profiles=("tensorrt", "fp32")))
    bundle = figured(bundle, (0, 5.0, 0.9), (1, 1.0, 0.9))
    assert choose(bundle, "cpu").file == "model.fp32.onnx"


def test_steps_of_two_input_sizes_run(make_bundle, tmp_path):
    large = make_bundle("large", height=64, width=96, slow=("fp32",))
    small = make_bundle("small", height=32, width=48)
    both = Bundle.open(combine([Bundle.open(large), Bundle.open(small)], tmp_path / "both.bundle"))
    steps = ladder(both, "cpu", threads=1)
    assert files(steps) == ["model.fp32.onnx", "rung1.model.fp32.onnx"]
    sizes = []
    for step in steps:
        detector = Detector.open(both, providers=("cpu",), variant=step.file)
        sizes.append((detector.input.height, detector.input.width))
        detector.warm_up()
    assert sizes == [(64, 96), (32, 48)]


def test_the_next_provider_runs_the_model_of_the_frame_in_work(cuda, make_bundle, tmp_path):
    """A frame is made ready for one input size: another model could not read it."""
    large = make_bundle("large", height=64, width=96)
    small = make_bundle("small", height=32, width=48)
    both = combine([Bundle.open(large), Bundle.open(small)], tmp_path / "both.bundle")
    detector = Detector.open(both, providers=("cuda", "cpu"))
    cuda[0].fault = "raise"
    tensor, _ = detector.preprocess(np.zeros((64, 96, 3), np.uint8))
    assert len(detector.infer(tensor)) == 1
    assert (detector.provider, detector.variant.rung) == ("cpu", 0)
