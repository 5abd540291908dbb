"""One slot a source; one thread, in turns."""

import threading
import time
from collections import Counter

from edge_compress.nodes.fair_worker import FairWorker


class Gate:
    """Work that waits until it is let through."""

    def __init__(self):
        self.done = []
        self.overwritten = []
        self._begun = threading.Semaphore(0)
        self._through = threading.Semaphore(0)

    def work(self, items):
        self._begun.release()
        assert self._through.acquire(timeout=5)
        self.done.append(items)

    def wait_begun(self):
        assert self._begun.acquire(timeout=5)

    def let_through(self, count=1):
        self._through.release(count)


def test_an_item_that_waits_is_overwritten_by_a_newer_one():
    gate = Gate()
    worker = FairWorker(gate.work, gate.overwritten.append)
    worker.put(0, "first")
    gate.wait_begun()
    for item in ("second", "third", "fourth"):
        worker.put(0, item)
    gate.let_through(2)
    gate.wait_begun()
    worker.stop()
    assert gate.done == [[(0, "first")], [(0, "fourth")]]
    assert gate.overwritten == [0, 0]


def test_stop_finishes_what_is_in_work_and_counts_what_waits():
    gate = Gate()
    worker = FairWorker(gate.work, gate.overwritten.append, sources=2)
    worker.put(0, "in work")
    gate.wait_begun()
    worker.put(0, "waits")
    worker.put(1, "waits, too")
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    while len(gate.overwritten) < 2:  # it has begun to stop
        time.sleep(0.01)
    gate.let_through()
    stopping.join(5)
    worker.put(0, "too late")
    assert gate.done == [[(0, "in work")]]
    assert sorted(gate.overwritten) == [0, 1]


def test_a_job_that_comes_while_it_stops_waits_for_the_work():
    gate = Gate()
    worker = FairWorker(gate.work, gate.overwritten.append)
    worker.put(0, "in work")
    gate.wait_begun()
    worker.put(0, "waits")
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    while not gate.overwritten:  # it has begun to stop
        time.sleep(0.01)
    worker.between(lambda: gate.done.append("job"))
    assert gate.done == []
    gate.let_through()
    stopping.join(5)
    assert gate.done[-1] == "job"


def test_a_fast_source_does_not_keep_out_the_others():
    gate = Gate()
    worker = FairWorker(gate.work, gate.overwritten.append, sources=3)
    worker.put(0, 0)
    for turn in range(30):
        gate.wait_begun()
        worker.put(0, turn)
        worker.put(2, turn)
        if turn % 3 == 0:
            worker.put(1, turn)
        gate.let_through()
    gate.wait_begun()
    gate.let_through(5)
    worker.stop()
    served = Counter(source for ((source, _),) in gate.done)
    assert served[1] >= 9
    assert abs(served[0] - served[2]) <= 2


def test_a_batch_takes_one_of_each_source_that_waits():
    gate = Gate()
    worker = FairWorker(gate.work, gate.overwritten.append, sources=4, most=lambda: 3)
    worker.put(3, "alone")
    gate.wait_begun()
    for source in (3, 1, 2, 0):
        worker.put(source, source)
    gate.let_through()
    gate.wait_begun()
    gate.let_through()
    gate.wait_begun()
    gate.let_through()
    worker.stop()
    assert gate.done == [[(3, "alone")], [(0, 0), (1, 1), (2, 2)], [(3, 3)]]


def test_a_job_runs_between_two_frames():
    gate = Gate()
    worker = FairWorker(gate.work, gate.overwritten.append)
    worker.put(0, "first")
    gate.wait_begun()
    ran = threading.Event()
    worker.between(lambda: (gate.done.append("job"), ran.set()))
    worker.put(0, "second")
    assert not ran.is_set()
    gate.let_through(2)
    assert ran.wait(5)
    gate.wait_begun()
    worker.stop()
    assert gate.done == [[(0, "first")], "job", [(0, "second")]]


def test_a_job_runs_without_any_frame_and_after_the_end():
    ran = threading.Event()
    worker = FairWorker(lambda _: None, lambda _: None)
    worker.between(ran.set)
    assert ran.wait(5)
    worker.stop()
    ran.clear()
    worker.between(ran.set)
    assert ran.is_set()
