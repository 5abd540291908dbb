"""Which model file of a bundle runs."""

from __future__ import annotations

import pytest

from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import LatencyStats
from edge_compress.inference.choose import VariantError, choose, fitting
from edge_compress.inference.detector import Detector
from edge_compress.inference.device import device_name
from edge_compress.inference.session import ProviderError


def stats(p50, device=None, provider="cpu", threads=1):
    return LatencyStats(
        p50=p50,
        p90=p50,
        p99=p50,
        runs=10,
        threads=threads,
        provider=provider,
        device=device or device_name(),
    )


def with_latencies(bundle, latencies):
    """The opened bundle as if these had been measured; the files stay as they are."""
    opened = Bundle.open(bundle)
    variants = tuple(
        v.model_copy(update={"measured": v.measured.model_copy(update={"latency_ms": s})})
        for v, s in zip(opened.manifest.variants, latencies, strict=True)
    )
    return Bundle(opened.path, opened.manifest.model_copy(update={"variants": variants}))


@pytest.mark.parametrize(("fp32", "int8", "wins"), [(5.0, 3.0, "ort-cpu"), (5.0, 6.0, "fp32")])
def test_the_figures_decide_not_the_precision(make_bundle, fp32, int8, wins):
    bundle = make_bundle(profiles=("fp32", "ort-cpu", "tensorrt"))
    measured = with_latencies(bundle, [stats(fp32), stats(int8), stats(0.1)])
    assert choose(measured, "cpu").profile == wins


@pytest.mark.parametrize(
    "doubtful",
    [None, stats(0.001, device="another machine"), stats(0.001, provider="cuda"),
     stats(0.001, threads=64)],
)  # fmt: skip
def test_figures_from_elsewhere_are_measured_anew_here(make_bundle, doubtful):
    # The bundle praises the file that is really the slow one.
    bundle = make_bundle(profiles=("fp32", "ort-cpu"), slow=("ort-cpu",))
    measured = with_latencies(bundle, [stats(5.0), doubtful])
    assert choose(measured, "cpu", threads=1).profile == "fp32"


@pytest.mark.parametrize(("slow", "wins"), [("fp32", "ort-cpu"), ("ort-cpu", "fp32")])
def test_without_figures_the_fastest_here_wins(make_bundle, slow, wins):
    bundle = Bundle.open(make_bundle(profiles=("fp32", "ort-cpu", "tensorrt"), slow=(slow,)))
    assert choose(bundle, "cpu", threads=1).profile == wins


def test_a_file_for_another_runtime_is_never_chosen(make_bundle):
    bundle = Bundle.open(make_bundle(profiles=("fp32", "ort-cpu", "tensorrt")))
    assert {v.profile for v in fitting(bundle, "cpu")} == {"fp32", "ort-cpu"}
    assert {v.profile for v in fitting(bundle, "tensorrt")} == {"fp32", "tensorrt"}
    assert {v.profile for v in fitting(bundle, "cuda")} == {"fp32", "tensorrt"}


def test_a_file_may_be_asked_for_by_name(make_bundle):
    bundle = make_bundle(profiles=("fp32", "ort-cpu"))
    detector = Detector.open(bundle, variant="model.ort-cpu.onnx")
    assert detector.variant is not None
    assert detector.variant.file == "model.ort-cpu.onnx"


def test_a_file_that_is_not_there_is_refused_with_those_that_are(make_bundle):
    bundle = make_bundle(profiles=("fp32", "ort-cpu"))
    with pytest.raises(VariantError, match=r"'x\.onnx'.*model\.fp32\.onnx, model\.ort-cpu\.onnx"):
        Detector.open(bundle, variant="x.onnx")


def test_a_bundle_for_another_runtime_only_is_refused(make_bundle):
    with pytest.raises(ProviderError, match="no variant for cpu; it has tensorrt"):
        Detector.open(make_bundle(profiles=("tensorrt",)), providers=("cpu",))
