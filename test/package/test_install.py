"""What is installed can be run, and finds its files."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXECUTABLES = (
    "camera",
    "compressor",
    "detector",
    "edge_compress",
    "evaluator",
    "sim_camera",
    "status_image",
)


def entry_points():
    return [
        point
        for point in distribution("edge_compress").entry_points
        if point.group == "console_scripts"
    ]


def test_ros2_run_finds_the_nodes_and_the_command() -> None:
    assert sorted(point.name for point in entry_points()) == list(EXECUTABLES)


@pytest.mark.parametrize("point", entry_points(), ids=lambda point: point.name)
def test_an_executable_can_be_loaded(point) -> None:
    if ".nodes." in point.value:
        pytest.importorskip("rclpy")
    assert callable(point.load())


def test_files_that_are_not_code_are_installed_too(tmp_path: Path) -> None:
    command = [sys.executable, "setup.py", "-q", "build", "--build-base", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    wanted = data_files(ROOT / "edge_compress")
    assert Path("py.typed") in wanted
    assert data_files(tmp_path / "lib" / "edge_compress") == wanted, "see package_data in setup.py"


def data_files(package: Path) -> set[Path]:
    """List what lies in a package besides Python code."""
    return {
        file.relative_to(package)
        for file in package.rglob("*")
        if file.is_file() and file.suffix not in {".py", ".pyc"}
    }


BLOCK = """
import sys
for name in ("torch", "torchvision", "onnx2torch", "torch_pruning", "pycocotools", "onnx"):
    sys.modules[name] = None  # importing it now raises ImportError
{code}
"""


@pytest.mark.parametrize(
    "code",
    [
        "import edge_compress.inference.detector",
        "import edge_compress.telemetry.power",
        "from edge_compress.cli.main import main; sys.exit(main(['--help']))",
        "from edge_compress.cli.main import main; sys.exit(main(['inspect', '--help']))",
        "import rclpy; import edge_compress.nodes.detector",
        "import rclpy; import edge_compress.nodes.evaluator",
        "import rclpy; import edge_compress.nodes.camera",
    ],
)
def test_a_robot_runs_without_pytorch(code: str) -> None:
    if "rclpy" in code:
        pytest.importorskip("rclpy")
    result = subprocess.run(
        [sys.executable, "-c", BLOCK.format(code=code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
