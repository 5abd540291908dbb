"""Weights that lie on few levels, stored in few bits and unpacked by the graph itself."""

from edge_compress.compress.packing.additions import PREFIX
from edge_compress.compress.packing.pack import pack

__all__ = ["PREFIX", "pack"]
