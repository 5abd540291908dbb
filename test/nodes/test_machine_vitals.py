"""A machine that is read in a thread of its own."""

import os
import threading
import time

import pytest
from boards import ORIN_NX, lay

from edge_compress.nodes.machine_vitals import MachineVitals
from edge_compress.telemetry.levels import Level
from edge_compress.telemetry.thresholds import Thresholds

TEMPERATURE = "sys/devices/virtual/thermal/thermal_zone0/temp"


def until(test):
    end = time.monotonic() + 20
    while not test():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


@pytest.fixture
def watch(tmp_path):
    """Return a function that reads a board every 10 ms; it is closed with the test."""
    opened = []

    def watch(tree=ORIN_NX, clock=time.monotonic, **thresholds):
        limits = Thresholds(**thresholds)
        opened.append(MachineVitals(0.01, limits, root=lay(tmp_path, tree), clock=clock))
        return opened[-1]

    yield watch
    for machine in opened:
        machine.close()


def level(machine, name):
    return next((v.level for v in machine.verdicts() if v.name == name), None)


def test_nothing_is_known_before_the_first_reading():
    machine = MachineVitals(60.0)
    assert (machine.reading, machine.watts, machine.throttled) == (None, None, False)
    assert machine.verdicts() == ()
    machine.close()


def test_readings_go_on(watch, tmp_path):
    machine = watch()
    until(lambda: machine.watts == pytest.approx(6.0672))
    lay(tmp_path, {"sys/bus/i2c/devices/1-0040/hwmon/hwmon1/curr1_input": 2000})
    until(lambda: machine.watts == pytest.approx(10.112))
    assert machine.problem == ""


def test_heat_is_judged(watch, tmp_path):
    machine = watch(temperature_warn_c=70, temperature_error_c=90)
    until(lambda: level(machine, "temperature") == Level.OK)
    lay(tmp_path, {TEMPERATURE: 75_000})
    until(lambda: level(machine, "temperature") == Level.WARN)
    machine.judge_by(Thresholds(temperature_warn_c=60, temperature_error_c=72))
    until(lambda: level(machine, "temperature") == Level.ERROR)


def test_throttling_is_seen_and_told_for_a_while(watch, tmp_path):
    machine = watch()
    until(lambda: machine.reading)
    assert not machine.throttled
    cooler = "sys/devices/virtual/thermal/cooling_device1/cur_state"
    lay(tmp_path, {cooler: 3})
    until(lambda: machine.throttled)
    assert level(machine, "throttling") == Level.WARN
    lay(tmp_path, {cooler: 0})
    until(lambda: not machine.throttled)
    assert level(machine, "throttling") == Level.WARN  # hold_s has not passed


def test_inferences_share_the_energy_and_have_their_part_of_the_cpu(watch):
    machine = watch()
    until(lambda: machine.reading)

    def works():  # told of one reading only, which comes and goes in 10 ms
        machine.on_inference(0.001)
        return (machine.inference_cpu_percent or 0) > 0

    until(works)
    energy = machine.reading.energy_per_inference_mj
    assert energy is not None and energy > 0
    until(lambda: machine.inference_cpu_percent == 0)


class HangingSensor:
    """A file whose reader waits, as for a chip that does not answer, until `answer` is called."""

    def __init__(self, path):
        self._path = path
        path.unlink()
        os.mkfifo(path)
        self._end = -1
        until(self._somebody_waits)

    def _somebody_waits(self):
        try:
            self._end = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return False
        return True

    def answer(self):
        os.write(self._end, b"50000")
        self._path.unlink()
        self._path.write_text("50000")
        os.close(self._end)


def test_a_sensor_that_hangs_holds_nobody_up_and_is_told(watch, tmp_path):
    now = [0.0]
    machine = watch(clock=lambda: now[0], stale_s=5)
    until(lambda: machine.reading)
    sensor = HangingSensor(tmp_path / TEMPERATURE)
    now[0] += 60
    (verdict,) = machine.verdicts()
    assert verdict.level == Level.STALE
    assert verdict.message == "sensors have not answered for 60 s"
    assert machine.watts is None  # what was read a minute ago is not so now
    sensor.answer()
    until(lambda: level(machine, "temperature") == Level.OK)


def test_a_sensor_that_hangs_does_not_keep_the_node_from_ending(tmp_path):
    machine = MachineVitals(0.01, root=lay(tmp_path, ORIN_NX))
    until(lambda: machine.reading)
    sensor = HangingSensor(tmp_path / TEMPERATURE)
    ended = threading.Thread(target=machine.close, daemon=True)
    ended.start()
    ended.join(20)
    assert not ended.is_alive()
    sensor.answer()


def test_a_reader_that_fails_is_named_and_asked_again(watch, monkeypatch):
    from edge_compress.telemetry.machine import Machine

    def fail(self, inferences=0):
        raise ZeroDivisionError("a driver's whim")

    machine = watch()
    until(lambda: machine.reading)
    with monkeypatch.context() as patched:
        patched.setattr(Machine, "read", fail)
        until(lambda: machine.problem)
        assert machine.problem == "ZeroDivisionError: a driver's whim"
    until(lambda: not machine.problem)
