"""A machine whose kernels take what a law says, so that predictions can be checked exactly."""

from __future__ import annotations

import math

from edge_compress.inference.device_table.block import channel_block
from edge_compress.inference.device_table.kernel import Kernel
from edge_compress.inference.device_table.networks import random_network
from edge_compress.inference.device_table.table import DeviceTable, Row, WholeRun
from edge_compress.inference.device_table.trace import Tracer

CALL_MS, KERNEL_MS = 0.02, 0.002


def law(kernel: Kernel) -> float:
    """Milliseconds: 20 MACs a nanosecond with whole blocks of 8, 1 value a nanosecond."""
    values = sum(math.prod(shape) for shape in (*kernel.inputs, kernel.output))
    macs = 0.0
    if kernel.operator.endswith("Conv"):
        c_in, c_out = (-(-c // 8) * 8 for c in (kernel.input[1], kernel.output[1]))
        area = math.prod(kernel.output[2:])
        macs = area * c_out * c_in / kernel.groups * math.prod(kernel.kernel)
    elif "Gemm" in kernel.operator:
        macs = kernel.input[-1] * kernel.output[-1]
    return 1e-3 + macs / 20e6 + values / 1e6


def whole(kernels: list[Kernel]) -> float:
    """Milliseconds of a network, with what each call and each kernel costs besides."""
    return CALL_MS + sum(law(kernel) + KERNEL_MS for kernel in kernels)


def kernels_of(model: bytes) -> list[Kernel]:
    with Tracer(model) as tracer:
        tracer.run()
        return [timed.kernel for timed in tracer.kernels()]


def invented_table(networks: int, **changes: object) -> DeviceTable:
    rows, runs = {}, []
    for number in range(networks):
        kernels = kernels_of(random_network(number))
        for kernel in kernels:
            ms = law(kernel)
            rows[kernel] = Row(**kernel.model_dump(), p25_ms=ms, p50_ms=1.1 * ms, runs=10)
        runs.append(
            WholeRun(
                kernels=len(kernels),
                kernels_ms=sum(law(kernel) for kernel in kernels),
                p50_ms=whole(kernels),
            )
        )
    fields = {
        "device": "Robot Board 2",
        "provider": "cpu",
        "threads": 1,
        "block": channel_block(),
        "libraries": {},
        "created": "2026-01-01T00:00:00Z",
        "rows": tuple(rows.values()),
        "whole": tuple(runs),
    }
    return DeviceTable.model_validate({**fields, **changes})
