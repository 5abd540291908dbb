"""package.xml, setup.py and the code say the same."""

from __future__ import annotations

import ast
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import edge_compress

catkin_package = pytest.importorskip("catkin_pkg.package")

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "edge_compress"
ROS_PACKAGES = {"ament_index_python", "launch", "launch_ros", "rclpy"}
ROS_ENDINGS = ("_msgs", "_srvs", "_interfaces")


@pytest.fixture(scope="module")
def manifest():
    warnings: list[str] = []
    package = catkin_package.parse_package(str(ROOT / "package.xml"), warnings=warnings)
    assert warnings == []
    return package


def test_package_xml_follows_rep_149(manifest) -> None:
    assert manifest.package_format == 3
    assert manifest.get_build_type() == "ament_python"


def test_the_version_is_the_same_everywhere(manifest) -> None:
    assert manifest.version == edge_compress.__version__
    assert distribution("edge_compress").version == edge_compress.__version__


def test_name_licence_and_maintainer_are_the_same_for_ros_and_for_pip(manifest) -> None:
    metadata = distribution("edge_compress").metadata
    assert metadata["Name"] == manifest.name
    assert metadata["License"] == manifest.licenses[0]
    assert metadata["Maintainer-email"] == manifest.maintainers[0].email


def test_every_ros_package_that_is_imported_is_declared(manifest) -> None:
    declared = {dependency.name for dependency in manifest.exec_depends}
    ros = {name for name in imports(SOURCES) if is_ros(name)}
    assert "rclpy" in ros
    assert ros - declared == set()


def test_every_library_that_is_imported_is_in_the_requirements() -> None:
    foreign = {
        name
        for name in imports(SOURCES)
        if name not in sys.stdlib_module_names and name != "edge_compress" and not is_ros(name)
    }
    assert "numpy" in foreign
    foreign -= IN_AN_ENVIRONMENT_OF_THEIR_OWN
    assert foreign - set(IMPORTED_FROM) == set(), "add the library to requirements/ and here"
    listed = {requirement.name for requirement in requirements()}
    assert {IMPORTED_FROM[name] for name in foreign} - listed == set()


# Beside torch, but not beside our pydantic: the user makes an environment for them.
IN_AN_ENVIRONMENT_OF_THEIR_OWN = {"ai_edge_litert", "litert_torch"}

# What the modules are called that each requirement brings.
IMPORTED_FROM = {
    "cryptography": "cryptography",
    "cv2": "opencv-python-headless",
    "google": "onnx",
    "h5py": "h5py",
    "jinja2": "jinja2",
    "markupsafe": "jinja2",
    "matplotlib": "matplotlib",
    "mujoco": "mujoco",
    "numpy": "numpy",
    "onnx": "onnx",
    "onnx2torch": "onnx2torch",
    "onnxruntime": "onnxruntime",
    "optuna": "optuna",
    "pooch": "pooch",
    "pycocotools": "pycocotools",
    "pydantic": "pydantic",
    "pydantic_core": "pydantic",
    "requests": "pooch",
    "rich": "rich",
    "rosbags": "rosbags",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "sqlalchemy": "optuna",
    "torch": "torch",
    "torch_pruning": "torch-pruning",
    "torchvision": "torchvision",
    "yaml": "PyYAML",
}


@pytest.mark.parametrize("extra", ["runtime", "jetson", "compress", "simulation", "dev", "test"])
def test_an_extra_is_more_than_nothing_and_can_be_read(extra: str) -> None:
    found = [text for text in distribution("edge_compress").requires or [] if extra in text]
    assert [Requirement(text).name for text in found]


def test_the_robot_extras_bring_no_pytorch() -> None:
    for text in distribution("edge_compress").requires or []:
        requirement = Requirement(text)
        if requirement.name.startswith(("torch", "onnx2torch")):
            for extra in ("", "runtime", "jetson"):
                assert not requirement.marker or not requirement.marker.evaluate({"extra": extra})


def is_ros(name: str) -> bool:
    return name in ROS_PACKAGES or name.endswith(ROS_ENDINGS)


def imports(folder: Path) -> set[str]:
    """Name the top-level packages that the Python files under a folder import."""
    found: set[str] = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found


def requirements() -> list[Requirement]:
    """Read all that requirements/ lists for users, without what only builds need."""
    lines = [
        line.partition("#")[0].strip()
        for group in ("core", "runtime", "compress", "simulation")
        for line in (ROOT / "requirements" / f"{group}.in").read_text().splitlines()
    ]
    return [Requirement(line) for line in lines if line and not line.startswith("-")]
