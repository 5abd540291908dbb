"""The simulated camera: what it publishes, in which order, and what it refuses."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image
from vision_msgs.msg import Detection2DArray

QUAD = """
v 0 -0.5 -0.5
v 0 0.5 -0.5
v 0 0.5 0.5
v 0 -0.5 0.5
vt 0 0
vt 1 0
vt 1 1
vt 0 1
f 1/1 2/2 3/3 4/4
"""
WORLD = """<sdf version="1.10"><world name="w"><scene><ambient>1 1 1 1</ambient></scene>
<model name="drone">
  <link name="body"><sensor name="camera" type="camera"><update_rate>20</update_rate>
    <gz_frame_id>optical</gz_frame_id><camera><horizontal_fov>1.2</horizontal_fov>
    <image><width>160</width><height>120</height></image>
    <clip><near>0.1</near><far>50</far></clip></camera></sensor></link>
  <plugin filename="v" name="gz::sim::systems::VelocityControl">
    <initial_linear>0 0.1 0</initial_linear><initial_angular>0 0 0.02</initial_angular></plugin>
</model>
<model name="panel"><static>true</static><pose>4 0 0 0 0 3.14159265358979</pose><link name="l">
  <visual name="v"><geometry><mesh><uri>quad.obj</uri></mesh></geometry>
  <material><diffuse>1 0 0 1</diffuse></material>
  <plugin filename="l" name="gz::sim::systems::Label"><label>16</label></plugin></visual>
