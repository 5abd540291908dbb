"""The statuses that the detector makes of its figures."""

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("diagnostic_msgs", reason="needs ROS 2")

from boards import BOARDS, INTEL_LAPTOP, ORIN_NX, RASPBERRY_PI_5, lay

from edge_compress.inference.detector import Detector
from edge_compress.nodes.detector_report import report
from edge_compress.nodes.machine_vitals import MachineVitals
from edge_compress.nodes.model_report import ModelFigures
from edge_compress.nodes.vitals import CameraVitals
from edge_compress.telemetry.thresholds import Thresholds

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "diagnostics.md"
OK, WARN, ERROR, STALE = (bytes([level]) for level in range(4))


@dataclass
class Camera:
    name: str
    vitals: CameraVitals
    input: object = None


@dataclass
class Bench:
    """What a node holds, without the node."""

    detector: Detector
    machine: MachineVitals
    now: list[float]
    model: ModelFigures
    cameras: list[Camera] = field(default_factory=list)

    def camera(self, name="", **thresholds):
        vitals = CameraVitals(10.0, Thresholds(**thresholds), clock=lambda: self.now[0])
        source = SimpleNamespace(
            topic=f"/{name}/image_raw".replace("//", "/"),
            publishers=1,
            mismatch="",
            settle=lambda: None,
        )
        self.cameras.append(Camera(name, vitals, source))
        return self.cameras[-1]

    def statuses(self):
        told = report("active", "", self, self.model)
        return {
            status.name: (status.level, status.message, {v.key: v.value for v in status.values})
            for status in told
        }


@pytest.fixture
def bench(make_bundle, tmp_path):
    """Return a function that puts a detector on a board."""
    opened = []

    def bench(tree=ORIN_NX, **thresholds):
        detector = Detector.open(make_bundle(), providers=["cpu"], threads=1)
        machine = MachineVitals(0.01, Thresholds(**thresholds), root=lay(tmp_path / "board", tree))
        end = time.monotonic() + 20
        while machine.reading is None and time.monotonic() < end:
            time.sleep(0.005)
        opened.append(Bench(detector, machine, [100.0], ModelFigures("tiny.bundle")))
        return opened[-1]

    yield bench
    for one in opened:
        one.machine.close()
        one.detector.close()


def feed(bench, camera, seconds=5.0, hz=10, latency_ms=20.0):
    for _ in range(round(seconds * hz)):
        bench.now[0] += 1 / hz
        camera.vitals.on_received()
        steps = {"age": 1.0, "infer": 15.0, "stamp_to_publish": latency_ms}
        camera.vitals.on_processed(steps, detections=1)


def test_all_is_well(bench):
    one = bench()
    feed(one, one.camera())
    statuses = one.statuses()
    assert {name: level for name, (level, _, _) in statuses.items()} == dict.fromkeys(
        ("state", "model", "frames", "latency", "load", "heat"), OK
    )
    assert statuses["frames"][1] == "10.0 frames per second"
    assert statuses["model"][1] == "on cpu"


def test_what_is_not_configured_has_a_state_only():
    (status,) = report("unconfigured", "no bundle is given", None, None)
    assert (status.name, status.level, status.message) == ("state", ERROR, "no bundle is given")


def test_each_camera_has_statuses_of_its_own(bench):
    one = bench()
    feed(one, one.camera("left"))
    right = one.camera("right")
    right.input.publishers = 0
    statuses = one.statuses()
    assert {"left/frames", "left/latency", "right/frames", "right/latency"} <= set(statuses)
    assert not {"frames", "latency"} & set(statuses)
    assert statuses["left/frames"][0] == OK
    level, message, _ = statuses["right/frames"]
    assert level == WARN
    assert message == (
        "nobody publishes /right/image_raw: remap right/image_raw to the camera's topic"
    )


