"""How far a pass cuts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_compress.compress.pruning.channels import cut
from edge_compress.compress.pruning.targets import (
    channel_meter,
    compared,
    fewest,
    file_size,
    meter,
    share_at,
)


@given(most=st.integers(0, 300), at=st.integers(0, 400))
def test_bisection_finds_the_first_that_is_enough(most, at):
    asked = []

    def enough(count: int) -> bool:
        asked.append(count)
        return count >= at

    assert fewest(most, enough) == (at if at <= most else None)
    assert len(asked) <= 11


@pytest.mark.parametrize("pace", ["geometric", "cubic"])
def test_steps_lead_to_what_is_to_be_kept(pace):
    shares = [share_at(0.2, step, 5, pace) for step in range(1, 6)]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == pytest.approx(0.2)
    assert shares[0] == pytest.approx(0.2**0.2 if pace == "geometric" else 1 - 0.8 * (1 - 0.8**3))


def test_costs_are_shares_of_the_start(tangled, make_context):
    context = make_context(tangled)
    smaller = cut(tangled, {"module.hidden": range(12)})
    for measure in ("macs", "params", "size"):
        left = meter(measure, tangled, context)
        assert left(tangled) == 1
        assert 0.3 < left(smaller) < 1
    assert channel_meter(["module.hidden", "module.join"], tangled)(smaller) == 28 / 40
    assert "of the parameters" in compared(tangled, smaller)


def test_the_file_is_the_one_that_is_exported(tangled, make_context):
    params = sum(p.numel() for p in tangled.module.parameters())
    assert 4 * params < file_size(tangled, make_context(tangled)) < 8 * params + 20_000
