"""Opening a bundle beside whatever else the node does."""

from __future__ import annotations

import threading
from collections.abc import Callable

from edge_compress.errors import EdgeCompressError
from edge_compress.inference.tensorrt.build_status import BuildStatus, OnBuild
from edge_compress.nodes.opening import Loaded, LoadError


class Load:
    """One bundle on its way, in a thread of its own.

    Attributes:
        bundle: what is opened.
        done: set when `result` may be asked for.
    """

    def __init__(self, bundle: str, open_: Callable[[OnBuild], Loaded]) -> None:
        """Start the thread.

        Args:
            bundle: what is opened, for the operator.
            open_: opens it, and does in the thread what else belongs to it.
        """
        self.bundle = bundle
        self.done = threading.Event()
        self._open = open_
        self._status: BuildStatus | None = None
        self._cancelled = False
        self._loaded: Loaded | None = None
        self._error: Exception | None = None
        self._lock = threading.Lock()
        self._call: Callable[[], None] | None = None
        threading.Thread(target=self._run, name="load", daemon=True).start()

    def cancel(self) -> None:
        """Give up the building of an engine at TensorRT's next step."""
        self._cancelled = True

    def call_when_done(self, call: Callable[[], None]) -> None:
        """Call this when it is done, in the thread of the load; at once if it is done already."""
        with self._lock:
            if not self.done.is_set():
                self._call = call
                return
        call()

    def result(self) -> Loaded:
        """Return what was opened, once it is done.

        Raises:
            EdgeCompressError: it was refused; the message says why.
        """
        if self._loaded is not None:
            return self._loaded
        if isinstance(self._error, EdgeCompressError):
            raise self._error
        raise LoadError(f"{self.bundle}: {type(self._error).__name__}: {self._error}")

    def __str__(self) -> str:
        """Say what is opened, and how far it is."""
        status = self._status
        if status is None:
            return self.bundle
        parts = ["building its engine"]
        if status.fraction is not None:
            parts.append(f"{status.fraction:.0%}")
        if status.remaining_s:
            parts.append(f"about {status.remaining_s:.0f} s to go")
        else:  # nothing to estimate from, or it takes longer than the last time
            parts.append(f"for {status.seconds:.0f} s now")
        return f"{self.bundle} ({', '.join(parts)})"

    def _run(self) -> None:
        try:
            self._loaded = self._open(self._on_build)
        except Exception as error:  # noqa: BLE001 - raised by `result`
            self._error = error
        with self._lock:
            self.done.set()
        if self._call is not None:
            self._call()

    def _on_build(self, status: BuildStatus) -> bool:
        self._status = status
        return not self._cancelled
