"""Models, footage and data sets for demo, tests and benchmarks, fetched by name and hash."""

from edge_compress.assets.cache import fetch
from edge_compress.assets.errors import AssetError
from edge_compress.assets.registry import ASSETS

__all__ = ["ASSETS", "AssetError", "fetch"]
