"""A fleet as lines of text."""

from __future__ import annotations

from edge_compress.operators.fleet import Picture
from edge_compress.operators.node_view import Complaint, NodeView, Stream
from edge_compress.operators.status_lines import status_lines
from edge_compress.telemetry.levels import Level


def node(name, level=Level.OK, **given):
    return NodeView(name, "detector", level, 0.2, False, False, "active", **given)


def test_a_node_is_a_line_and_its_complaints_follow():
    stream = Stream("", Level.OK, rate_hz=14.9, latency_p99_ms=43.8, drops_per_s=0.5)
    hot = Complaint("heat", Level.ERROR, "97.0 °C in gpu", 3.0)
    view = node("robot1/detector", Level.ERROR, streams=(stream,), power_w=6.5, celsius=97.0)
    lines = status_lines(
        Picture([NodeView(**{**vars(view), "complaints": (hot,)}), node("robot2/detector")]), 10
    )
    assert lines == [
        (
            Level.ERROR,
            "robot1/detector  14.9 Hz  p99 44 ms  0.5 dropped/s  6.5 W  97 C",
        ),
        (Level.ERROR, "ERROR heat: 97.0 C in gpu"),
        (Level.OK, "robot2/detector  active"),
    ]


def test_what_does_not_fit_is_counted():
    lines = status_lines(Picture([node(f"robot{number}") for number in range(9)]), 4)
    assert [line.text for line in lines[:3]] == [f"robot{n}  active" for n in range(3)]
    assert lines[3].text == "and 6 lines more"
    assert len(status_lines(Picture([node(f"r{number}") for number in range(4)]), 4)) == 4


def test_nobody_is_told_of_too():
    (line,) = status_lines(Picture([]), 4)
    assert line.level is Level.STALE
    assert "no node" in line.text


def test_lines_are_plain_ascii():
    (line,) = status_lines(Picture([node("рoбот\x1b\n7")]), 4)
    assert line.text.isascii()
    assert line.text.isprintable()