</link></model></world></sdf>
"""


@pytest.fixture
def world(tmp_path):
    (tmp_path / "quad.obj").write_text(QUAD)
    file = tmp_path / "one_panel.sdf"
    file.write_text(WORLD)
    return file


def nanoseconds(stamp):
    return stamp.sec * 10**9 + stamp.nanosec


def test_a_flight_begins_with_its_subscribers_and_ends_by_itself(opengl, start, probe, world):
    from rosgraph_msgs.msg import Clock

    order, sent = [], {}
    subscriptions = []

    def hear(name):
        def on_message(message, info):
            order.append((name, message))
            stamp = message.clock if name == "clock" else message.header.stamp
            sent[name, nanoseconds(stamp)] = info["source_timestamp"]

        return on_message

    for kind, topic in (
        (Clock, "/clock"),
        (Image, "/flight/image_raw"),
        (CameraInfo, "/flight/camera_info"),
        (Detection2DArray, "/flight/ground_truth"),
    ):
        name = topic.rsplit("/", 1)[-1]
        subscriptions.append(probe.node.create_subscription(kind, topic, hear(name), 1000))
    node = start(
        "sim_camera", namespace="/flight", world=world, wait_for_subscribers=2, duration_s=1.0
    )
    names = ("clock", "image_raw", "camera_info", "ground_truth")
    probe.until(lambda: all((name, 10**9) in sent for name in names), "the last frame")
    probe.until_ended(node)
    for subscription in subscriptions:
        probe.node.destroy_subscription(subscription)
    assert node.wait() == 0
    assert "Traceback" not in node.log
    images, infos, truths = (
        [m for kind, m in order if kind == name]
        for name in ("image_raw", "camera_info", "ground_truth")
    )
    stamps = [nanoseconds(image.header.stamp) for image in images]
    assert stamps == [50_000_000 * n for n in range(1, 21)]
    assert [i.header for i in infos] == [i.header for i in images] == [t.header for t in truths]
    assert {image.header.frame_id for image in images} == {"optical"}
    assert {(i.width, i.height, i.step, i.encoding) for i in images} == {(160, 120, 480, "rgb8")}
    assert {(i.width, i.height, i.distortion_model, len(i.d)) for i in infos} == {
        (160, 120, "plumb_bob", 5)
    }
    times = [nanoseconds(m.clock) for kind, m in order if kind == "clock"]
    assert times[0] == 0
    assert times == sorted(set(times))
    assert set(stamps) <= set(times)
    assert all(sent["clock", stamp] < sent["image_raw", stamp] for stamp in stamps)
    assert len(times) > len(stamps) + 1  # it goes on between frames
    for image, truth in zip(images, truths, strict=True):
        (box,) = truth.detections
        assert box.header == truth.header
        assert (box.results[0].hypothesis.class_id, box.results[0].hypothesis.score) == ("16", 1.0)
        pixels = np.frombuffer(image.data, np.uint8).reshape(120, 160, 3)
        red = np.argwhere((pixels[..., 0] > 200) & (pixels[..., 1] < 60))
        (y1, x1), (y2, x2) = red.min(0), red.max(0) + 1
        centre = box.bbox.center.position
        seen = (centre.x * 2, centre.y * 2, box.bbox.size_x, box.bbox.size_y)
        assert np.abs(np.subtract(seen, (x1 + x2, y1 + y2, x2 - x1, y2 - y1))).max() <= 2


@pytest.mark.slow
def test_it_tells_how_it_is_doing_and_draws_as_it_is_told(opengl, start, probe, world):
    settings = {"width": 80, "height": 40, "rate": 50.0, "real_time_factor": 2.0, "seed": 5}
    node = start("sim_camera", world=world, diagnostics_period_s=0.3, **settings)
    images, _ = probe.listen(Image, f"{node.namespace}/image_raw")
    probe.until(lambda: len(images) > 3, "images")
    assert (images[0].width, images[0].height) == (80, 40)
    name = f"{node.status_name}: frames"
    values = probe.until_value(name, lambda v: float(v["sim_time_s"]) > 1, "a second of sim time")
    assert float(values["target_rate_hz"]) == 100
    assert {"frames_published", "frames_late", "subscribers", "rate_hz", "real_time_factor"} <= set(
        values
    )
    assert node.stop() == 0
    assert "Traceback" not in node.log


@pytest.mark.slow
def test_two_clocks_are_one_too_many(opengl, start, probe, world):
    settings = {"width": 32, "height": 24, "diagnostics_period_s": 0.3}
    first = start("sim_camera", world=world, **settings)
    probe.until_level(f"{first.status_name}: frames", b"\x00")
    second = start("sim_camera", world=world, **settings)
    for node in (first, second):
        frames = f"{node.status_name}: frames"
        assert probe.until_told(frames, "another node publishes /clock") == b"\x01"
    assert second.stop() == 0
    probe.until_level(f"{first.status_name}: frames", b"\x00")


@pytest.mark.slow
def test_as_fast_as_it_can_every_frame_is_there(opengl, start, probe, world):
    stamps, _ = probe.listen(Detection2DArray, "/fast/ground_truth", 100)
    node = start(
        "sim_camera",
        namespace="/fast",
        world=world,
        real_time_factor=0.0,
        duration_s=3.0,
        wait_for_subscribers=1,
    )
    probe.until_ended(node)
    assert node.wait() == 0
    assert [nanoseconds(t.header.stamp) for t in stamps] == [50_000_000 * n for n in range(1, 61)]


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"world": "nowhere.sdf"}, "nowhere.sdf: cannot read the world"),
        ({"vehicle": "boat"}, "those it has: drone"),
        ({"real_time_factor": -1.0}, "real_time_factor out of range"),
    ],
)
def test_what_cannot_be_flown_is_one_error_and_code_2(opengl, start, world, setting, told):
    node = start("sim_camera", **{"world": world, **setting})
    assert node.wait() == 2
    assert node.log.count("[ERROR]") == 1
    assert told in node.log
    assert "Traceback" not in node.log


def test_without_mujoco_it_says_what_to_install(start, world, tmp_path):
    # A program that finds no MuJoCo, as on a robot.
    program = tmp_path / "without.py"
    program.write_text(
        "import sys; sys.modules['mujoco'] = None\n"
        "from edge_compress.nodes.sim_camera import main; sys.exit(main())\n"
    )
    node = start("sim_camera", program=program, world=world)
    assert node.wait() == 2
    assert "mujoco is missing: pip install 'edge_compress[simulation]'" in node.log


def test_what_mujoco_gl_asks_for_and_is_not_there_is_told(opengl, start, world, tmp_path):
    program = tmp_path / "without.py"
    program.write_text(
        "import sys\nfrom edge_compress.simulation import opengl\n"
        "opengl._LIBRARIES['osmesa'] = (('NoSuchLibrary',),)\n"
        "from edge_compress.nodes.sim_camera import main; sys.exit(main())\n"
    )
    node = start("sim_camera", program=program, world=world, env={"MUJOCO_GL": "osmesa"})
    assert node.wait() == 2
    assert "there is no OpenGL to draw with (osmesa: no libNoSuchLibrary)" in node.log
    assert "Traceback" not in node.log


def test_without_opengl_it_says_which_package_to_install():
    code = """
import os; os.environ["PATH"] = ""
from edge_compress.simulation import opengl
opengl.find_library = {"EGL": "libEGL.so.1", "OpenGL": "libOpenGL.so.0"}.get
opengl._PROBE = "raise OSError('no device')  # {backend}"
from edge_compress.simulation.errors import RenderError
try:
    opengl.find_backend()
except RenderError as error:
    print(error)
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={name: value for name, value in os.environ.items() if name != "MUJOCO_GL"},
    )
    assert "egl: OSError: no device; osmesa: no libOSMesa)" in run.stdout
    assert "sudo apt-get install libegl1" in run.stdout
    assert "libosmesa6" in run.stdout
