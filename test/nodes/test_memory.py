"""Models that come and go leave no memory behind."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import threading
from edge_compress.inference.detector import Detector
from edge_compress.nodes.memory import keep_memory

keep_memory()

def kilobytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

def load():
    global running
    new = Detector.open(sys.argv[1], providers=("cpu",), threads=1, watchdog_s=2.0)
    old, running = running, new
    if old is not None:
        old.close()

running = None
for number in range(80):
    thread = threading.Thread(target=load)
    thread.start()
    thread.join()
    if number == 39:
        before = kilobytes()
print(kilobytes() / before)
"""


@pytest.mark.slow
def test_memory_stays_flat_while_models_are_swapped(make_bundle):
    bundle = make_bundle(height=256, width=256, slow=("fp32",))
    growth = subprocess.run(
        [sys.executable, "-c", PROGRAM, bundle], capture_output=True, text=True, check=True
    ).stdout
    # The heap settles in steps of one model, 9 %, the last of which may come late, two on a busy
    # machine; a model that was left behind each time would make it five times as large.
    assert float(growth) < 1.3


FRAMES = """
import resource
import numpy as np
from edge_compress.nodes.memory import keep_memory

keep_memory()

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

for number in range(40):
    if number == 20:
        before = faults()
    frame = np.ones((1080, 1920, 3), np.uint8)
    copies = [frame.tobytes(), frame.astype(np.float32)]
    del frame, copies
print((faults() - before) / 20)
"""


def test_the_pages_of_a_frame_are_kept_for_the_next_one():
    text = subprocess.run(
        [sys.executable, "-c", FRAMES], capture_output=True, text=True, check=True
    ).stdout
    assert float(text) < 100  # of 9,000 that these arrays have