def test_without_input_frames_and_latency_are_stale_and_the_remedy_is_said(bench):
    one = bench()
    camera = one.camera(stale_s=5)
    feed(one, camera)
    camera.input.publishers = 0
    one.now[0] += 7
    statuses = one.statuses()
    level, message, _ = statuses["frames"]
    assert level == STALE
    assert message.startswith("no input for 7 s (limit 5 s); nobody publishes /image_raw: remap")
    assert statuses["latency"][0] == STALE
    assert statuses["load"][0] == statuses["heat"][0] == OK


def test_an_error_is_worse_than_stale(bench):
    one = bench()
    camera = one.camera(stale_s=5)
    camera.input.mismatch = "a publisher offers BEST_EFFORT"
    one.now[0] += 7
    level, message, _ = one.statuses()["frames"]
    assert level == ERROR
    assert "no input for 7 s" in message and "BEST_EFFORT" in message


def test_an_inactive_node_waits_for_no_frames(bench):
    one = bench()
    one.camera(stale_s=5, rate_error_hz=10).input = None
    one.now[0] += 100
    statuses = one.statuses()
    assert statuses["frames"][:2] == (OK, "not active")
    assert statuses["latency"][0] == OK


def test_rate_and_latency_are_judged_by_thresholds(bench):
    one = bench()
    camera = one.camera(rate_warn_hz=15, latency_error_ms=50)
    feed(one, camera, latency_ms=80.0)
    statuses = one.statuses()
    assert statuses["frames"][:2] == (WARN, "10.0 per second (limit 15)")
    assert statuses["latency"][:2] == (ERROR, "80.0 ms (limit 50)")


def test_what_becomes_of_lost_frames_is_said(bench):
    one = bench()
    camera = one.camera(hold_s=10)
    feed(one, camera)
    camera.vitals.on_dropped("deadline", 2)
    level, message, values = one.statuses()["frames"]
    assert level == WARN and "deadline_ms" in message
    assert values["dropped_deadline"] == "2"
    camera.vitals.on_unreadable("encoding rgb7 is not known")
    level, message, values = one.statuses()["frames"]
    assert level == WARN and "rgb7" in message
    camera.vitals.on_dropped("transport", 1)
    assert "FASTDDS_BUILTIN_TRANSPORTS" in one.statuses()["frames"][1]
    feed(one, camera, seconds=11)
    level, _, values = one.statuses()["frames"]
    assert level == OK
    assert values["last_error"] == "encoding rgb7 is not known"
    dropped = {key: value for key, value in values.items() if key.startswith("dropped_")}
    assert dropped == {
        "dropped_overwritten": "0",
        "dropped_transport": "1",
        "dropped_unreadable": "1",
        "dropped_deadline": "2",
        "dropped_rate_limit": "0",
    }


def test_a_clock_that_went_back_and_clocks_that_differ_are_said(bench):
    one = bench()
    camera = one.camera()
    camera.vitals.on_received()
    camera.vitals.on_processed({"age": -50.0}, 0)
    level, message, _ = one.statuses()["latency"]
    assert level == WARN and "in the future" in message
    camera.vitals.forget_latency()
    level, message, values = one.statuses()["latency"]
    assert level == WARN and "went back" in message
    assert values["clock_jumps"] == "1"


def test_what_became_of_the_bundle_is_said(bench):
    one = bench()
    one.camera()
    one.model = ModelFigures(
        "b.bundle",
        swaps=3,
        refused=1,
        last_refusal="c.bundle: model.onnx is damaged",
        loading="d.bundle",
        switches=2,
        step=1,
        steps=2,
    )
    level, message, values = one.statuses()["model"]
    assert level == WARN
    assert "a bundle was refused: c.bundle: model.onnx is damaged" in message
    assert "stepped down to model.fp32.onnx, 1 of 2" in message
    assert "opening d.bundle" in message
    assert values["bundle"] == "b.bundle"
    figures = ("bundle_swaps", "bundles_refused", "provider_switches", "variant_step")
    assert [values[name] for name in figures] == ["3", "1", "2", "1"]


