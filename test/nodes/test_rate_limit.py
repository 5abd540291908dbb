"""No more frames than asked for, and not many fewer."""

import numpy as np
import pytest

from edge_compress.nodes.rate_limit import RateLimit


def _passed(limit, times):
    return [time for time in times if limit.passes(time)]


def test_zero_lets_all_through():
    assert len(_passed(RateLimit(0), [0.0, 0.0, 0.001, 5.0, 4.0])) == 5


@pytest.mark.parametrize("hz", [1, 7, 10, 29, 100])
def test_the_rate_is_kept_though_frames_jitter(hz):
    jitter = np.random.default_rng(0).normal(0, 0.004, 3000)
    times = np.sort(np.arange(3000) / 30 + jitter)
    passed = _passed(RateLimit(hz), times.tolist())
    rate = len(passed) / 100
    assert rate <= min(hz, 30) * 1.01 + 0.01
    assert rate >= min(hz, 30) * 0.95


def test_a_pause_is_not_followed_by_a_burst():
    limit = RateLimit(10)
    assert limit.passes(0.0)
    passed = _passed(limit, [5.0 + n * 0.01 for n in range(20)])
    assert len(passed) <= 3


def test_a_clock_that_goes_back_starts_anew():
    limit = RateLimit(1)
    assert limit.passes(1000.0)
    assert limit.passes(3.0)
    assert not limit.passes(3.5)
