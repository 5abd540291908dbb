"""What is raised when a model cannot be loaded."""

from edge_compress.errors import EdgeCompressError


class ModelSourceError(EdgeCompressError):
    """The model cannot be used; the message names the file or function, and what to do."""
