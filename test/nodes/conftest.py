"""Real nodes in processes of their own, over DDS, and a probe that talks with them."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

# The trees of boards: `from boards import lay`.
sys.path.insert(0, str(Path(__file__).parents[1] / "telemetry"))
# Bags: `from recordings import write_bag`.
sys.path.insert(0, str(Path(__file__).parents[1] / "bags"))

# Room for whole frames in shared memory; LARGE_DATA sometimes leaves two processes unconnected.
os.environ["FASTDDS_BUILTIN_TRANSPORTS"] = "DEFAULT?sockets_size=4MB"

TIMEOUT_S = 40.0
_numbers = itertools.count()


class Probe:
    """A node of the test's own process."""

    def __init__(self):
        import rclpy
        from diagnostic_msgs.msg import DiagnosticArray
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.signals import SignalHandlerOptions

        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        self.node = rclpy.create_node("probe")
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self.statuses = {}
        self._clients = {}
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._diagnostics, 100)

    def _diagnostics(self, message):
        for status in message.status:
            self.statuses[status.name] = status

    def status(self, name):
        """Return the level, message and values of a status that comes from now on."""
        self.statuses.pop(name, None)
        self.until(lambda: name in self.statuses, f"the status {name}")
        status = self.statuses[name]
        return status.level, status.message, {pair.key: pair.value for pair in status.values}

    def until_level(self, name, level):
        """Wait until a status has a level."""
        self.until(
            lambda: name in self.statuses and self.statuses[name].level == level,
            f"level {level!r} of {name}",
        )

    def until_told(self, name, text):
        """Wait until a status says something, whatever else it says, and return its level."""
        self.until(lambda: name in self.statuses and text in self.statuses[name].message, text)
        return self.statuses[name].level

    def until_value(self, name, test, why):
        """Wait until the values of a status pass a test, and return them."""
        self.until(
            lambda: (
                name in self.statuses
                and test({pair.key: pair.value for pair in self.statuses[name].values})
            ),
            why,
        )
        return {pair.key: pair.value for pair in self.statuses[name].values}

    def listen(self, message_type, topic, qos=10):
        """Return a list that fills with the topic's messages, and the subscription."""
        messages = []
        return messages, self.node.create_subscription(message_type, topic, messages.append, qos)

    def publisher(self, message_type, topic, qos=10):
        """Return a publisher that has a subscriber already."""
        publisher = self.node.create_publisher(message_type, topic, qos)
        self.until(publisher.get_subscription_count, f"a subscriber of {topic}")
        return publisher

    def call(self, service_type, name, request):
        """Call a service and return its response."""
        future = self.client(service_type, name).call_async(request)
        self.until(future.done, f"the answer of {name}")
        return future.result()

    def client(self, service_type, name):
        """Return the client of a service that is there and can answer."""
        from benchmarks.runtime.introduced import introduced

        client = self._clients.get(name)
        if client is None:
            client = self._clients[name] = self.node.create_client(service_type, name)
            self.until(client.service_is_ready, f"the service {name}")
            server = name.rpartition("/")[0]
            self.until(introduced(self.node, server), f"{server} to find its client")
        return client

    def set_parameter(self, node, name, value):
        """Set a parameter of a node and return the result."""
        from rcl_interfaces.srv import SetParameters
        from rclpy.parameter import Parameter

        request = SetParameters.Request(
            parameters=[Parameter(name, value=value).to_parameter_msg()]
        )
        return self.call(SetParameters, f"{node}/set_parameters", request).results[0]

    def until(self, test, what):
        """Spin until a test is true."""
        end = time.monotonic() + TIMEOUT_S
        while not test():
            assert time.monotonic() < end, f"waited {TIMEOUT_S} s in vain for {what}"
            self._executor.spin_once(timeout_sec=0.05)

    def until_ended(self, node):
        """Wait until a process has ended, and take all that has come from it."""
        self.until(lambda: node.process.poll() is not None, f"the end of {node.name}")
        for _ in range(100):  # not for some time: this process may be the one that is held up
            self._executor.spin_once(timeout_sec=0)

    def spin(self, seconds):
        """Spin for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._executor.spin_once(timeout_sec=0.05)

    def close(self):
        import rclpy

        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown()


class NodeProcess:
    """A node in a process of its own, in a namespace of its own."""

    def __init__(
        self,
        executable,
        folder,
        namespace="",
        transports="",
        program=None,
        env=None,
        params_file=None,
        remaps=(),
        **parameters,
    ):
        number = next(_numbers)
        self.namespace = namespace or f"/t{number}"
        self.name = f"{self.namespace}/{executable}"
        self.status_name = self.name.lstrip("/")
        self._log = folder / f"{executable}-{number}.log"
        arguments = ["--ros-args", "-r", f"__ns:={self.namespace}"]
        if params_file:
            arguments += ["--params-file", str(params_file)]
        for remap in remaps:
            arguments += ["-r", remap]
        for name, value in parameters.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            arguments += ["-p", f"{name}:={text}"]
        changed = {"FASTDDS_BUILTIN_TRANSPORTS": transports} if transports else {}
        what = [str(program)] if program else ["-m", f"edge_compress.nodes.{executable}"]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *what, *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **changed, **(env or {})},
            )

    @property
    def log(self):
        return self._log.read_text(errors="replace")

    def wait(self):
        """Return the exit code."""
        return self.process.wait(TIMEOUT_S)

    def stop(self, number=signal.SIGINT):
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="session")
def probe():
    pytest.importorskip("rclpy", reason="needs ROS 2")
    pytest.importorskip("vision_msgs", reason="needs vision_msgs; `make setup` builds it")
    probe = Probe()
    yield probe
    probe.close()


@pytest.fixture(scope="session")
def node_logs(tmp_path_factory):
    return tmp_path_factory.mktemp("nodes")


@pytest.fixture
def start(probe, node_logs):
    """Return a function that starts a node; it is ended with the test."""
    running = []

    def start(executable, **settings):
        node = NodeProcess(executable, node_logs, **settings)
        running.append(node)
        return node

    yield start
    for node in running:
        node.kill()
        print(f"--- {node.name} ---\n{node.log}")  # shown when the test fails


@pytest.fixture(scope="module")
def shared(probe, node_logs):
    """Keep what a module's tests share; `shared["start"]` starts a node."""
    running = []

    def start(executable, **parameters):
        running.append(NodeProcess(executable, node_logs, **parameters))
        return running[-1]

    yield {"start": start}
    for node in running:
        node.kill()


@pytest.fixture
def squares():
    """Return a function that draws squares, one cell of the small detector each, in a frame.

    The frame is `scale` times as large as the detector's input of 64 x 96. Red covers the cell in
    row 3 and column 5; so a detection has its centre at (44, 28) * scale and is 16 * scale wide.
    """

    def draw(scale=2, color=(0, 0, 255)):
        frame = np.zeros((64 * scale, 96 * scale, 3), np.uint8)
        frame[24 * scale : 32 * scale, 40 * scale : 48 * scale] = color
        return frame

    return draw


def image(pixels, sec=1, nanosec=0, frame_id="cam", encoding="bgr8"):
    """Build an image message."""
    from builtin_interfaces.msg import Time
    from std_msgs.msg import Header

    from edge_compress.nodes.messages import image_message

    header = Header(stamp=Time(sec=sec, nanosec=nanosec), frame_id=frame_id)
    return image_message(pixels, encoding, header)


@pytest.fixture
def make_image():
    return image


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Ten frames of 96 x 64 at 50 frames per second, each of another grey."""
    import cv2

    path = tmp_path / "grey.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 50.0, (96, 64))
    for level in range(10):
        writer.write(np.full((64, 96, 3), 20 * level, np.uint8))
    writer.release()
    return path
