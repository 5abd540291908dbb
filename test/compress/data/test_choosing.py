"""Parts are apart, the same each time, and have of each class its share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_compress.compress.data.choosing import chosen, limited, parted
from edge_compress.compress.data.errors import DataError

strata = st.lists(st.integers(-1, 4), min_size=2, max_size=60).map(np.array)


@given(strata, st.floats(0, 1))
def test_the_chosen_are_as_many_as_asked_for_and_of_each_stratum_its_share(strata, share):
    count = round(share * len(strata))
    places = chosen(strata, count, np.random.default_rng(0))
    assert len(set(places.tolist())) == count
    assert (np.diff(places) > 0).all()
    for stratum in np.unique(strata):
        members = (strata == stratum).sum()
        taken = (strata[places] == stratum).sum()
        strata_there = len(np.unique(strata))
        assert abs(taken - count / len(strata) * members) <= 1 + strata_there / 2


@given(strata, st.floats(0.01, 0.9), st.integers(0, 5))
def test_parts_are_apart_whole_and_never_empty(strata, share, seed):
    learn, apart = parted(strata, share, seed)
    assert sorted([*learn, *apart]) == list(range(len(strata)))
    assert len(learn)
    assert len(apart)
    again = parted(strata, share, seed)
    assert (again.learn == learn).all()


def test_classes_are_kept_apart_in_equal_shares():
    strata = np.repeat([0, 1, 2], [1000, 100, 10])
    apart = parted(strata, 0.2, 0).validation
    assert np.bincount(strata[apart]).tolist() == [200, 20, 2]


def test_another_seed_gives_others():
    strata = np.zeros(100, np.int64)
    first, second = (parted(strata, 0.5, seed).learn.tolist() for seed in (0, 1))
    assert first != second


def test_no_share_keeps_everything():
    learn, apart = parted(np.zeros(5), 0, 0)
    assert (len(learn), len(apart)) == (5, 0)


def test_more_than_there_is_cannot_be_had():
    assert len(limited(np.zeros(5), 5, "learn", "pets", 0)) == 5
    assert len(limited(np.zeros(5), None, "learn", "pets", 0)) == 5
    with pytest.raises(DataError, match=r"pets: `data\.count\.learn` asks for 6.*there are 5"):
        limited(np.zeros(5), 6, "learn", "pets", 0)
