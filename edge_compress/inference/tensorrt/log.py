"""What TensorRT says, kept so that an error can tell its reason."""

from __future__ import annotations

import logging
from typing import Any

_LOG = logging.getLogger(__name__)


def new_log(trt: Any) -> Any:
    """Return a logger for TensorRT.

    Its errors come out where the call that failed is reported; everything goes to Python's logging
    at level DEBUG besides, since TensorRT warns of much that nobody can mend.

    Args:
        trt: the `tensorrt` module.

    Returns:
        An object of a class derived from ``tensorrt.ILogger`` with ``last_error``, a string.
    """

    class Log(trt.ILogger):  # type: ignore[misc]  # TensorRT has no types
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.last_error = ""

        def log(self, severity: Any, msg: str) -> None:
            _LOG.debug("%s", msg)
            if int(severity) <= int(trt.ILogger.Severity.ERROR):
                self.last_error = " ".join(msg.split())

    return Log()
