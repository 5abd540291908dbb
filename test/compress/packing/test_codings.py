"""Each kind of weight takes the bits that it needs, and comes back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edge_compress.compress.packing.choose import codings
from edge_compress.compress.packing.digits import digits_per_word, packed_bytes

SHAPE = (32, 16, 3, 3)


def noise(shape=SHAPE, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def factors(axis: int, shape=SHAPE) -> np.ndarray:
    """What batch norm multiplies the channels by."""
    sizes = [n if i == axis else 1 for i, n in enumerate(shape)]
    return np.random.default_rng(1).uniform(0.1, 3, sizes).astype(np.float32)


def symmetric(weight: np.ndarray, bits: int) -> np.ndarray:
    step = np.abs(weight).max() / (2 ** (bits - 1) - 1)
    return (np.rint(weight / step) * step).astype(np.float32)


@pytest.mark.parametrize("bits", range(2, 9))
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_a_grid_of_k_bits(through, bits, axis):
    weight = symmetric(noise(), bits)
    if axis is not None:
        weight = weight * factors(axis)
    packed = through({"w": weight})
    assert packed.after < weight.size * bits / 8 * 1.07 + 1100


def test_an_unsigned_grid_with_a_zero_point_for_each_channel(through):
    weight = noise() + np.linspace(-1, 1, 32, dtype=np.float32)[:, None, None, None]
    low, high = weight.min((1, 2, 3), keepdims=True), weight.max((1, 2, 3), keepdims=True)
    step = (high - low) / 255
    zero = np.rint(-low / step)
    weight = ((np.clip(np.rint(weight / step) + zero, 0, 255) - zero) * step).astype(np.float32)
    packed = through({"w": weight})
    assert packed.shrunk > 3.4


def test_binary_takes_one_bit(through):
    weight = np.sign(noise()) * factors(0)
    packed = through({"w": weight})
    assert packed.after < weight.size / 8 + 1500


def test_ternary_takes_less_than_two_bits(through):
    shape = (64, 64, 3, 3)
    weight = (np.sign(noise(shape)) * (np.abs(noise(shape)) > 0.5) * factors(0, shape)).astype(
        np.float32
    )
    packed = through({"w": weight})
    assert packed.after < weight.size * 1.7 / 8 + 1500


@pytest.mark.parametrize("axis", [None, 0])
def test_four_levels_of_any_value(through, axis):
    shape = (64, 32, 3, 3)
    levels = np.array([-0.91, -0.17, 0.2, 1.3], np.float32)
    weight = levels[np.random.default_rng(0).integers(0, 4, shape)]
    weight = weight if axis is None else weight * factors(axis, shape)
    packed = through({"w": weight})
    assert (packed.weights["w"] == weight).all(), "a codebook is exact to the bit"
    own_tables = 0 if axis is None else 64 * 4 * 4
    assert packed.after < weight.size * 2.1 / 8 + own_tables + 1500


@pytest.mark.parametrize(
    ("share", "bits"), [(0.5, 17.2), (0.75, 9.2), (0.9, 4.1), (0.97, 1.3), (0.999, 0.3)]
)
def test_sparse_float_weights(through, share, bits):
    weight = noise((300, 784))
    weight[np.abs(weight) < np.quantile(np.abs(weight), share)] = 0
    packed = through({"w": weight})
    assert (packed.weights["w"] == weight).all()
    assert packed.after < weight.size * bits / 8


def test_sparse_weights_on_a_grid_take_fewer_bits_still(through):
    weight = noise((300, 784))
    weight[np.abs(weight) < np.quantile(np.abs(weight), 0.9)] = 0
    weight = symmetric(weight, 4) * factors(0, (300, 784))
    packed = through({"w": weight})
    assert packed.after < weight.size * 1.35 / 8


def test_two_of_four(through):
    weight = noise((64, 256))
    order = np.argsort(np.abs(weight).reshape(64, 64, 4), axis=-1)
    np.put_along_axis(weight.reshape(64, 64, 4), order[..., :2], 0, axis=-1)
    packed = through({"w": weight})
    assert (packed.weights["w"] == weight).all()
    assert packed.after < weight.size * 17.1 / 8 + 1500


def test_dead_channels_do_not_spoil_the_others(through):
    weight = np.sign(noise()) * factors(0)
    weight[[3, 17]] = 0
    packed = through({"w": weight})
    assert packed.after < weight.size / 8 + 1500


@pytest.mark.parametrize("value", [0.0, -0.7])
def test_one_value_everywhere(through, value):
    weight = np.full(SHAPE, value, np.float32)
    packed = through({"w": weight})
    assert (packed.weights["w"] == weight).all()
    assert packed.after < 500


def test_dense_weights_have_no_coding():
    assert codings(noise()) == []
    assert codings(noise((64, 1, 3, 3))) == [], "few values a channel are no grid yet"
    assert codings(np.where(noise() > 0, np.float32(np.nan), np.float32(1))) == []


def test_digits_fill_their_words():
    for base in (2, 3, 4, 7, 15, 31, 63, 127, 128):
        each = digits_per_word(base)
        assert base**each <= 2**63 < base ** (each + 1)
        assert packed_bytes(10_000, base) * 8 / 10_000 < math.log2(base) * 1.11
    assert packed_bytes(1000, 255) == 1000


@st.composite
def weights(draw: st.DrawFn) -> np.ndarray:
    """Grids, codebooks and dense values of all shapes, with zeros, dead and scaled channels."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=12))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    count = draw(st.sampled_from([1, 2, 3, 4, 15, 128, 129, 255, 256, 300]))
    codes = random.integers(0, count, shape)
    kind = draw(st.sampled_from(["grid", "codebook", "dense"]))
    if kind == "grid":
        step = np.float32(draw(st.floats(1e-6, 1e3)))
        weight = step * (codes - draw(st.integers(0, count))).astype(np.float32)
    elif kind == "codebook":
        weight = random.normal(size=count).astype(np.float32)[codes]
    else:
        weight = random.normal(size=shape).astype(np.float32)
    axis = draw(st.sampled_from([None, *range(len(shape))]))
    if axis is not None:
        weight = weight * factors(axis, shape)
        if draw(st.booleans()):
            weight = weight * (random.random(factors(axis, shape).shape) < 0.8)
    zeros = draw(st.sampled_from([0.0, 0.3, 0.9, 0.99, 1.0]))
    return (weight * (random.random(shape) >= zeros)).astype(np.float32)


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(weights=st.lists(weights(), min_size=1, max_size=4))
def test_whatever_a_weight_holds_comes_back(through, weights):
    given_weights = {f"w{i}": weight for i, weight in enumerate(weights)}
    packed = through(given_weights)
    assert packed.after <= packed.before
