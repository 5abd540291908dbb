"""Worlds in SDF: what is read, and what is refused."""

import numpy as np
import pytest

from edge_compress.simulation.errors import WorldError
from edge_compress.simulation.resources import shipped_world
from edge_compress.simulation.sdf_world import read_world
from edge_compress.simulation.world import Box, Mesh


def test_what_is_seen_and_where_it_is(write_world, panel, corners):
    sun = """<light type="directional" name="sun"><pose>0 0 9 0 1.5707963267949 0</pose>
      <direction>0 0 -1</direction><diffuse>.5 .6 .7 1</diffuse><intensity>0.5</intensity>
      </light>"""
    box = """<model name="box"><static>1</static><pose>1 0 0 0 0 1.5707963267949</pose>
      <link name="l"><pose>1 0 0 0 0 0</pose><visual name="v"><pose>0 0 2 0 0 0</pose>
      <geometry><box><size>1 2 3</size></box></geometry>
      <material><ambient>1 0 0 1</ambient><diffuse>.1 .2 .3</diffuse></material>
      </visual><collision name="c"/></link></model>"""
    file = write_world(
        panel("cat", "3 0 1", height=2.0, texture=corners, label=16), box, light=sun, noise=0.02
    )
    world = read_world(file)
    assert world.background == (0.2, 0.4, 0.8)
    cat, solid = world.visuals
    assert (cat.label, cat.texture, cat.color) == (16, file.parent / "corners.png", (1, 1, 1))
    assert cat.shape == Mesh(file.parent / "quad.obj", (1, 1, 2))
    assert np.allclose(cat.pose.position, [3, 0, 1])
    assert np.allclose(cat.pose.rotation @ [1, 0, 0], [-1, 0, 0])
    assert (solid.shape, solid.color, solid.label) == (Box((1, 2, 3)), (0.1, 0.2, 0.3), 0)
    assert np.allclose(solid.pose.position, [1, 1, 2])
    (light,) = world.lights
    assert np.allclose(light.direction, [-1, 0, 0])  # pitched down, what pointed down points back
    assert np.allclose(light.color, [0.25, 0.3, 0.35])
    camera = world.vehicles["drone"].camera
    assert (camera.width, camera.height, camera.rate, camera.near) == (640, 480, 10, 0.05)
    assert (camera.frame_id, camera.noise_stddev) == ("optical", 0.02)


def test_a_camera_without_a_frame_has_the_name_that_gazebo_gives_it(write_world):
    file = write_world()
    file.write_text(file.read_text().replace("<gz_frame_id>optical</gz_frame_id>", ""))
    assert read_world(file).vehicles["drone"].camera.frame_id == "drone/body/camera"


def test_textures_are_found_where_gazebo_finds_them(write_world, panel, corners, tmp_path):
    (tmp_path / "models" / "photos").mkdir(parents=True)
    (tmp_path / corners).rename(tmp_path / "models" / "photos" / corners)
    file = write_world(panel("cat", "3 0 1", texture=f"model://photos/{corners}"))
    world = read_world(file, [tmp_path / "elsewhere", tmp_path / "models"])
    assert world.visuals[0].texture == tmp_path / "models" / "photos" / corners
    with pytest.raises(WorldError) as told:
        read_world(file, [tmp_path / "elsewhere"])
    for word in ("small.sdf", "`cat`", "model://photos/corners.png", "elsewhere/photos", "python"):
        assert word in str(told.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("R8G8B8</format>", "R8G8B8</format><lens/>", "<lens>"),
        ("<world", "<word", "not SDF"),  # not well formed
        ("<physics", "<include/><physics", "<include>"),
        ("<ambient>", "<fog/><ambient>", "<fog>"),
        ("<ambient>1 1 1 1<", "<ambient>1 1<", "3 numbers"),
        ("<ambient>1 1 1 1<", "<ambient>1 1 nan 1<", "4 numbers"),
        ("<ambient>1 1 1 1<", "<ambient>1 1 2 1<", "from 0 to 1"),
        ("<diffuse>1 1 1 1<", "<diffuse>1 1 1 .5<", "alpha"),
        ("<pose>0 0 0 0 0 0", "<pose degrees='true'>0 0 0 0 0 0", "`degrees`"),
        ("<pose>0 0 0 0 0 0", "<pose>0 0 0", "6 numbers"),
        ("<static>true", "<static>maybe", "true or false"),
        ("<static>true", "<static>false", "VelocityControl"),
        ("quad.obj", "quad.dae", "OBJ"),
        ("quad.obj", "other.obj", "`other.obj` is not there"),
        ("<scale>1 1.0 1.0", "<scale>1 0 1", "above 0"),
        ("<metalness>0<", "<metalness>0.5<", "matt"),
        ("<metalness>0</metalness>", "", "matt"),
        ("<roughness>", "<normal_map/><roughness>", "<normal_map>"),
        ("<label>16<", "<label>0<", "from 1 to 255"),
        ("<label>16<", "<label>1.5<", "whole number"),
        ("</geometry>", "</geometry><transparency>0.5</transparency>", "transparency"),
        ("<horizontal_fov>1.2<", "<horizontal_fov>4<", "less than pi"),
        ("<far>100<", "<far>0.01<", "above 0.05"),
        ("<width>640<", "<width>0<", "whole number"),
        ("R8G8B8", "L8", "R8G8B8"),
        ("<type>gaussian<", "<type>perlin<", "gaussian"),
        ("<clip>", "<distortion/><clip>", "<distortion>"),
        ("<update_rate>10<", "<update_rate>0<", "above 0"),
    ],
)
def test_what_would_look_otherwise_is_refused_by_its_place(write_world, panel, old, new, told):
    file = write_world(panel("cat", "3 0 1", label=16))
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(WorldError) as error:
        read_world(file)
    assert str(error.value).startswith(f"{file}: ")
    assert told in str(error.value)


def test_a_file_that_is_no_world(tmp_path):
    with pytest.raises(WorldError, match="missing.sdf: cannot read the world: No such file"):
        read_world(tmp_path / "missing.sdf")
    other = tmp_path / "robot.urdf"
    other.write_text("<robot name='r'/>")
    with pytest.raises(WorldError, match="its root is <robot>"):
        read_world(other)
    other.write_text("<sdf version='1.10'><model name='m'/></sdf>")
    with pytest.raises(WorldError, match="has no <world>"):
        read_world(other)


@pytest.mark.parametrize("kind", ["point", "spot"])
def test_light_that_is_not_drawn_so_is_refused(write_world, kind):
    file = write_world(light=f'<light type="{kind}" name="lamp"/>')
    with pytest.raises(WorldError, match="light `lamp`: only lights of the type `directional`"):
        read_world(file)
    file = write_world(
        light='<light type="directional" name="sun"><cast_shadows>1</cast_shadows></light>'
    )
    with pytest.raises(WorldError, match="cast_shadows"):
        read_world(file)


def test_the_world_that_is_shipped_is_found():
    assert shipped_world().parts[-2:] == ("worlds", "inspection.sdf")
