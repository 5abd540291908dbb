"""From where on a figure is bad."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

from edge_compress.errors import EdgeCompressError

OnThrottling: TypeAlias = Literal["ignore", "warn", "error"]


class ThresholdError(EdgeCompressError):
    """Thresholds that no figure can meet, or that contradict each other."""


@dataclass(frozen=True)
class Thresholds:
    """From where on a figure is bad. A limit of 0 is not watched.

    Attributes:
        rate_warn_hz: results per second; fewer are a warning.
        rate_error_hz: fewer are an error.
        latency_warn_ms: of what the caller judges by, such as the p99; more is a warning.
        latency_error_ms: more is an error.
        temperature_warn_c: of the hottest zone. Orin slows itself down from 99 °C on, a Raspberry
            Pi from 80 °C on.
        temperature_error_c: more is an error.
        throttling: what it is when the machine holds itself back.
        stale_s: seconds without input after which all other figures are old.
        margin: how far a rate or latency must come back, as a share of its limit, 0 to 1.
        margin_c: how far a temperature must come back.
        hold_s: seconds for which a throttling that has ended is still told.
    """

    rate_warn_hz: float = 0.0
    rate_error_hz: float = 0.0
    latency_warn_ms: float = 0.0
    latency_error_ms: float = 0.0
    temperature_warn_c: float = 85.0
    temperature_error_c: float = 95.0
    throttling: OnThrottling = "warn"
    stale_s: float = 5.0
    margin: float = 0.1
    margin_c: float = 3.0
    hold_s: float = 10.0

    def __post_init__(self) -> None:
        """Check what was given.

        Raises:
            ThresholdError: a value is negative, or an error would come before its warning.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, (int, float)) and not value >= 0:  # NaN is neither
                raise ThresholdError(
                    f"`{field.name}` must be 0 or more, got {value:g}; 0 switches a limit off"
                )
        if self.margin >= 1:
            raise ThresholdError(f"`margin` must be less than 1, got {self.margin:g}")
        for warn, error, more in (
            ("latency_warn_ms", "latency_error_ms", 1),
            ("temperature_warn_c", "temperature_error_c", 1),
            ("rate_warn_hz", "rate_error_hz", -1),
        ):
            low, high = getattr(self, warn), getattr(self, error)
            if low and high and more * (high - low) < 0:
                raise ThresholdError(
                    f"`{error}` is {high:g} and `{warn}` {low:g}: the error would come before the "
                    f"warning; make `{error}` {'larger' if more > 0 else 'smaller'}"
                )
