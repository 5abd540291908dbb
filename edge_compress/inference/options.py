"""How each runtime is to run a model; the defaults suit a robot."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from edge_compress.bundle.schema import StrictModel


class CpuOptions(StrictModel):
    """ONNX Runtime on the CPU."""

    spin: bool = Field(
        False,
        description="threads that wait turn in circles: microseconds are won, a core is lost",
    )
    arena: bool = Field(
        True, description="keep freed memory for the next frame; off gives it back, and is slower"
    )


class CudaOptions(StrictModel):
    """ONNX Runtime's CUDA provider."""

    memory_limit_mb: int | None = Field(
        None, gt=0, description="largest size of the arena on the GPU, in MiB"
    )
    arena_growth: Literal["as_requested", "doubling"] = Field(
        "as_requested", description="doubling asks the GPU less often and keeps more than it needs"
    )
    convolution_search: Literal["exhaustive", "heuristic", "default"] = Field(
        "exhaustive", description="how cuDNN's kernels are chosen; exhaustive makes the start slow"
    )


class TensorrtOptions(StrictModel):
    """TensorRT, used directly or as ONNX Runtime's provider. Each option is part of an engine."""

    backend: Literal["auto", "native", "onnxruntime"] = Field(
        "auto", description="auto takes TensorRT itself where it is installed"
    )
    precision: Literal["file", "fp16"] = Field(
        "file",
        description="file computes as the model is written; fp16 also allows half precision where "
        "it is written as float32, which TensorRT 11 cannot",
    )
    workspace_mb: int | None = Field(
        None, gt=0, description="scratch memory of the engine at most, in MiB; none leaves it free"
    )
    dla_core: int | None = Field(
        None, ge=0, description="run on this Deep Learning Accelerator; the GPU does what it cannot"
    )
    optimization_level: int | None = Field(
        None, ge=0, le=5, description="5 builds longest and runs fastest; from TensorRT 8.6 on"
    )
    cuda_graph: bool = Field(True, description="replay a frame's GPU work as one graph")
    timing_cache: bool = Field(True, description="remember kernels' timings for the next build")
    batch: tuple[int, int, int] = Field(
        (1, 1, 1), description="least, usual and largest batch, where the model leaves it free"
    )
    size: tuple[int, int] | None = Field(
        None, description="height and width in pixels, where the model leaves them free"
    )
    cache: Path | None = Field(
        None, description="folder of engines; none is $EDGE_COMPRESS_CACHE or the user's cache"
    )

    @field_validator("batch")
    @classmethod
    def _batch_grows(cls, batch: tuple[int, int, int]) -> tuple[int, int, int]:
        least, usual, largest = batch
        if not 1 <= least <= usual <= largest:
            raise ValueError(f"`batch` must be 1 <= least <= usual <= largest, got {batch}")
        return batch

    @field_validator("size")
    @classmethod
    def _size_is_positive(cls, size: tuple[int, int] | None) -> tuple[int, int] | None:
        if size is not None and min(size) < 1:
            raise ValueError(f"`size` must be positive, got {size}")
        return size


class RuntimeOptions(StrictModel):
    """Options of every runtime; each takes its own."""

    device_id: int = Field(0, ge=0, description="GPU, as CUDA counts them")
    cpu: CpuOptions = CpuOptions()
    cuda: CudaOptions = CudaOptions()
    tensorrt: TensorrtOptions = TensorrtOptions()

    def for_size(self, height: int, width: int) -> RuntimeOptions:
        """The same, with a bundle's input size for TensorRT where none was given."""
        if self.tensorrt.size is not None:
            return self
        sized = self.tensorrt.model_copy(update={"size": (height, width)})
        return self.model_copy(update={"tensorrt": sized})
