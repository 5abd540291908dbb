"""Where values lie on an axis."""

from __future__ import annotations

import pytest

from edge_compress.compress.report.scale import Scale


def test_a_narrow_span_is_linear_and_all_of_it_is_visible():
    scale = Scale([2.0, 6.0, 10.0])
    assert scale.place(6.0) == pytest.approx(50)
    assert 0 < scale.place(2.0) < 10
    assert 90 < scale.place(10.0) < 100
    for tick in scale.ticks():
        assert tick.place == pytest.approx(scale.place(float(tick.text)), abs=0.1)


def test_a_wide_span_is_logarithmic():
    scale = Scale([1.0, 10.0, 100.0])
    assert scale.place(10.0) == pytest.approx(50)
    assert {"1", "10", "100"} <= {tick.text for tick in scale.ticks()}


def test_values_are_written_in_their_unit():
    ticks = Scale([1e6, 3e6], 1e6).ticks()
    assert all(1 <= float(tick.text) <= 3 for tick in ticks)
    assert len(ticks) >= 3


@pytest.mark.parametrize("value", [0.0, 5.0, -1.0, 1e-12])
def test_one_value_alone_has_an_axis(value):
    scale = Scale([value])
    assert scale.place(value) == pytest.approx(50)
    assert scale.ticks()
