"""What the camera sees: exactly what pinhole geometry says, the right way round."""

import math

import numpy as np
import pytest

from edge_compress.simulation.errors import RenderError, WorldError
from edge_compress.simulation.sdf_world import read_world

pytestmark = pytest.mark.usefixtures("opengl")


def see(file, vehicle="drone", **settings):
    """Return the first frame, and the camera."""
    from edge_compress.simulation.camera import SimulatedCamera

    camera = SimulatedCamera(read_world(file), vehicle, **settings)
    return next(camera.frames()), camera


def box_of(frame):
    (box,) = frame.boxes
    return box.x1, box.y1, box.x2, box.y2


def near(colour, wanted, by=3):
    return np.abs(colour.astype(int) - wanted).max() <= by


@pytest.mark.parametrize("size", [(640, 480), (320, 240), (640, 360)])
@pytest.mark.parametrize(
    ("where", "width", "height"), [((4, 0, 0), 1, 1), ((6, 1.5, -0.5), 0.6, 1.4)]
)
def test_a_panel_is_where_pinhole_geometry_puts_it(write_world, panel, size, where, width, height):
    distance, left, up = where
    file = write_world(
        panel("p", "{} {} {}".format(*where), width=width, height=height, label=7), size=size
    )
    frame, _ = see(file)
    focal = size[0] / 2 / math.tan(0.6)

    def column(y):
        return size[0] / 2 - focal * y / distance

    def row(z):
        return size[1] / 2 - focal * z / distance

    wanted = (
        column(left + width / 2),
        row(up + height / 2),
        column(left - width / 2),
        row(up - height / 2),
    )
    assert np.abs(np.subtract(box_of(frame), wanted)).max() < 1
    assert frame.boxes[0].label == 7


def test_the_poses_of_vehicle_and_sensor_count(write_world, panel):
    # The drone stands at (0, 5), looks along +y, and its camera is pitched down by 45 degrees, so
    # that its axis hits the ground where the panel lies.
    file = write_world(
        panel("p", "0 7 0.5 0 -1.5707963267949 0", label=7),
        pose=f"0 5 2 0 0 {math.pi / 2}",
        camera_pose=f"0.5 0 0 0 {math.pi / 4} 0",
    )
    x1, y1, x2, y2 = box_of(see(file)[0])
    assert (x1 + x2) / 2 == pytest.approx(320, abs=1)
    assert y1 < 240 < y2


def test_a_texture_is_upright_and_not_mirrored(write_world, panel, corners):
    frame, _ = see(write_world(panel("p", "2 0 0", texture=corners, label=1)))
    x1, y1, x2, y2 = map(int, box_of(frame))
    upper, lower = y1 + 20, y2 - 20
    left, right = x1 + 20, x2 - 20
    assert near(frame.image[upper, left], (255, 0, 0))
    assert near(frame.image[upper, right], (0, 255, 0))
    assert near(frame.image[lower, left], (0, 0, 255))
    assert near(frame.image[lower, right], (255, 255, 255))
    assert near(frame.image[5, 5], (51, 102, 204))  # the sky


def test_light_is_ambient_and_the_cosine_of_the_suns(write_world, panel):
    sun = """<light type="directional" name="sun"><direction>0.5 0 -0.8660254</direction>
      <diffuse>.6 .6 .6 1</diffuse></light>"""
    file = write_world(panel("p", "2 0 0", color="1 .5 0 1"), ambient="0.4 0.4 0.4 1", light=sun)
    image = see(file)[0].image
    assert near(image[240, 320], np.array([1, 0.5, 0]) * 255 * (0.4 + 0.6 * 0.5))


def test_what_is_behind_another_is_not_there(write_world, panel):
    front = panel("front", "2 0 0", width=2, height=2)
    behind = panel("behind", "4 0 0", label=7)
    assert see(write_world(behind))[0].boxes
    assert see(write_world(front, behind))[0].boxes == ()


def test_a_panel_is_not_seen_from_behind(write_world, panel):
    assert see(write_world(panel("p", "2 0 0 0 0 0", label=7)))[0].boxes == ()


def test_what_is_half_hidden_has_half_a_box(write_world, panel):
    whole = box_of(see(write_world(panel("p", "4 0 0", label=7)))[0])
    cover = panel("cover", "2 0.5 0", width=1, height=3)  # all that is left of the middle
    x1, y1, x2, y2 = box_of(see(write_world(cover, panel("p", "4 0 0", label=7)))[0])
    assert (x1, x2) == (320, whole[2])
    assert (y1, y2) == (whole[1], whole[3])


