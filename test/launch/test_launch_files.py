"""The launch files name only what exists; read without launch, which is not on every machine."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from edge_compress.nodes.camera_parameters import CAMERA_PARAMETERS
from edge_compress.nodes.compressor_parameters import COMPRESSOR_PARAMETERS
from edge_compress.nodes.detector_parameters import DETECTOR_PARAMETERS
from edge_compress.nodes.evaluator_parameters import EVALUATOR_PARAMETERS
from edge_compress.nodes.sim_camera_parameters import SIM_CAMERA_PARAMETERS
from edge_compress.nodes.status_image_parameters import STATUS_IMAGE_PARAMETERS

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "launch").glob("*.launch.xml"))
TABLES = {
    "camera": CAMERA_PARAMETERS,
    "compressor": COMPRESSOR_PARAMETERS,
    "detector": DETECTOR_PARAMETERS,
    "evaluator": EVALUATOR_PARAMETERS,
    "sim_camera": SIM_CAMERA_PARAMETERS,
    "status_image": STATUS_IMAGE_PARAMETERS,
}
# Not declared in package.xml: who wants to look, or to simulate, installs them.
OTHERS = {"ros_gz_bridge", "rviz2"}
SHARE = re.compile(r"\$\(find-pkg-share edge_compress\)/([^\s)]+)")

pytestmark = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


@pytest.fixture
def root(file):
    return ElementTree.parse(file).getroot()


def own_nodes(root):
    return [node for node in root.iter("node") if node.get("pkg") not in OTHERS]


def own_parameters(node):
    """Return each parameter that a node is given by name, whether always or where it is asked."""
    for param in node.findall("param"):
        if "name" in param.attrib:
            asked = re.match(r"\$\(eval '\"(\w+)\" if ", param.get("name"))
            yield asked.group(1) if asked else param.get("name"), param


def test_there_are_launch_files(file):
    assert {path.name for path in FILES} == {
        "compress.launch.xml",
        "demo.launch.xml",
        "detector.launch.xml",
        "fleet.launch.xml",
        "operator.launch.xml",
        "scored_detector.launch.xml",
        "simulation.launch.xml",
    }


def test_every_executable_is_installed(file, root):
    setup = (ROOT / "setup.py").read_text()
    assert {node.get("pkg") for node in root.iter("node")} <= {"edge_compress"} | OTHERS
    for node in own_nodes(root):
        executable = node.get("exec")
        assert f'"{executable} = ' in setup.replace("{NAME}", "edge_compress")
        module = ROOT / "edge_compress" / "nodes" / f"{executable}.py"
        assert "def main(" in module.read_text()


def test_every_argument_is_declared_described_and_used(file, root):
    declared = {arg.get("name"): arg for arg in root.findall("arg")}
    assert all(arg.get("description") for arg in declared.values())
    used = set()
    for element in root.iter():
        for text in element.attrib.values():
            used |= set(re.findall(r"\$\(var ([^\s)]+)\)", text))
    assert used == set(declared) | {variable.get("name") for variable in root.findall("let")}


def test_every_parameter_is_one_that_the_node_declares(file, root):
    for node in own_nodes(root):
        names = {parameter.name for parameter in TABLES[node.get("exec")]}
        assert {name for name, _ in own_parameters(node)} <= names


def test_every_parameter_of_a_kind_has_that_kind(file, root):
    kinds = {bool: "bool", int: "int", float: "float", str: "str"}
    for node in own_nodes(root):
        table = {parameter.name: parameter for parameter in TABLES[node.get("exec")]}
        for name, param in own_parameters(node):
            assert param.get("type") == kinds[type(table[name].default)]


def test_every_file_is_there_and_installed(file, root):
    installed = (ROOT / "setup.py").read_text()
    for element in root.iter():
        for text in element.attrib.values():
            for path in SHARE.findall(text):
                assert (ROOT / path).is_file()
                assert f'share("{path.split("/")[0]}")' in installed


def test_includes_give_arguments_that_the_other_file_declares(file, root):
    for include in root.iter("include"):
        (path,) = SHARE.findall(include.get("file"))
        given = {arg.get("name") for arg in include.findall("arg")}
        if path.endswith(".py"):
            assert given == set(re.findall(r'Argument\(\s*"(\w+)"', (ROOT / path).read_text()))
            continue
        other = ElementTree.parse(ROOT / path).getroot()
        declared = {arg.get("name"): arg for arg in other.findall("arg")}
        assert given <= set(declared)
        assert {name for name, arg in declared.items() if arg.get("default") is None} <= given


def test_large_frames_get_through(file, root):
    (setting,) = root.findall("set_env")
    assert setting.get("name") == "FASTDDS_BUILTIN_TRANSPORTS"
    (argument,) = (arg for arg in root.findall("arg") if arg.get("name") == "transports")
    assert "DEFAULT?sockets_size=4MB" in argument.get("default")
    assert "LARGE_DATA" in argument.get("description")
    children = [child.tag for child in root]
    assert children.index("set_env") < children.index("node" if "node" in children else "include")


def test_namespace_and_respawn_can_be_set(file, root):
    names = {arg.get("name") for arg in root.findall("arg")}
    # In a fleet, each robot has its namespace in the list; in a simulation, by the world.
    whose = "robots" if "fleet" in names else "drone" if "world" in names else "namespace"
    assert {whose, "respawn", "log_level"} <= names
    for node in root.iter("node"):
        # One text on all robots; a bridge whose file names whole topics.
        shared = node.get("exec") in {"parameter_bridge", "status_image"}
        assert node.get("namespace") == ("" if shared else "$(var namespace)")
