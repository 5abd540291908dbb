"""Which messages belong together."""

from __future__ import annotations

import random

import numpy as np
import pytest

from edge_compress.scoring.frame import Frame
from edge_compress.scoring.pairing import Arrived, Pairing

NOTHING = np.zeros((0, 4)), np.zeros(0), ()
MS = 1_000_000


def at(stamp_ms, arrived_s=0.0):
    return Arrived(Frame(round(stamp_ms * MS), *NOTHING), arrived_s)


def told(settled):
    return sorted((t.stamp_ns / MS, f.stamp_ns / MS) for t, f in settled.pairs)


def test_equal_stamps_are_paired_at_once_whichever_comes_first():
    pairing = Pairing(0.005, 10)
    pairing.add_truth(at(0))
    pairing.add_found(at(0))
    pairing.add_found(at(33))
    pairing.add_truth(at(33))
    settled = pairing.settle(0)
    assert told(settled) == [(0, 0), (33, 33)]
    assert (settled.unanswered, settled.unasked, pairing.truth_waiting) == ([], [], 0)


def test_each_message_is_used_once():
    pairing = Pairing(0.005, 10)
    pairing.add_truth(at(0))
    pairing.add_found(at(0))
    pairing.add_found(at(0))
    settled = pairing.finish()
    assert told(settled) == [(0, 0)]
    assert len(settled.unasked) == 1


def test_nearly_equal_stamps_are_paired_nearest_first():
    pairing = Pairing(0.005, 10)
    pairing.add_truth(at(0))
    pairing.add_found(at(4))  # near enough, but the next one is nearer
    pairing.add_found(at(1))
    pairing.add_truth(at(8))
    settled = pairing.finish()
    assert told(settled) == [(0, 1), (8, 4)]


def test_nearly_equal_stamps_wait_a_moment_for_a_better_one():
    pairing = Pairing(0.005, 10)
    pairing.add_truth(at(0, arrived_s=1.0))
    pairing.add_found(at(4, arrived_s=1.0))
    assert told(pairing.settle(1.1)) == []
    pairing.add_truth(at(4, arrived_s=1.2))
    assert told(pairing.settle(1.2)) == [(4, 4)]
    pairing.add_found(at(1, arrived_s=1.3))
    assert told(pairing.settle(2)) == [(0, 1)]


def test_stamps_beyond_the_tolerance_stay_alone():
    pairing = Pairing(0.005, 10)
    pairing.add_truth(at(0))
    pairing.add_found(at(5.1))
    pairing.add_truth(at(100))
    pairing.add_found(at(105))
    settled = pairing.finish()
    assert told(settled) == [(100, 105)]
    assert [one.stamp_ns for one in settled.unanswered] == [0]


def test_what_waits_too_long_is_given_up():
    pairing = Pairing(0.005, wait_s=2)
    pairing.add_truth(at(0, arrived_s=0))
    pairing.add_found(at(50, arrived_s=1))
    assert pairing.settle(1.9).unanswered == []
    assert len(pairing.settle(2.1).unanswered) == 1
    assert len(pairing.settle(3.1).unasked) == 1
    pairing.add_found(at(0, arrived_s=3.2))
    assert told(pairing.finish()) == []


def test_a_flight_out_of_order_is_paired_as_one_in_order():
    stamps = list(range(0, 3300, 33))
    truths = [at(stamp) for stamp in stamps]
    founds = [at(stamp + 1) for stamp in stamps if stamp % 5]
    mixed = [("t", one) for one in truths] + [("f", one) for one in founds]
    random.Random(0).shuffle(mixed)
    pairing = Pairing(0.005, 10)
    for side, one in mixed:
        (pairing.add_truth if side == "t" else pairing.add_found)(one)
    settled = pairing.finish()
    assert told(settled) == [(s, s + 1) for s in stamps if s % 5]
    assert len(settled.unanswered) == len(truths) - len(founds)


def test_a_clock_that_begins_again_pairs_each_flight_with_itself():
    pairing = Pairing(0.005, wait_s=10)
    pairing.add_truth(at(0, arrived_s=0.0))  # its detections are lost
    pairing.add_truth(at(33, arrived_s=0.1))
    pairing.add_truth(at(0, arrived_s=0.2))  # the simulation was reset
    pairing.add_found(at(33, arrived_s=0.3))  # still of the first flight
    again = at(0, arrived_s=0.4)
    pairing.add_found(again)
    pairs = pairing.settle(0.5).pairs
    assert [(t.at_s, f.at_s) for t, f in pairs] == [(0.1, 0.3), (0.2, 0.4)]


def test_what_never_matches_does_not_pile_up():
    pairing = Pairing(0.005, wait_s=1)
    for number in range(3000):
        now = number / 30
        pairing.add_truth(at(33 * number, now))
        pairing.add_found(at(33 * number + 1e9, now))
        pairing.settle(now)
        assert pairing.truth_waiting <= 31
        assert len(pairing._found) <= 31


@pytest.mark.parametrize("tolerance", [0.0, 0.005])
def test_without_tolerance_only_equal_stamps_match(tolerance):
    pairing = Pairing(tolerance, 10)
    pairing.add_truth(at(0))
    pairing.add_found(at(0.001))
    assert bool(told(pairing.finish())) is (tolerance > 0)