def test_a_box_ends_with_the_picture(write_world, panel):
    x1, y1, x2, y2 = box_of(see(write_world(panel("p", "2 1 0", width=2, height=9, label=7)))[0])
    assert (x1, y1, y2) == (0, 0, 480)
    assert 319 <= x2 <= 321


def test_two_panels_of_one_class_are_two_boxes(write_world, panel):
    frame, _ = see(write_world(panel("a", "4 1 0", label=7), panel("b", "4 -1 0", label=7)))
    assert [box.label for box in frame.boxes] == [7, 7]
    assert frame.boxes[0].x2 < frame.boxes[1].x1


def test_more_things_than_a_byte_can_count(write_world, panel):
    many = [panel(f"b{n}", f"{20 + n} 0 50") for n in range(300)]
    assert [
        box.label for box in see(write_world(*many, panel("p", "4 0 0", label=9)))[0].boxes
    ] == [9]


@pytest.mark.parametrize(
    ("geometry", "width", "height"),
    [
        ("<box><size>0.002 1 2</size></box>", 1, 2),
        ("<cylinder><radius>0.5</radius><length>2</length></cylinder>", 1, 2),
        ("<plane><size>2 1</size><normal>-1 0 0</normal></plane>", None, None),
        ("<sphere><radius>0.5</radius></sphere>", 1, 1),
    ],
)
def test_every_shape_has_its_size(write_world, geometry, width, height):
    model = f"""<model name="m"><static>true</static><pose>20 0 0 0 0 0</pose><link name="l">
      <visual name="v"><geometry>{geometry}</geometry>
      <material><diffuse>1 1 1 1</diffuse></material>
      <plugin filename="f" name="gz::sim::systems::Label"><label>3</label></plugin>
      </visual></link></model>"""
    x1, y1, x2, y2 = box_of(see(write_world(model))[0])
    focal = 320 / math.tan(0.6)
    sides = sorted([(x2 - x1) * 20 / focal, (y2 - y1) * 20 / focal])
    assert sides == pytest.approx(sorted([width or 1, height or 2]), rel=0.04)


def test_other_vehicles_are_seen_where_they_are(write_world):
    other = """<model name="ground_robot"><pose>4 0 0 0 0 0</pose><link name="l">
      <visual name="v"><geometry><sphere><radius>0.2</radius></sphere></geometry>
      <material><diffuse>1 1 1 1</diffuse></material>
      <plugin filename="f" name="gz::sim::systems::Label"><label>3</label></plugin>
      </visual></link>
      <plugin filename="v" name="gz::sim::systems::VelocityControl">
      <initial_linear>0 10 0</initial_linear></plugin></model>"""
    x1, _, x2, _ = box_of(see(write_world(other))[0])  # after 0.1 s it is 1 m on the left
    assert (x1 + x2) / 2 == pytest.approx(320 - 320 / math.tan(0.6) / 4, abs=3)


def test_a_vehicle_that_is_not_there_and_one_without_a_camera(write_world):
    file = write_world(camera="")
    with pytest.raises(WorldError, match="no vehicle `boat`.*those it has: drone"):
        see(file, "boat")
    with pytest.raises(WorldError, match="`drone` has no sensor"):
        see(file)


def test_a_texture_and_a_mesh_that_cannot_be_read_are_named(write_world, panel, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(WorldError, match="broken.png cannot be read as an image"):
        see(write_world(panel("p", "2 0 0", texture="broken.png")))
    (tmp_path / "quad.obj").write_text("v 0 0 0\nf 1 1 1\n")
    with pytest.raises(WorldError, match="small.sdf: MuJoCo cannot show this world"):
        see(write_world(panel("p", "2 0 0")))


def test_a_picture_that_opengl_cannot_draw_is_told(write_world):
    with pytest.raises(RenderError, match="cannot draw pictures of 40000x2"):
        see(write_world(), width=40_000, height=2)
    assert see(write_world(), width=40, height=2)[0].image.shape == (2, 40, 3)


def test_camera_info_says_what_gazebo_says(write_world):
    _, camera = see(write_world(), width=320, height=200)
    focal = 160 / math.tan(0.6)
    pinhole = camera.pinhole
    assert pinhole.k == pytest.approx([focal, 0, 160, 0, focal, 100, 0, 0, 1])
    assert pinhole.p == pytest.approx([focal, 0, 160, 0, 0, focal, 100, 0, 0, 0, 1, 0])
    assert pinhole.r == [1, 0, 0, 0, 1, 0, 0, 0, 1]
    assert pinhole.d == [0] * 5
    assert (camera.frame_id, camera.rate) == ("optical", 10)
