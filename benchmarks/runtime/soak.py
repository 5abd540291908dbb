"""A fault every second, for as long as one likes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

from benchmarks.runtime.bundles import breakable_bundle, damaged_copy
from benchmarks.runtime.endured import FaultCount, Soak
from benchmarks.runtime.faults import CLOCK_BACK_S, Fault, all_faults
from benchmarks.runtime.frames import read_pictures, serialize, stamped
from benchmarks.runtime.nodes import Stage, Subject, detector
from benchmarks.runtime.results import growth, this_machine
from edge_compress.nodes import qos

RATE_HZ = 10.0
EVERY_S = 1.0
_PATIENCE_S = 15.0
_CLOCK_HZ = 50.0
_PICTURES = 16
_BEGIN_S = 1000.0


class World:
    """A simulation: its clock, and a camera that goes by it."""

    def __init__(self, stage: Stage, topic: str) -> None:
        """Start both."""
        self.pictures = read_pictures(stage.video, (640, 480), _PICTURES)
        self.published = 0
        self.fault: Fault | None = None
        self._look = stage.onlooker
        self._frames = [serialize(picture) for picture in self.pictures]
        self._clock = self._look.node.create_publisher(Clock, "/clock", 10)
        self._camera = self._look.node.create_publisher(Image, topic, qos.CAMERA)
        self._start_s = time.monotonic() - _BEGIN_S
        self._next_tick_s = self._next_frame_s = 0.0

    def turn_back(self) -> None:
        """Set the clock back."""
        self._start_s += CLOCK_BACK_S

    def step(self) -> None:
        """Publish what is due, and listen for a moment."""
        now_s = time.monotonic()
        sim_ns = int((now_s - self._start_s) * 1e9)
        if now_s >= self._next_tick_s:
            self._next_tick_s = now_s + 1 / _CLOCK_HZ
            sec, nanosec = divmod(sim_ns, 1_000_000_000)
            self._clock.publish(Clock(clock=Time(sec=sec, nanosec=nanosec)))
        if now_s >= self._next_frame_s:
            self._next_frame_s = now_s + 1 / RATE_HZ
            frame = self._frames[self.published % len(self._frames)]
            if self.fault is not None and self.fault.frame is not None:
                frame = self.fault.frame
            self._camera.publish(stamped(frame, sim_ns))
            self.published += 1
        self._look.spin_once()

    def run(self, seconds: float) -> None:
        """Step for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.step()

    def until(self, test: Any, what: str, seconds: float = 60.0) -> None:
        """Step until a test is true.

        Raises:
            TimeoutError: it did not become true.
        """
        end = time.monotonic() + seconds
        while not test():
            if time.monotonic() > end:
                raise TimeoutError(f"waited {seconds:g} s in vain for {what}")
            self.step()


def measure(stage: Stage, seconds: float) -> Soak:
    """Inject a fault every second; the next one waits until the one before has been seen."""
    bundle = breakable_bundle(stage.folder)
    damaged = damaged_copy(bundle)
    settings = {
        "bundle": bundle,
        "use_sim_time": True,
        "input_qos": "reliable",
        "diagnostics_period_s": 0.2,
        "autostart": True,
    }
    with detector(stage, **settings) as subject:
        process = subject.process
        topic = process.topic("image_raw")
        world = World(stage, topic)
        world.until(lambda: bool(subject.results), "the first result")
        faults = all_faults(
            stage.onlooker, process.name, topic, world.pictures[0], damaged, world.turn_back
        )
        memory: list[float] = []
        taken: dict[str, list[float | None]] = {fault.title: [] for fault in faults}
        for number in range(max(len(faults), round(seconds / EVERY_S))):
            fault = faults[number % len(faults)]
            taken[fault.title].append(_inject(world, fault))
            memory.append(process.memory_mb())
            if not process.running:
                break
        world.run(EVERY_S)
        running = process.running
        process.stop()
    return Soak(
        machine=this_machine(),
        seconds=seconds,
        faults={title: _count(times) for title, times in taken.items()},
        published=world.published,
        results=len(subject.results),
        longest_gap_s=_longest_gap_s(subject),
        memory_mb=tuple(round(one, 1) for one in memory),
        memory_growth=growth(memory),
        running=running,
        tracebacks=process.log.count("Traceback"),
        exit_code=process.stop(),
    )


def _inject(world: World, fault: Fault) -> float | None:
    """Let a fault be there for its second, or until it is seen; seconds until it was, or None."""
    begin = now = time.monotonic()
    fault.begin()
    world.fault = fault
    taken: float | None = None
    while now < begin + (EVERY_S if taken is not None else _PATIENCE_S):
        world.step()
        now = time.monotonic()
        if taken is None and fault.seen():
            taken = now - begin
            world.fault = None
    fault.end()
    world.fault = None
    return taken


def _count(taken: Sequence[float | None]) -> FaultCount:
    seen = [seconds for seconds in taken if seconds is not None]
    return FaultCount(injected=len(taken), visible=len(seen), slowest_s=max(seen) if seen else None)


def _longest_gap_s(subject: Subject) -> float:
    times = np.array([result.published_ns for result in subject.results])
    return float(np.diff(times).max() / 1e9)
