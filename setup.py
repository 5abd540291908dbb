"""Build edge_compress, for pip and for colcon (ament_python)."""

from pathlib import Path

from setuptools import find_packages, setup

NAME = "edge_compress"
# resolve() because `colcon build --symlink-install` runs a link to this file from another folder.
ROOT = Path(__file__).resolve().parent


def requirements(group: str) -> list[str]:
    """Read one group of requirements/, without its comments and references to other files."""
    lines = (ROOT / "requirements" / f"{group}.in").read_text().splitlines()
    stripped = (line.split("#")[0].strip() for line in lines)
    return [line for line in stripped if line and not line.startswith("-")]


def share(folder: str) -> list[tuple[str, list[str]]]:
    """List the files under a folder as data files, each beside its own kind."""
    files = sorted(path for path in (ROOT / folder).rglob("*") if path.is_file())
    return [
        (f"share/{NAME}/{file.parent.relative_to(ROOT)}", [str(file.relative_to(ROOT))])
        for file in files
    ]


setup(
    name=NAME,
    version="0.1.0",
    description="Make camera models small and fast for robots, and run them as ROS 2 nodes",
    license="Apache-2.0",
    maintainer="edge_compress maintainers",
    maintainer_email="edge-compress@example.com",
    packages=find_packages(include=[NAME, f"{NAME}.*"]),
    package_data={
        NAME: [
            "py.typed",
            "vision/labels/*",
            "compress/report/templates/*",
            "pages/templates/*",
            "scoring/report/templates/*",
        ]
    },
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        *share("launch"),
        *share("config"),
        *share("worlds"),
    ],
    python_requires=">=3.10",
    install_requires=requirements("core"),
    extras_require={
        "runtime": requirements("runtime"),
        "jetson": requirements("jetson"),
        "compress": requirements("runtime") + requirements("compress"),
        "simulation": requirements("runtime") + requirements("simulation"),
        "postgresql": requirements("postgresql"),
        "dev": requirements("dev"),
        "nvidia": requirements("nvidia"),
        "test": requirements("test") + requirements("nvidia") + requirements("postgresql"),
    },
    entry_points={
        "console_scripts": [
            f"{NAME} = {NAME}.cli.main:main",
            f"camera = {NAME}.nodes.camera:main",
            f"compressor = {NAME}.nodes.compressor:main",
            f"detector = {NAME}.nodes.detector:main",
            f"evaluator = {NAME}.nodes.evaluator:main",
            f"sim_camera = {NAME}.nodes.sim_camera:main",
            f"status_image = {NAME}.nodes.status_image:main",
        ]
    },
    zip_safe=True,
)
