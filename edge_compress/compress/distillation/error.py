"""What makes a distillation impossible before it begins."""

from edge_compress.errors import EdgeCompressError


class DistillationError(EdgeCompressError):
    """Teacher, student and data do not go together; the message names the key and what to do."""
