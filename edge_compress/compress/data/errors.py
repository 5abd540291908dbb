"""What is raised when labelled data cannot be used."""

from edge_compress.errors import EdgeCompressError


class DataError(EdgeCompressError):
    """The data cannot be used; the message names the file or key, what is wrong, what to do."""
