"""Lines of text as a picture."""

import numpy as np

from edge_compress.vision.text_page import draw_page

RED, GREEN = (0, 0, 255), (0, 255, 0)


def test_each_line_is_written_in_its_colour_and_place():
    page = draw_page([("first", RED), ("second", GREEN)], 200)
    assert page.dtype == np.uint8
    assert page.shape[1:] == (200, 3)
    upper, lower = page[: page.shape[0] // 2], page[page.shape[0] // 2 :]
    assert strong(upper, 2) > 30 > strong(upper, 1)
    assert strong(lower, 1) > 30 > strong(lower, 2)


def strong(picture, channel):
    """Count the pixels of which one channel is bright and the others are not."""
    others = [c for c in (0, 1, 2) if c != channel]
    return int(((picture[..., channel] > 200) & (picture[..., others].max(-1) < 100)).sum())


def test_a_line_that_is_too_long_is_cut_off_within_the_page():
    page = draw_page([("W" * 500, RED)], 300)
    assert (page[:, -8:] == page[0, 0]).all()
    assert (page[:, 250:285] != page[0, 0]).any()


def test_every_page_of_as_many_lines_is_as_high():
    assert draw_page([("", RED)] * 5, 100).shape == draw_page([("x", RED)] * 5, 100).shape
