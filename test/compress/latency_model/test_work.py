"""What a kernel has to do."""

from __future__ import annotations

import pytest

from edge_compress.compress.latency_model.work import family, work
from edge_compress.inference.device_table.kernel import Kernel


def conv(operator="nchwc.Conv", kernel=(3, 3), c_in=20, c_out=40, groups=1, **changes) -> Kernel:
    return Kernel(
        operator=operator,
        kernel=kernel,
        stride=(1, 1),
        groups=groups,
        inputs=((1, c_in, 10, 12),),
        output=(1, c_out, 10, 12),
        **changes,
    )


def test_channels_count_as_whole_blocks_where_the_runtime_has_blocks():
    done = work(conv(), 16)
    assert done.macs == 120 * 48 * 32 * 9
    assert done.read == 32 * 120
    assert done.written == 48 * 120
    assert work(conv("Conv"), 16).macs == 120 * 40 * 20 * 9
    assert work(conv(), 8).macs == 120 * 40 * 24 * 9


def test_a_picture_is_not_padded():
    assert work(conv(c_in=3), 16).macs == 120 * 48 * 3 * 9


def test_a_depthwise_channel_sees_itself_alone():
    kernel = conv(c_in=20, c_out=20, groups=20)
    assert work(kernel, 16).macs == 120 * 32 * 9
    assert work(kernel, 16).weights == 32 * 9


def test_a_fused_sum_is_read_too():
    alone, summed = conv(), conv()
    summed = summed.model_copy(update={"inputs": (*summed.inputs, summed.output)})
    assert work(summed, 16).read - work(alone, 16).read == 48 * 120


@pytest.mark.parametrize(
    ("kernel", "name"),
    [
        (conv(), "blocked convolution"),
        (conv(kernel=(1, 1)), "blocked pointwise"),
        (conv("FusedConv"), "plain convolution"),
        (conv("QLinearConv", kernel=(1, 1)), "integer pointwise"),
        (conv(c_in=40, groups=40), "blocked depthwise"),
        (conv(c_in=40, groups=4), "blocked grouped"),
        (Kernel(operator="FusedGemm", inputs=((1, 8),), output=(1, 4)), "Gemm"),
        (Kernel(operator="Transpose", variant="0,2,1"), "Transpose0,2,1"),
    ],
)
def test_kernels_that_are_alike_are_one_family(kernel, name):
    assert family(kernel) == name


def test_fully_connected_layers_read_all_their_weights():
    done = work(Kernel(operator="Gemm", inputs=((1, 784),), output=(1, 100)), 16)
    assert done.macs == done.weights == 78_400
