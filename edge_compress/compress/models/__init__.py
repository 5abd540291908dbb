"""Models from .onnx files, torchvision and user code, as torch modules."""

from edge_compress.compress.models.errors import ModelSourceError
from edge_compress.compress.models.load import load_model

__all__ = ["ModelSourceError", "load_model"]
