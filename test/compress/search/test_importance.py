"""Which parameters matter, where it is known which do."""

from __future__ import annotations

import math
import random

import pytest

from edge_compress.compress.search.importance import importance, least_trials
from edge_compress.compress.search.record import TrialRow

ACTIVATIONS = ({"relu": 0.0, "silu": 0.3, "gelu": 0.6}).items()


def _rows(count: int, state: str = "complete", seed: int = 0) -> list[TrialRow]:
    """Quality by activation and a little by width; latency by width alone, over decades."""
    chance = random.Random(seed)
    rows = []
    for number in range(count):
        activation, gain = chance.choice(list(ACTIVATIONS))
        width = chance.choice([1, 10, 100, 1000])
        rows.append(
            TrialRow(
                number=number,
                parameters={
                    "activation": activation,
                    "width": width,
                    "blocks": chance.choice([[{"kind": "residual"}], [{"kind": "plain"}, 2]]),
                    "share": chance.random(),
                    "fixed": 3,
                },
                state=state,
                quality=gain + 0.05 * math.log10(width),
                latency_ms=2.0 * math.log10(width) + 1,
                size_bytes=1000,
                seconds=1.0,
            )
        )
    return rows


def test_the_parameters_that_matter_have_the_share_that_they_explain():
    found = importance(_rows(120), ("quality", "latency"))
    # The variances are 0.06 and 0.003125 by construction, so 95 % and 5 %.
    assert found["quality"]["activation"] == pytest.approx(0.95, abs=0.04)
    assert found["quality"]["width"] == pytest.approx(0.05, abs=0.04)
    assert found["latency"]["width"] == pytest.approx(1.0, abs=0.03)
    for objective in ("quality", "latency"):
        for name in ("blocks", "share", "fixed"):
            assert found[objective][name] < 0.02, (objective, name)
        assert sum(found[objective].values()) <= 1.0 + 1e-6


def test_the_largest_comes_first_and_the_same_trials_give_the_same():
    found = importance(_rows(40), ("quality",))
    assert next(iter(found["quality"])) == "activation"
    shares = list(found["quality"].values())
    assert shares == sorted(shares, reverse=True)
    assert found == importance(_rows(40), ("quality",))


def test_a_combination_belongs_to_no_parameter_alone():
    rows = [
        TrialRow(
            number=i,
            parameters={"a": i % 2 == 0, "b": i // 2 % 2 == 0},
            state="complete",
            quality=float((i % 2) ^ (i // 2 % 2)),
            seconds=1.0,
        )
        for i in range(40)
    ]
    found = importance(rows, ("quality",))
    assert sum(found["quality"].values()) < 0.25


def test_what_says_nothing_is_left_out():
    assert importance([], ("quality",)) == {}
    assert "size" not in importance(_rows(40), ("size",)), "always the same"
    assert "energy" not in importance(_rows(40), ("energy",)), "never measured"
    assert importance(_rows(9), ("quality",)) == {}, "too few"
    assert set(importance(_rows(10), ("quality",))) == {"quality"}
    assert least_trials(9) == 18


def test_what_was_given_up_early_says_nothing_of_quality():
    rows = _rows(40, state="stopped")
    assert set(importance(rows, ("quality", "latency"))) == {"latency"}
    assert importance(_rows(40, state="failed"), ("latency",)) == {}
    assert set(importance(_rows(40, state="infeasible"), ("quality",))) == {"quality"}


def test_a_parameter_that_some_trials_lack_does_no_harm():
    rows = _rows(40)
    del rows[3].parameters["width"]
    assert importance(rows, ("latency",))["latency"]["width"] > 0.9
