"""What an engine depends on: if any of it differs, it is another engine."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from edge_compress.inference.options import TensorrtOptions
from edge_compress.inference.tensorrt.library import Library
from edge_compress.inference.tensorrt.model_file import ModelFile

_SHORT = 16


@dataclass(frozen=True)
class EngineKey:
    """The identity of an engine.

    Attributes:
        model: sha256 of the .onnx file, in hex.
        tensorrt: its full version; engines do not outlive an update.
        gpu: name, compute capability and number of multiprocessors.
        built_for: the options that change what is built: precision, shapes and the like.
    """

    model: str
    tensorrt: str
    gpu: tuple[str, str, int]
    built_for: tuple[tuple[str, Any], ...]

    @classmethod
    def of(cls, model: ModelFile, library: Library, options: TensorrtOptions) -> EngineKey:
        """Return the key of what these would build."""
        gpu = library.gpu
        parts = {
            "precision": options.precision,
            "batch": list(options.batch),
            "size": None if options.size is None else list(options.size),
            "workspace_mb": options.workspace_mb,
            "dla_core": options.dla_core,
            "optimization_level": options.optimization_level,
        }
        return cls(
            model.sha256,
            library.version,
            (gpu.name, gpu.compute, gpu.multiprocessors),
            tuple(parts.items()),
        )

    @property
    def as_json(self) -> dict[str, Any]:
        """The key as it is written into the engine's file."""
        return {**asdict(self), "gpu": list(self.gpu), "built_for": dict(self.built_for)}

    @property
    def file_name(self) -> str:
        """Of the engine; those of one model begin alike."""
        text = json.dumps(self.as_json, sort_keys=True)
        return f"{self.model_prefix}-{hashlib.sha256(text.encode()).hexdigest()[:_SHORT]}.engine"

    @property
    def model_prefix(self) -> str:
        """What the names of all engines of one model begin with."""
        return self.model[:_SHORT]

    @property
    def timing_name(self) -> str:
        """Of the timing cache, which all models share on one GPU with one TensorRT."""
        text = json.dumps([self.tensorrt, *self.gpu])
        return f"timing-{hashlib.sha256(text.encode()).hexdigest()[:_SHORT]}.cache"
