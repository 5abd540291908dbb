"""Weights that lie on few levels, stored in few bits and unpacked by the graph itself."""

from edge_compress.compress.packing.additions import PREFIX
from edge_compress.compress.packing.pack import is_packed, pack

__all__ = ["PREFIX", "is_packed", "pack"]
