"""The world, what the bridge carries of it and how it is judged fit each other, and Gazebo."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
import yaml

from edge_compress.simulation.photos import FOLDER, PHOTOS
from edge_compress.simulation.pose import Pose, Twist
from edge_compress.simulation.textures import GROUND
from edge_compress.vision.labels import load_labels

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "worlds" / "inspection.sdf"
WORLD = ElementTree.parse(FILE).getroot().find("world")
MODELS = {model.get("name"): model for model in WORLD.findall("model")}
PANELS = {name: model for name, model in MODELS.items() if name.startswith("panel_")}
VEHICLES = ("drone", "ground_robot")
# As gz-sim 8 (Harmonic) and 9 (Ionic) build and register them.
SYSTEMS = {
    "gz-sim-physics-system": "Physics",
    "gz-sim-user-commands-system": "UserCommands",
    "gz-sim-scene-broadcaster-system": "SceneBroadcaster",
    "gz-sim-sensors-system": "Sensors",
    "gz-sim-label-system": "Label",
    "gz-sim-velocity-control-system": "VelocityControl",
}
# As ros_gz_bridge's mappings.py has them.
TYPES = {
    "gz.msgs.Clock": "rosgraph_msgs/msg/Clock",
    "gz.msgs.Image": "sensor_msgs/msg/Image",
    "gz.msgs.CameraInfo": "sensor_msgs/msg/CameraInfo",
    "gz.msgs.AnnotatedAxisAligned2DBox_V": "vision_msgs/msg/Detection2DArray",
}


def numbers(element, tag):
    return tuple(float(word) for word in element.findtext(tag, "0 0 0 0 0 0").split())


def labels(model):
    return [int(found.text) for found in model.iter("label")]


def sensor(vehicle, kind):
    (found,) = (s for s in MODELS[vehicle].iter("sensor") if s.get("type") == kind)
    return found


def bridged():
    entries = yaml.safe_load((ROOT / "config" / "bridge.yaml").read_text())
    assert all(entry["direction"] == "GZ_TO_ROS" for entry in entries)
    return {entry["gz_topic_name"]: entry for entry in entries}


def evaluated():
    given = yaml.safe_load((ROOT / "config" / "inspection.yaml").read_text())
    return given["/**"]["ros__parameters"]


@pytest.fixture
def sdformat():
    """Return a function that lets libsdformat check a file, as Gazebo does when it loads it."""
    program = shutil.which("ign") or shutil.which("gz")
    help_ = [program or "false", "sdf", "--help"]
    if subprocess.run(help_, capture_output=True, check=False).returncode:
        lacks = "libsdformat's command is missing: apt-get install ignition-tools libsdformat-dev"
        if os.environ.get("CI"):
            pytest.fail(lacks)
        pytest.skip(lacks)

    def check(file):
        return subprocess.run(
            [program, "sdf", "-k", file], capture_output=True, text=True, check=False, timeout=60
        )

    return check


def test_libsdformat_finds_nothing_wrong(sdformat):
    result = sdformat(FILE)
    assert result.returncode == 0, result.stderr
    assert "Valid." in result.stdout
    assert "Error Code" not in result.stderr


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("<width>640</width>", "<width>wide</width>"), ('name="panel_dog"', 'name="drone"')],
)
def test_libsdformat_would_find_what_is_wrong(sdformat, tmp_path, right, wrong):
    broken = tmp_path / "broken.sdf"
    broken.write_text(FILE.read_text().replace(right, wrong))
    assert sdformat(broken).returncode != 0


def test_every_system_is_one_of_gazebos():
    found = {(p.get("filename"), p.get("name")) for p in WORLD.iter("plugin")}
    assert found == {(file, f"gz::sim::systems::{name}") for file, name in SYSTEMS.items()}


def test_every_label_is_a_class_of_coco_and_the_evaluator_knows_it():
    coco = load_labels("coco")
    given = dict(entry.split(":") for entry in evaluated()["class_map"])
    used = {label for model in MODELS.values() for label in labels(model)}
    assert {str(label): coco[label - 1] for label in used} == given


def test_a_panel_has_one_labelled_visual():
    # Gazebo joins all labelled visuals of a model into one box.
    assert len(PANELS) == 12
    assert all(len(labels(panel)) == 1 for panel in PANELS.values())
    assert not any(labels(MODELS[name]) for name in MODELS.keys() - PANELS.keys())


def test_every_picture_is_prepared_and_all_are_used():
    used = {found.text for found in WORLD.iter("albedo_map")}
    made = {GROUND, *(name for photo in PHOTOS for name in photo.files)}
    assert used == {f"model://{FOLDER}/{name}" for name in made}
    meshes = {found.text for found in WORLD.iter("uri")}
    assert all((FILE.parent / mesh).is_file() for mesh in meshes)


@pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS.keys())
def test_the_labelled_visual_lies_where_the_object_is_in_the_photo(panel):
    whole, part = (
        next(v for v in panel.iter("visual") if v.get("name") == name)
        for name in ("photo", "object")
    )
    uris = [visual.findtext(".//albedo_map").rpartition("/")[2] for visual in (whole, part)]
    (photo,) = (photo for photo in PHOTOS if photo.files == tuple(uris))
    left, top, right, bottom = photo.crop
    width, height = right - left, bottom - top
    _, across, up = numbers(whole.find(".//mesh"), "scale")
    metres = across / width
    assert up == pytest.approx(metres * height, abs=1e-3)
    left, top, right, bottom = photo.object
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    scale = numbers(part.find(".//mesh"), "scale")
    wanted = (1, metres * (right - left), metres * (bottom - top))
    assert scale == pytest.approx(wanted, abs=1e-3)
    # A panel is seen from its +x, where +y is on the right.
    middle = ((left + right - width) / 2, (height - top - bottom) / 2)
    before, *place = numbers(part, "pose")[:3]
    assert place == pytest.approx([metres * offset for offset in middle], abs=1e-3)
    assert 0 < before < 0.02


@pytest.mark.parametrize("vehicle", VEHICLES)
def test_both_cameras_of_a_vehicle_see_the_same(vehicle):
    camera, boxes = sensor(vehicle, "camera"), sensor(vehicle, "boundingbox_camera")
    assert (camera.get("name"), boxes.get("name")) == ("camera", "boxes")
    same = ("pose", "update_rate", "always_on", "camera/horizontal_fov")
    same += ("camera/image/width", "camera/image/height", "camera/clip/near", "camera/clip/far")
    for path in same:
        assert camera.findtext(path) == boxes.findtext(path) is not None, path
    assert boxes.findtext("camera/box_type") == "visible_2d"
    assert boxes.find("camera/noise") is None
    # A frame falls on a step of physics, so that both carry the same stamp.
    step = float(WORLD.findtext("physics/max_step_size"))
    steps = 1 / float(camera.findtext("update_rate")) / step
    assert steps == pytest.approx(round(steps))


def test_the_bridge_carries_what_the_world_publishes_under_the_names_of_sim_camera():
    wanted = {"/clock": ("/clock", "gz.msgs.Clock")}
    for vehicle in VEHICLES:
        camera, boxes = sensor(vehicle, "camera"), sensor(vehicle, "boundingbox_camera")
        wanted[camera.findtext("topic")] = (f"/{vehicle}/image_raw", "gz.msgs.Image")
        info = camera.findtext("camera/camera_info_topic")
        wanted[info] = (f"/{vehicle}/camera_info", "gz.msgs.CameraInfo")
        truth = (f"/{vehicle}/ground_truth", "gz.msgs.AnnotatedAxisAligned2DBox_V")
        wanted[boxes.findtext("topic")] = truth
        assert boxes.findtext("camera/camera_info_topic") not in wanted
    entries = bridged()
    found = {gz: (e["ros_topic_name"], e["gz_type_name"]) for gz, e in entries.items()}
    assert found == wanted
    assert all(TYPES[e["gz_type_name"]] == e["ros_type_name"] for e in entries.values())


@pytest.mark.parametrize("vehicle", VEHICLES)
def test_a_vehicle_circles_in_the_middle_of_the_panels(vehicle):
    model = MODELS[vehicle]
    control = model.find("plugin")
    twist = Twist(numbers(control, "initial_linear"), numbers(control, "initial_angular"))
    start = Pose.from_rpy(*numbers(model, "pose"))
    radius = math.hypot(*start.position[:2])
    nearest = min(math.hypot(*numbers(panel, "pose")[:2]) for panel in PANELS.values())
    assert radius < nearest / 2
    eye = Pose.from_rpy(*numbers(sensor(vehicle, "camera"), "pose"))
    for seconds in np.linspace(0, twist.period_s, 7):
        pose = twist.moved(start, seconds)
        assert math.hypot(*pose.position[:2]) == pytest.approx(radius, abs=1e-3)
        assert pose.position[2] == pytest.approx(start.position[2])
        # Its camera looks away from the middle.
        look = (pose @ eye).rotation[:, 0]
        assert look[:2] @ pose.position[:2] / radius > 0.95