def test_a_provider_that_was_passed_over_is_a_warning(bench, make_bundle):
    one = bench()
    one.detector.close()
    one.detector = Detector.open(make_bundle(), providers=["tensorrt", "cpu"], threads=1)
    level, message, _ = one.statuses()["model"]
    assert level == WARN
    assert message.startswith("on cpu, since tensorrt: ")


def test_the_document_names_every_figure(bench):
    one = bench(INTEL_LAPTOP)
    camera = one.camera()
    feed(one, camera)
    camera.vitals.on_unreadable("broken")
    tasks = re.split(r"^## (\w+)$", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]
    sections = dict(zip(tasks[::2], tasks[1::2], strict=True))
    for task, (_, _, values) in one.statuses().items():
        names = re.findall(r"`(\w+)`", sections.pop(task))
        patterns = [re.sub(r"[A-Z]+", r"[a-z0-9_]+", name) for name in names]
        for key in values:
            assert any(re.fullmatch(pattern, key) for pattern in patterns), f"{task}: {key}"
    assert not sections


@pytest.mark.parametrize("board", BOARDS)
def test_what_a_board_tells_plots_and_what_it_does_not_tell_is_left_out(bench, board):
    statuses = bench(BOARDS[board]).statuses()
    values = {k: v for task in ("load", "heat") for k, v in statuses[task][2].items()}
    assert all(re.fullmatch(r"[a-z0-9_]+", key) for key in values)
    texts = {"power_mode"}
    assert all(float(value) is not None for key, value in values.items() if key not in texts)
    assert "power_total_w" in values or board == "raspberry pi 5"
    assert float(values["temperature_max_c"]) > 30
    assert ("battery" in statuses) == (board == "intel laptop")


def test_orin_nx_by_name(bench):
    one = bench(ORIN_NX)
    statuses = one.statuses()
    level, message, values = statuses["load"]
    assert (level, message) == (OK, "6.1 W (VDD_IN)")
    assert values["power_total_w"] == values["power_vdd_in_w"] == "6.067"
    assert values["gpu_percent"] == "99.000"
    level, message, values = statuses["heat"]
    assert (level, message) == (OK, "60.5 °C in cpu-thermal")
    assert values["temperature_gpu_thermal_c"] == "58.000"
    assert values["throttled"] == "0"
    assert values["throttle_events_cpu_slowed_by_heat"] == "0"
    assert values["power_mode"] == "nvpmodel 3 (25W), schedutil"


def test_a_hot_machine_is_a_warning_or_an_error_by_thresholds(bench):
    level, message, _ = bench(RASPBERRY_PI_5, temperature_warn_c=50).statuses()["heat"]
    assert (level, message) == (WARN, "58.2 °C in cpu-thermal (limit 50)")
    level, _, _ = bench(RASPBERRY_PI_5, temperature_warn_c=50, temperature_error_c=55).statuses()[
        "heat"
    ]
    assert level == ERROR


def test_a_machine_that_tells_nothing_says_why(bench):
    statuses = bench({"sys/class/none": ""}).statuses()
    assert statuses["load"][0] == OK
    assert "edge_compress telemetry --sources" in statuses["load"][1]
    assert statuses["heat"][:2] == (OK, "this machine tells no temperature")


def test_a_battery_is_told(bench):
    level, message, values = bench(INTEL_LAPTOP).statuses()["battery"]
    assert (level, message) == (OK, "BAT0 63 %, discharging, 3.0 h left")
    assert values == {
        "bat0_status": "Discharging",
        "bat0_percent": "63.000",
        "bat0_voltage_v": "11.400",
        "bat0_power_w": "9.120",
        "bat0_left_h": "3.000",
    }


def test_a_machine_that_cannot_be_read_is_a_warning(bench):
    one = bench()
    one.machine.close()
    one.machine.problem = "OSError: gone"
    for task in ("load", "heat"):
        level, message, _ = one.statuses()[task]
        assert (level, message) == (WARN, "the machine cannot be read: OSError: gone")
