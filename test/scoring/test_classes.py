"""Names on both sides."""

from __future__ import annotations

import pytest

from edge_compress.scoring.classes import listed, nothing_in_common, parse_class_map
from edge_compress.scoring.errors import ScoringError


def test_a_class_map_is_parsed():
    assert parse_class_map(["16: cat", "17:", "18:traffic light", "16:cat"]) == {
        "16": "cat", "17": "", "18": "traffic light",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("entries", "told"), [(["cat"], "'cat' has no colon"), (["1:cat", "1:dog"], "'cat' and 'dog'")]
)
def test_a_bad_class_map_is_refused_with_the_entry(entries, told):
    with pytest.raises(ScoringError, match=told):
        parse_class_map(entries)


def test_nothing_in_common_names_both_sides_and_an_example():
    told = nothing_in_common({"16", "2"}, {"dog", "cat"}, {})
    assert "ground truth has '2', '16'" in told
    assert "'cat', 'dog'" in told
    assert 'by class_map, such as ["2:..."]' in told


@pytest.mark.parametrize(
    ("truth", "found"), [({"cat"}, {"cat", "dog"}), (set(), {"cat"}), ({"cat"}, set())]
)
def test_a_side_without_names_or_with_a_common_one_is_no_fault(truth, found):
    assert nothing_in_common(truth, found, {}) == ""


def test_many_names_are_not_all_told():
    assert listed(map(str, range(20))).endswith("'11' and 8 more")
