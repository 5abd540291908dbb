"""Work that is given up on when it hangs: the opening of a session, and its runs."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edge_compress.inference.session import ProviderError, Session

# The first run of each shape may choose kernels, or build a whole engine.
_FIRST_S = 600.0
# A process that was stopped, by a debugger or because the board slept, wakes up with its time run
# out: that takes one part of the limit, not all of it.
_PARTS = 4
_CLOSE_S = 2.0

T = TypeVar("T")
_Requests = SimpleQueue["NDArray[np.float32] | None"]
_Answers = SimpleQueue["tuple[list[NDArray[Any]] | Exception, float]"]


class WatchedSession:
    """Runs a session in a thread of its own, and waits for it only so long.

    The runtime must let go of the interpreter while it computes, as ONNX Runtime and TensorRT do:
    code that hangs and holds it stops the whole process.

    Attributes:
        provider: of the session.
        input_name: of the session.
        input_shape: of the session.
        output_names: of the session.
        cpu_s: CPU seconds that the last run took of the session's thread.
    """

    def __init__(self, session: Session, seconds: float, first_s: float = _FIRST_S) -> None:
        """Start the thread.

        Args:
            session: open; from now on it belongs to the thread, which closes it.
            seconds: a run that takes longer has hung.
            first_s: the same for the first run of each input shape, where that is more.
        """
        self.provider = session.provider
        self.input_name = session.input_name
        self.input_shape = session.input_shape
        self.output_names = session.output_names
        self.cpu_s = 0.0
        self._seconds = seconds
        self._first_s = max(first_s, seconds)
        self._known: set[tuple[int, ...]] = set()
        self._requests: _Requests = SimpleQueue()
        self._answers: _Answers = SimpleQueue()
        self._owing = False
        # A daemon, and no pool's thread: what hangs must not hold up the exit.
        self._thread = threading.Thread(
            target=_serve,
            args=(session, self._requests, self._answers),
            name=f"run-{session.provider}",
            daemon=True,
        )
        self._thread.start()
        self._end = weakref.finalize(self, self._requests.put, None)
        # While the interpreter shuts down it is too late to free a model in another thread.
        self._end.atexit = False

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[Any]]:
        """Run the model once on a float32 [n, 3, height, width] tensor.

        Raises:
            ProviderError: the provider failed, hung, or has not come back since.
        """
        if not self._end.alive:
            raise ProviderError("the session is closed")
        if self._owing and self._answer(0.0) is None:
            raise ProviderError(f"{self.provider} hung, and has not come back")
        seconds = self._seconds if tensor.shape in self._known else self._first_s
        # Set first: an interrupted wait must not leave its answer to the next frame.
        self._owing = True
        self._requests.put(tensor)
        answer = self._answer(seconds)
        if answer is None:
            self.cpu_s = 0.0
            raise ProviderError(f"{self.provider} hung: no result in {seconds:g} s")
        outcome, self.cpu_s = answer
        if isinstance(outcome, Exception):
            raise outcome
        self._known.add(tensor.shape)
        return outcome

    def close(self) -> None:
        """Let the thread free the model: now, or when what hangs comes back."""
        self._end()
        if not self._owing:
            self._thread.join(_CLOSE_S)

    def _answer(self, seconds: float) -> tuple[list[NDArray[Any]] | Exception, float] | None:
        """What the thread answers in time, or None."""
        for _ in range(_PARTS if seconds else 1):
            with suppress(Empty):
                answer = self._answers.get(timeout=seconds / _PARTS)
                self._owing = False
                return answer
        return None


def within(seconds: float, call: Callable[[], T], late: Callable[[T], object]) -> T:
    """Return what a call returns, or raise what it raises, if it comes back in time.

    Args:
        seconds: how long it may take; it goes on in a thread of its own after that.
        call: what may hang.
        late: takes what came too late.

    Raises:
        ProviderError: it took longer.
    """
    answer: Future[T] = Future()

    def work() -> None:
        try:
            outcome = call()
        except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
            if answer.set_running_or_notify_cancel():
                answer.set_exception(error)
        else:
            if answer.set_running_or_notify_cancel():
                answer.set_result(outcome)
            else:
                late(outcome)

    threading.Thread(target=work, name="opening", daemon=True).start()
    try:
        return answer.result(seconds)
    except FutureTimeoutError:
        if answer.cancel():
            raise ProviderError(f"was not ready in {seconds:g} s") from None
        return answer.result()  # at the last moment, or an error of the same kind


def _serve(session: Session, requests: _Requests, answers: _Answers) -> None:
    """The thread; it knows nothing of the watched session, which may be freed before it ends."""
    while (tensor := requests.get()) is not None:
        start = time.thread_time()
        outcome: list[NDArray[Any]] | Exception
        try:
            outcome = session.run(tensor)
        except Exception as error:  # noqa: BLE001 - raised again by `run`
            outcome = error
        answers.put((outcome, time.thread_time() - start))
        del tensor, outcome  # a frame is not kept until the next one comes
    session.close()
