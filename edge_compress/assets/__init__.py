"""Models and footage for the demo, the tests and the benchmarks, fetched by name and hash."""

from edge_compress.assets.cache import fetch
from edge_compress.assets.errors import AssetError
from edge_compress.assets.registry import ASSETS

__all__ = ["ASSETS", "AssetError", "fetch"]
