"""Figures as text."""

from __future__ import annotations

import pytest

from edge_compress.pages import units


@pytest.mark.parametrize(
    ("value", "text"),
    [(7.25, "7.25 mJ"), (99.96, "100 mJ"), (1500, "1500 mJ"), (None, "\N{EN DASH}")],
)
def test_energy_is_never_written_with_an_exponent(value, text):
    assert units.millijoules(value) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (999, "999"),
        (1000, "1 k"),
        (999_499, "999 k"),
        (999_500, "1 M"),
        (999_700, "1 M"),
        (999_500_000, "1 G"),
    ],
)
def test_an_amount_that_rounds_to_the_next_unit_is_written_in_it(count, text):
    assert units.amount(count) == text
