"""What is made of the frames that came."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge_compress.doctor.frames import Heard, judge

NOW = 1_800_000_000 * 10**9
PERIOD = 50_000_000
ARRIVED = tuple(NOW + number * PERIOD for number in range(100))

# 20 frames a second, each 8 ms old, none lost.
GOOD = Heard(
    seconds=5.0,
    arrived_ns=ARRIVED,
    stamps_ns=tuple(arrived - 8_000_000 for arrived in ARRIVED),
    frame="640x480 bgr8",
    frame_bytes=921_700,
    frame_id="camera_optical_frame",
    missing=0,
    told_lost=0,
    unreadable="",
    sim_time=False,
)


def found(heard, what):
    return [finding for finding in judge(heard, "REMEDY") if finding.what == what]


def test_good_frames_are_good():
    findings = judge(GOOD, "REMEDY")
    assert {finding.level for finding in findings} == {"OK"}
    text = " ".join(finding.found for finding in findings)
    assert "20.0 per second" in text
    assert "8.0 ms old" in text


def test_no_frame_at_all_is_an_error_with_the_remedy():
    (only,) = judge(replace(GOOD, arrived_ns=(), stamps_ns=()), "REMEDY")
    assert only.level == "ERROR"
    assert "REMEDY" in only.remedy


@pytest.mark.parametrize(
    ("missing", "told", "level"),
    [(5, 0, "WARN"), (0, 5, "WARN"), (None, 5, "WARN"), (900, 3, "ERROR"), (None, 0, "OK")],
)
def test_lost_frames_are_counted_by_whoever_saw_more_of_them(missing, told, level):
    (loss,) = found(replace(GOOD, missing=missing, told_lost=told), "loss")
    assert loss.level == level
    assert (loss.remedy == "REMEDY") == (level != "OK")


@pytest.mark.parametrize(
    ("shift_ms", "level", "said"),
    [(4, "OK", "old"), (200, "WARN", "in the future"), (-3000, "WARN", "3.0 s old")],
)
def test_stamps_of_another_clock_are_seen(shift_ms, level, said):
    stamps = tuple(stamp + shift_ms * 1_000_000 for stamp in GOOD.stamps_ns)
    (stamps_found,) = found(replace(GOOD, stamps_ns=stamps), "stamps")
    assert stamps_found.level == level
    assert said in stamps_found.found
    (in_simulation,) = found(replace(GOOD, stamps_ns=stamps, sim_time=True), "stamps")
    assert in_simulation.level == "OK"


def test_stamps_that_go_back_or_are_missing_are_seen():
    mixed = (*GOOD.stamps_ns[:50], *GOOD.stamps_ns[:50])
    (back,) = found(replace(GOOD, stamps_ns=mixed), "stamps")[:1]
    assert back.level == "WARN"
    assert "went back 1 times" in back.found
    (none,) = found(replace(GOOD, stamps_ns=(0,) * 100), "stamps")
    assert none.level == "WARN"
    assert "none" in none.found


def test_a_hole_in_the_rate_is_seen():
    late = (*ARRIVED[:50], *(arrived + 10 * PERIOD for arrived in ARRIVED[50:]))
    (rate,) = found(replace(GOOD, arrived_ns=late), "rate")
    assert rate.level == "WARN"
    assert "550 ms" in rate.found
    (alone,) = found(replace(GOOD, arrived_ns=ARRIVED[:1], stamps_ns=ARRIVED[:1]), "rate")
    assert alone.level == "WARN"


def test_a_frame_that_the_detector_cannot_use_is_seen():
    (encoding,) = found(replace(GOOD, unreadable="encoding '8UC7' is not known"), "encoding")
    assert encoding.level == "ERROR"
    assert "8UC7" in encoding.found
    (frame_id,) = found(replace(GOOD, frame_id=""), "frame_id")
    assert frame_id.level == "WARN"
