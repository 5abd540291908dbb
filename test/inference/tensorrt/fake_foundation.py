"""Of the fake TensorRT: enumerations, and what the user's own classes are derived from."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fake_tensorrt import FakeTensorrt


def foundation(fake: FakeTensorrt) -> list[type]:
    """Return the classes of this version."""
    at_least = fake.at_least

    class ILogger:
        class Severity(IntEnum):
            INTERNAL_ERROR = 0
            ERROR = 1
            WARNING = 2

        def log(self, severity, msg):
            raise NotImplementedError

    class NetworkDefinitionCreationFlag(IntEnum):
        if not at_least(11, 0):
            EXPLICIT_BATCH = 0
        if at_least(10, 0):
            STRONGLY_TYPED = 1

    class BuilderFlag(IntEnum):
        if not at_least(11, 0):
            FP16 = 0
            INT8 = 1
        GPU_FALLBACK = 3

    class MemoryPoolType(IntEnum):
        WORKSPACE = 0

    class DeviceType(IntEnum):
        GPU = 0
        DLA = 1

    class TensorIOMode(IntEnum):
        NONE = 0
        INPUT = 1
        OUTPUT = 2

    kinds = ["FLOAT", "HALF", "INT8", "INT32", "BOOL", "UINT8"]
    kinds += ["INT64"] if at_least(10, 0) else []
    DataType = Enum("DataType", kinds)  # noqa: N806 - a class

    class IOutputAllocator:
        def reallocate_output(self, tensor_name, memory, size, alignment):
            raise NotImplementedError

        def notify_shape(self, tensor_name, shape):
            raise NotImplementedError

    class IHostMemory:
        def __init__(self, content):
            self._content = content

        def __bytes__(self):
            return self._content

    class IProgressMonitor:
        def phase_start(self, phase_name, parent_phase, num_steps):
            raise NotImplementedError

        def step_complete(self, phase_name, step):
            raise NotImplementedError

        def phase_finish(self, phase_name):
            raise NotImplementedError

    classes = [
        ILogger,
        NetworkDefinitionCreationFlag,
        BuilderFlag,
        MemoryPoolType,
        DeviceType,
        TensorIOMode,
        DataType,
        IOutputAllocator,
        IHostMemory,
    ]
    return [*classes, IProgressMonitor] if at_least(10, 0) else classes
