"""The search searches: on networks that were really trained, it beats what luck would find."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.search.compare import (
    NEAR,
    best_of,
    by_accuracy,
    by_front,
    evaluations_until_near,
)
from benchmarks.search.measures import p_value, regrets, volume_shares
from benchmarks.search.page import write
from benchmarks.search.simulate import ALGORITHMS, RIVAL, tried
from benchmarks.search.table import SPACE, Architecture, load

SEEDS = 20  # as the page has: only two of the networks lie near the optimum


@pytest.fixture(scope="module")
def table():
    return load()


def networks(*figures):
    return [Architecture({}, (accuracy,), 1, macs) for accuracy, macs in figures]


def test_the_table_is_large_enough_and_its_networks_differ(table):
    values = [100 * architecture.accuracy for architecture in table.values()]
    assert len(table) >= 200
    assert max(values) - np.median(values) > 1


def test_regret_is_what_is_missing_to_the_optimum():
    assert regrets(networks((0.5, 1), (0.4, 1), (0.8, 1)), 0.9).tolist() == pytest.approx(
        [40, 40, 10]
    )


def test_dominated_area_grows_with_the_front():
    everything = networks((0.5, 10), (0.9, 1000), (0.6, 1000), (0.8, 100))
    shares = volume_shares(everything, everything)
    assert shares.tolist() == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == pytest.approx(1)
    # Log-MACs 1, 2, 3 as 2, 1, 0 and accuracies from .5: .9 adds nothing at 0, .8 adds .3 x 1.
    assert volume_shares(networks((0.8, 100)), everything)[0] == pytest.approx(1)
    assert volume_shares(networks((0.6, 100)), everything)[0] == pytest.approx(1 / 3)


def test_p_is_small_only_for_what_is_clearly_better():
    low, high = np.arange(10.0), np.arange(10.0) + 8
    assert p_value(low, high, smaller_is_better=True) < 0.001
    assert p_value(low, high, smaller_is_better=False) > 0.99
    assert p_value(low, low, smaller_is_better=True) > 0.4


@pytest.mark.parametrize("name", ALGORITHMS)
def test_no_architecture_is_tried_twice(table, name):
    asked = tried(ALGORITHMS[name], 0, table, 20, ["accuracy"])
    assert len({str(architecture.parameters) for architecture in asked}) == 20
    assert set(asked[0].parameters) == set(SPACE)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["genetic", "annealing"])
def test_it_beats_random_search(table, name):
    found = by_accuracy(table, SEEDS, [name, RIVAL])
    assert found.p_at_end(name) < 0.05
    until = evaluations_until_near(found.curves[name])
    assert sum(count is not None for count in until) >= SEEDS - 2, f"within {NEAR} points"


@pytest.mark.slow
def test_the_page_says_what_was_found(table, tmp_path):
    names = ("annealing", RIVAL)
    file = tmp_path / "search.md"
    write(table, by_accuracy(table, 2, names), by_front(table, 2, names), file)
    text = file.read_text()
    assert f"{100 * best_of(table).accuracy:.2f} %" in text
    assert "2 of 2 seeds" in text or "1 of 2 seeds" in text or "0 of 2 seeds" in text
    assert text.count("| annealing |") == 4
