"""A dead process is known at once on its own machine, and never guessed on another."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from edge_compress.compress.search import alive
from edge_compress.compress.search.alive import Heartbeat, is_dead, name_of, this_worker


def test_a_worker_that_runs_is_not_dead():
    assert not is_dead(this_worker())
    assert name_of(this_worker()).endswith(f":{os.getpid()}")


def test_another_process_with_the_same_number_is_another_worker():
    assert is_dead({**this_worker(), "started": "1"})


@pytest.mark.parametrize("key", ["host", "boot", "processes"])
def test_a_process_that_cannot_be_seen_is_not_called_dead(key):
    """On another host, before a restart, in another container: the same number means nothing."""
    assert not is_dead({**this_worker(), key: "other", "pid": 2**22 + 1})


def test_a_process_that_is_gone_but_not_waited_for_is_dead():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    worker = {**this_worker(), "pid": process.pid, "started": alive._started(process.pid)}
    assert not is_dead(worker)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie from here on
    assert is_dead(worker)
    process.wait()
    assert is_dead(worker)


def test_a_heart_beats_until_the_work_is_done_even_if_a_beat_is_lost(monkeypatch):
    monkeypatch.setattr(alive, "BEAT_SECONDS", 0.01)
    beats, enough = [], threading.Event()

    def beat(count):
        beats.append(count)
        if count == 1:
            raise OSError("the database restarts")
        if count == 3:
            enough.set()

    with Heartbeat(beat):
        assert enough.wait(20)
    assert beats[:3] == [1, 2, 3]
    assert "heartbeat" not in {thread.name for thread in threading.enumerate()}
