"""A session under a watchdog."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from fake_provider import FakeProvider, until

from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.inference.session import ProviderError
from edge_compress.inference.watchdog import WatchedSession, within

TENSOR = np.full((1, 3, 64, 96), 200, np.float32)
SHORT = 0.1


@pytest.fixture
def fake(make_detector_onnx):
    fake = FakeProvider(make_detector_onnx())
    yield fake
    fake.release.set()


@pytest.fixture
def watched(fake):
    """A session that has run once and now may take 0.1 s."""
    session = WatchedSession(fake, SHORT)
    session.run(TENSOR)
    yield session
    fake.release.set()
    session.close()


def test_it_gives_what_the_session_gives_and_is_what_the_session_is(make_detector_onnx):
    plain = OrtSession(make_detector_onnx(), threads=1)
    watched = WatchedSession(OrtSession(make_detector_onnx(), threads=1), 5.0)
    for name in ("provider", "input_name", "input_shape", "output_names"):
        assert getattr(watched, name) == getattr(plain, name)
    for value in (0, 100, 200):
        tensor = np.full_like(TENSOR, value)
        np.testing.assert_array_equal(watched.run(tensor)[0], plain.run(tensor)[0])
    watched.close()


def test_it_runs_and_is_closed_in_one_thread_of_its_own(fake):
    watched = WatchedSession(fake, 5.0)
    watched.run(TENSOR)
    watched.run(TENSOR)
    watched.close()
    assert fake.closed
    assert set(fake.threads) == {"run-cuda"}


def test_cpu_time_is_that_of_the_thread_that_ran(make_detector_onnx):
    watched = WatchedSession(OrtSession(make_detector_onnx(256, 256, slow=True), threads=1), 60.0)
    before = time.thread_time()
    watched.run(np.zeros((1, 3, 256, 256), np.float32))
    assert watched.cpu_s > time.thread_time() - before
    watched.close()


def test_what_the_session_raises_comes_out(watched, fake):
    watched._seconds = 60.0
    fake.fault = "raise"
    with pytest.raises(ProviderError, match="fallen off the bus"):
        watched.run(TENSOR)
    fake.fault = ""
    assert len(watched.run(TENSOR)) == 1


def test_a_run_that_hangs_is_given_up(watched, fake):
    fake.fault = "hang"
    with pytest.raises(ProviderError, match=r"cuda hung: no result in 0\.1 s"):
        watched.run(TENSOR)
    # Nobody waits for it twice, and it is not asked again.
    with pytest.raises(ProviderError, match="has not come back"):
        watched.run(TENSOR)
    assert fake.runs == 2


def test_what_comes_back_late_is_not_taken_for_the_next_frame(watched, fake):
    fake.fault = "hang"
    with pytest.raises(ProviderError, match="hung"):
        watched.run(TENSOR)
    watched._seconds = 60.0
    fake.fault = ""
    fake.release.set()
    until(lambda: not watched._answers.empty())
    dark = np.zeros_like(TENSOR)
    expected = fake._session.run(dark)[0]
    np.testing.assert_array_equal(watched.run(dark)[0], expected)


def test_an_interrupted_wait_leaves_nothing_to_the_next_frame(watched, fake, monkeypatch):
    watched._seconds = 60.0

    def interrupted(seconds):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(watched, "_answer", interrupted)
        with pytest.raises(KeyboardInterrupt):
            watched.run(TENSOR)
    until(lambda: not watched._answers.empty())
    dark = np.zeros_like(TENSOR)
    np.testing.assert_array_equal(watched.run(dark)[0], fake._session.run(dark)[0])


def test_the_first_run_of_each_size_may_take_longer(fake):
    watched = WatchedSession(fake, SHORT, first_s=30.0)
    fake.fault = "hang"
    threading.Timer(3 * SHORT, fake.release.set).start()
    assert len(watched.run(TENSOR)) == 1
    fake.release.clear()
    with pytest.raises(ProviderError, match="hung"):
        watched.run(TENSOR)


def test_what_hangs_is_closed_when_it_comes_back_and_not_before(watched, fake):
    fake.fault = "hang"
    with pytest.raises(ProviderError, match="hung"):
        watched.run(TENSOR)
    watched.close()
    with pytest.raises(ProviderError, match="closed"):
        watched.run(TENSOR)
    assert not fake.closed
    fake.release.set()
    until(lambda: fake.closed)


def test_one_that_is_forgotten_is_closed_too(fake):
    watched = WatchedSession(fake, 5.0)
    watched.run(TENSOR)
    del watched
    gc.collect()
    until(lambda: fake.closed)


def test_a_session_that_hangs_does_not_hold_up_the_exit(make_detector_onnx):
    program = f"""
import sys, time
import numpy as np
sys.path.insert(0, {str(Path(__file__).parent / "material")!r})
from pathlib import Path
from fake_provider import FakeProvider
from edge_compress.inference.watchdog import WatchedSession
session = WatchedSession(FakeProvider(Path({str(make_detector_onnx())!r}), "hang"), 0.1, 0.1)
try:
    session.run(np.zeros((1, 3, 64, 96), np.float32))
except Exception as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "cuda hung: no result in 0.1 s\n"


def test_a_process_that_was_stopped_has_not_hung(make_detector_onnx):
    program = f"""
import sys
import numpy as np
from pathlib import Path
from edge_compress.inference.onnxruntime_session import OrtSession
from edge_compress.inference.watchdog import WatchedSession

class Waiting(OrtSession):
    def run(self, tensor):
        print("running", flush=True)
        sys.stdin.readline()
        return super().run(tensor)

session = WatchedSession(Waiting(Path({str(make_detector_onnx())!r}), threads=1), 4.0, 4.0)
print(len(session.run(np.zeros((1, 3, 64, 96), np.float32))))
"""
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout.readline() == "running\n"
        child.send_signal(signal.SIGSTOP)
        time.sleep(4.5)  # longer than the watchdog waits
        child.stdin.write("\n")
        child.stdin.flush()
        child.send_signal(signal.SIGCONT)
        assert child.stdout.readline() == "1\n"
    finally:
        child.kill()
        child.communicate()


def test_a_call_in_time_gives_what_it_returns_or_raises():
    assert within(10.0, lambda: 7, late=None) == 7
    for error in (ProviderError("no GPU"), TimeoutError("the network's")):
        with pytest.raises(type(error), match=str(error)):
            within(10.0, partial(_raise, error), late=None)


def test_what_comes_too_late_is_handed_over():
    go, came = threading.Event(), []
    with pytest.raises(ProviderError, match=r"was not ready in 0\.1 s"):
        within(SHORT, lambda: go.wait() and "opened", late=came.append)
    go.set()
    until(lambda: came == ["opened"])


def _raise(error):
    raise error
