"""OK, WARN, ERROR or STALE: what an operator is to make of the figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from edge_compress.telemetry.hysteresis import Hold, Limit
from edge_compress.telemetry.thresholds import Thresholds


class Level(IntEnum):
    """The values of diagnostic_msgs/DiagnosticStatus."""

    OK = 0
    WARN = 1
    ERROR = 2
    STALE = 3


@dataclass(frozen=True)
class Figures:
    """What is judged; None for what is not known, which is then not judged.

    Attributes:
        rate_hz: results per second.
        latency_ms: in milliseconds.
        celsius: by zone.
        throttled: the causes that hold the machine back.
        input_age_s: seconds since the last input, or since the start when there was none.
    """

    rate_hz: float | None = None
    latency_ms: float | None = None
    celsius: Mapping[str, float] | None = None
    throttled: tuple[str, ...] | None = None
    input_age_s: float | None = None


@dataclass(frozen=True)
class Verdict:
    """One line of it: what was judged, how it stands, and the figure beside its limit."""

    name: Literal["input", "rate", "latency", "temperature", "throttling", "sensors"]
    level: Level
    message: str


class Judge:
    """Judges figures as they come; remembers what it needs so as not to flicker."""

    def __init__(self, thresholds: Thresholds | None = None) -> None:
        """Judge by these, or by the defaults."""
        self._by = by = thresholds or Thresholds()
        self._rate = _limits(by.rate_warn_hz, by.rate_error_hz, share=by.margin, least=True)
        self._latency = _limits(by.latency_warn_ms, by.latency_error_ms, share=by.margin)
        self._heat = _limits(by.temperature_warn_c, by.temperature_error_c, margin=by.margin_c)
        self._throttling = Hold(by.hold_s)
        self._causes: tuple[str, ...] = ()

    def judge(self, now_s: float, figures: Figures) -> list[Verdict]:
        """Return a verdict on each figure that is known and watched.

        Args:
            now_s: seconds of any clock that goes on while no input comes.
            figures: of this moment.
        """
        verdicts = []
        if figures.input_age_s is not None and self._by.stale_s:
            verdicts.append(self._judge_input(figures.input_age_s))
        if any(verdict.level is Level.STALE for verdict in verdicts):
            # There is no rate and no latency to complain of besides; what comes next is new.
            for limit in (*self._rate.values(), *self._latency.values()):
                limit.reset()
        else:
            if figures.rate_hz is not None and self._rate:
                verdicts.append(_verdict("rate", self._rate, figures.rate_hz, "per second"))
            if figures.latency_ms is not None and self._latency:
                verdicts.append(_verdict("latency", self._latency, figures.latency_ms, "ms"))
        if figures.celsius and self._heat:
            zone, degrees = max(figures.celsius.items(), key=lambda item: item[1])
            verdicts.append(_verdict("temperature", self._heat, degrees, f"°C in {zone}"))
        if figures.throttled is not None and self._by.throttling != "ignore":
            verdicts.append(self._judge_throttling(now_s, figures.throttled))
        return verdicts

    def _judge_input(self, age_s: float) -> Verdict:
        limit = self._by.stale_s
        if age_s < limit:
            return Verdict("input", Level.OK, "input comes")
        return Verdict("input", Level.STALE, f"no input for {age_s:.0f} s (limit {limit:g} s)")

    def _judge_throttling(self, now_s: float, causes: tuple[str, ...]) -> Verdict:
        if causes:
            self._causes = causes
        if not self._throttling.seen(now_s, bool(causes)):
            return Verdict("throttling", Level.OK, "not held back")
        level = Level.ERROR if self._by.throttling == "error" else Level.WARN
        when = "held back" if causes else f"was held back in the last {self._by.hold_s:g} s"
        return Verdict("throttling", level, f"{when}: {', '.join(self._causes)}")


def worst(levels: Iterable[Level]) -> Level:
    """Return the level of all together: ERROR before STALE before WARN."""
    order = (Level.OK, Level.WARN, Level.STALE, Level.ERROR)
    return max(levels, key=order.index, default=Level.OK)


def _limits(
    warn: float, error: float, *, share: float = 0.0, margin: float = 0.0, least: bool = False
) -> dict[Level, Limit]:
    """The limits that are watched, with a margin of their own unit or a share of themselves."""
    return {
        level: Limit(limit, margin + limit * share, least=least)
        for level, limit in ((Level.WARN, warn), (Level.ERROR, error))
        if limit
    }


def _verdict(
    name: Literal["rate", "latency", "temperature"],
    limits: Mapping[Level, Limit],
    figure: float,
    unit: str,
) -> Verdict:
    # Each limit must see each figure, so that its hysteresis is right.
    passed = [level for level, limit in limits.items() if limit.beyond(figure)]
    text = f"{figure:.1f} {unit}"
    if not passed:
        return Verdict(name, Level.OK, text)
    level = max(passed)
    return Verdict(name, level, f"{text} (limit {limits[level].limit:g})")
