"""Small worlds, written by the test that looks at them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

# A square of 1 m in the y-z plane that faces +x; the texture's upper left corner is at y = -0.5,
# on the left of somebody who looks at it.
QUAD = """
v 0 -0.5 -0.5
v 0 0.5 -0.5
v 0 0.5 0.5
v 0 -0.5 0.5
vt 0 0
vt 1 0
vt 1 1
vt 0 1
vn 1 0 0
f 1/1/1 2/2/1 3/3/1
f 1/1/1 3/3/1 4/4/1
"""
CAMERA = """
<sensor name="camera" type="camera">
  <pose>{camera_pose}</pose>
  <update_rate>10</update_rate>
  <gz_frame_id>optical</gz_frame_id>
  <camera>
    <horizontal_fov>1.2</horizontal_fov>
    <image><width>{width}</width><height>{height}</height><format>R8G8B8</format></image>
    <clip><near>0.05</near><far>100</far></clip>
    <noise><type>gaussian</type><mean>0</mean><stddev>{noise}</stddev></noise>
  </camera>
</sensor>
"""
WORLD = """<?xml version="1.0"?>
<sdf version="1.10"><world name="small">
<physics name="p" type="ode"><max_step_size>0.001</max_step_size></physics>
<scene>
  <ambient>{ambient}</ambient><background>0.2 0.4 0.8 1</background><shadows>false</shadows>
</scene>
{light}
<model name="drone"><pose>{pose}</pose>
  <link name="body"><gravity>false</gravity>{camera}{sight}</link>
  <plugin filename="gz-sim-velocity-control-system" name="gz::sim::systems::VelocityControl">
    <initial_linear>{linear}</initial_linear><initial_angular>{angular}</initial_angular>
  </plugin>
</model>
{models}
</world></sdf>
"""
PANEL = """
<model name="{name}"><static>true</static><pose>{pose}</pose><link name="l"><visual name="v">
  <geometry><mesh><uri>quad.obj</uri><scale>1 {width} {height}</scale></mesh></geometry>
  <material><diffuse>{color}</diffuse>
    <pbr><metal>{texture}<metalness>0</metalness><roughness>1</roughness></metal></pbr>
  </material>{label}
</visual></link></model>
"""
LABEL = """<plugin filename="gz-sim-label-system" name="gz::sim::systems::Label">
<label>{}</label></plugin>"""


def make_panel(name, pose, *, width=1.0, height=1.0, color="1 1 1 1", texture="", label=0):
    """Return a panel before a camera that looks along +x; `pose` is x y z, yaw is half a turn."""
    return PANEL.format(
        name=name,
        pose=f"{pose} 0 0 3.14159265358979" if len(pose.split()) == 3 else pose,
        width=width,
        height=height,
        color=color,
        texture=f"<albedo_map>{texture}</albedo_map>" if texture else "",
        label=LABEL.format(label) if label else "",
    )


@pytest.fixture
def panel():
    return make_panel


@pytest.fixture
def write_world(tmp_path):
    """Return a function that writes a world with a drone, and whatever else it is given."""
    (tmp_path / "quad.obj").write_text(QUAD)

    def write(
        *models,
        pose="0 0 0 0 0 0",
        linear="0 0 0",
        angular="0 0 0",
        camera=CAMERA,
        camera_pose="0 0 0 0 0 0",
        size=(640, 480),
        noise=0,
        ambient="1 1 1 1",
        light="",
        sight="",
        name="small.sdf",
    ):
        file = tmp_path / name
        sensor = camera.format(camera_pose=camera_pose, width=size[0], height=size[1], noise=noise)
        file.write_text(
            WORLD.format(
                pose=pose,
                linear=linear,
                angular=angular,
                camera=sensor,
                ambient=ambient,
                light=light,
                sight=sight,
                models="".join(models),
            )
        )
        return file

    return write


@pytest.fixture
def corners(tmp_path):
    """Four colours: red and green above, blue and white below; the name of the file."""
    image = np.zeros((64, 64, 3), np.uint8)
    image[:32, :32], image[:32, 32:] = (0, 0, 255), (0, 255, 0)  # BGR
    image[32:, :32], image[32:, 32:] = (255, 0, 0), (255, 255, 255)
    cv2.imwrite(str(tmp_path / "corners.png"), image)
    return "corners.png"
