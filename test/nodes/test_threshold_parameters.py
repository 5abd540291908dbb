"""Thresholds as parameters."""

from dataclasses import asdict

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from edge_compress.nodes.threshold_parameters import THRESHOLD_PARAMETERS, vitals_thresholds
from edge_compress.telemetry.thresholds import ThresholdError, Thresholds

DEFAULTS = {parameter.name: parameter.default for parameter in THRESHOLD_PARAMETERS}


def test_every_threshold_is_a_parameter_with_the_same_default():
    assert asdict(Thresholds()) == DEFAULTS
    assert all(parameter.when == "always" for parameter in THRESHOLD_PARAMETERS)


def test_they_are_built_from_parameters_also_from_integers():
    given = DEFAULTS | {"rate_warn_hz": 10, "throttling": "error"}
    built = vitals_thresholds(given.__getitem__)
    assert built == Thresholds(rate_warn_hz=10.0, throttling="error")
    assert isinstance(built.rate_warn_hz, float)


def test_those_that_contradict_each_other_are_refused():
    given = DEFAULTS | {"latency_warn_ms": 50.0, "latency_error_ms": 20.0}
    with pytest.raises(ThresholdError, match="the error would come before the warning"):
        vitals_thresholds(given.__getitem__)
