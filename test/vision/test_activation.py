"""Activations at both ends of the number range."""

from __future__ import annotations

import numpy as np

from edge_compress.vision.heads.activation import sigmoid, softmax


def test_softmax_sums_to_one_without_overflow():
    probabilities = softmax(np.array([[1e4, 1e4, -1e4], [1, 2, 3]], np.float32))
    np.testing.assert_allclose(probabilities[0], [0.5, 0.5, 0], atol=1e-6)
    expected = np.exp([1, 2, 3]) / np.exp([1, 2, 3]).sum()
    np.testing.assert_allclose(probabilities[1], expected, rtol=1e-6)


def test_sigmoid_is_exact_and_does_not_overflow():
    with np.errstate(all="raise"):
        values = sigmoid(np.array([-1e4, -2, 0, 2, 1e4], np.float32))
    np.testing.assert_allclose(values, [0, 0.119203, 0.5, 0.880797, 1], atol=1e-6)
