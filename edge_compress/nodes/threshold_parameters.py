"""Parameters from where on a figure is bad: the fields of `telemetry.thresholds.Thresholds`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, get_args

from edge_compress.nodes.parameters import Parameter
from edge_compress.telemetry.thresholds import OnThrottling, Thresholds

_DEFAULT = Thresholds()


def _limit(name: str, description: str, high: float) -> Parameter:
    return Parameter(name, getattr(_DEFAULT, name), description, low=0, high=high, when="always")


THRESHOLD_PARAMETERS = (
    _limit("rate_warn_hz", "WARN when fewer results come per second; 0 is off.", 1000),
    _limit("rate_error_hz", "ERROR when fewer results come per second; 0 is off.", 1000),
    _limit("latency_warn_ms", "WARN when the p99 from stamp to result is longer; 0 is off.", 1e6),
    _limit("latency_error_ms", "ERROR when the p99 from stamp to result is longer; 0 is off.", 1e6),
    _limit("temperature_warn_c", "WARN when the hottest zone is hotter; 0 is off.", 200),
    _limit("temperature_error_c", "ERROR when the hottest zone is hotter; 0 is off.", 200),
    Parameter(
        "throttling",
        _DEFAULT.throttling,
        "What it is when the machine holds itself back because of heat or its supply.",
        choices=get_args(OnThrottling),
        when="always",
    ),
    _limit("stale_s", "STALE after so many seconds without a frame; 0 is off.", 3600),
    _limit("margin", "How far a rate or latency must come back, as a share of its limit.", 0.99),
    _limit("margin_c", "How far a temperature must come back, in °C.", 100),
    _limit("hold_s", "Seconds for which throttling and lost frames are still told.", 3600),
)


def vitals_thresholds(value: Callable[[str], Any]) -> Thresholds:
    """Build the thresholds from the parameters.

    Args:
        value: gives a parameter's value by its name.

    Raises:
        ThresholdError: an error would come before its warning.
    """
    names = {field.name for field in fields(Thresholds)} - {"throttling"}
    # A parameter may hold an integer where a float is meant.
    limits = {name: float(value(name)) for name in names}
    return Thresholds(throttling=value("throttling"), **limits)
