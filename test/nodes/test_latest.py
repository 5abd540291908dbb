"""The one slot for the newest frame."""

import threading

from edge_compress.nodes.latest import LatestWorker


def test_an_item_that_waits_is_overwritten_by_a_newer_one():
    worked, lost = [], []
    busy, go_on = threading.Event(), threading.Event()

    def work(item):
        worked.append(item)
        busy.set()
        go_on.wait(10)

    worker = LatestWorker(work, lambda: lost.append(1))
    worker.put(1)
    assert busy.wait(10)
    for item in (2, 3, 4):
        worker.put(item)
    go_on.set()
    while len(worked) < 2:
        pass
    worker.stop()
    assert worked == [1, 4]
    assert len(lost) == 2


def test_stop_finishes_what_is_in_work_and_counts_what_waits():
    worked, lost = [], []
    busy, go_on = threading.Event(), threading.Event()

    def work(item):
        busy.set()
        go_on.wait(10)
        worked.append(item)

    worker = LatestWorker(work, lambda: lost.append(1))
    worker.put("first")
    assert busy.wait(10)
    worker.put("second")
    threading.Timer(0.05, go_on.set).start()
    worker.stop()
    worker.put("third")
    assert (worked, len(lost)) == (["first"], 1)
