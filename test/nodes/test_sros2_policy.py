"""config/sros2_policy.xml allows each node what it opens, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from lxml import etree

CONFIG = Path(__file__).resolve().parents[2] / "config"
SCHEMA = {
    "policy": {"enclaves"},
    "enclaves": {"enclave"},
    "enclave": {"profiles"},
    "profiles": {"profile"},
    "profile": {"topics", "services"},
    "topics": {"topic"},
    "services": {"service"},
    "topic": set(),
    "service": set(),
}
ATTRIBUTES = {
    "policy": {"version"},
    "enclave": {"path"},
    "profile": {"ns", "node"},
    "topics": {"publish", "subscribe"},
    "services": {"reply", "request"},
}
GRAPH = {
    "publish": "get_publisher_names_and_types_by_node",
    "subscribe": "get_subscriber_names_and_types_by_node",
    "reply": "get_service_names_and_types_by_node",
    "request": "get_client_names_and_types_by_node",
}
SETTLE_S = 1.0
FOUND_S = 30.0


def read_policy():
    tree = etree.parse(CONFIG / "sros2_policy.xml")
    tree.xinclude()
    return tree.getroot()


def allowed(enclave):
    """Return the node of an enclave and the full names that it may use, by what it does there."""
    (profile,) = enclave.findall("profiles/profile")
    assert profile.get("ns") == "/"
    node = profile.get("node")
    names = {rule: set() for rule in GRAPH}
    for rules in profile.iter("topics", "services"):
        for rule, qualifier in rules.items():
            if rule in GRAPH:
                assert qualifier == "ALLOW"
                names[rule] |= {full_name(one.text, node) for one in rules}
    return node, names


def full_name(name, node):
    if name.startswith("~"):
        return f"/{node}{name[1:]}"
    return name if name.startswith("/") else f"/{name}"


POLICY = {enclave.get("path"): enclave for enclave in read_policy().iter("enclave")}


def opened(probe, node, namespace):
    """Return what a node has, with its namespace taken off, by what it does there."""
    found = {}
    for rule, method in GRAPH.items():
        try:
            listed = getattr(probe.node, method)(node, namespace or "/")
        except Exception:  # noqa: BLE001 - rclpy has no such name yet; its own class differs
            listed = []
        found[rule] = {name.removeprefix(namespace) for name, _ in listed}
    return found


def watch(probe, path, namespaces, subscribed=""):
    """Return what the nodes in these namespaces open, together.

    It ends when that is all, or when it has `subscribed` and some time after that.
    """
    node, wanted = allowed(POLICY[path])
    found = {rule: set() for rule in GRAPH}

    def look():
        for namespace in namespaces:
            for rule, names in opened(probe, node, namespace).items():
                found[rule] |= names

    for _ in range(int(FOUND_S / 0.1)):
        look()
        if found == wanted or subscribed in found["subscribe"]:
            break
        probe.spin(0.1)
    probe.spin(SETTLE_S)
    look()
    return found


def compare(path, found):
    """Hold what was opened against the policy."""
    node, wanted = allowed(POLICY[path])
    if find_spec("rclpy.type_description_service") is None:  # Humble
        wanted["reply"].discard(f"/{node}/get_type_description")
    assert found == wanted


def test_the_policy_has_the_form_of_version_0_2_0():
    """As sros2's policy.xsd has it; what is allowed is a list, and nothing is denied."""
    root = read_policy()
    assert (root.tag, root.get("version")) == ("policy", "0.2.0")
    for element in root.iter(etree.Element):
        assert {child.tag for child in element.iterchildren(etree.Element)} <= SCHEMA[element.tag]
        given = {name for name in element.attrib if "}" not in name}  # xml:base is of XInclude
        assert given <= ATTRIBUTES.get(element.tag, set())
        assert (len(element) > 0) == (len(SCHEMA[element.tag]) > 0), element.tag
        assert SCHEMA[element.tag] or element.text == element.text.strip() != ""
    # `ros2 security generate_artifacts` takes every child for an enclave, and fails at a comment.
    assert all(child.tag == "enclave" for child in root.find("enclaves"))
    assert len(POLICY) == len(root.findall("enclaves/enclave"))
    assert all(path.startswith("/edge_compress/") for path in POLICY)


def test_no_name_matches_more_than_one():
    """A star would let a node into topics that nobody thought of."""
    for enclave in POLICY.values():
        _, names = allowed(enclave)
        assert not any(c in name for rule in names.values() for name in rule for c in "*?[")


def test_only_simulated_and_replayed_cameras_set_the_time():
    clocks = {path for path, one in POLICY.items() if "/clock" in allowed(one)[1]["publish"]}
    assert clocks == {"/edge_compress/player", "/edge_compress/sim_camera"}


def test_every_node_has_an_enclave():
    nodes = {path.stem for path in (CONFIG.parent / "edge_compress/nodes").glob("*.py")}
    runnable = {
        name
        for name in nodes
        if "\ndef main(" in (CONFIG.parent / f"edge_compress/nodes/{name}.py").read_text()
    }
    assert runnable == {allowed(one)[0] for one in POLICY.values()} & nodes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "cameras"),
    [("/edge_compress/detector", []), ("/edge_compress/detector_of_cameras", ["front", "rear"])],
)
def test_the_detector(start, probe, make_bundle, path, cameras):
    detections = make_bundle("detections")
    classes = make_bundle("classes", task="classification")
    runs = [
        start(
            "detector",
            bundle=bundle,
            image_transport=transport,
            cameras=cameras,
            tracking=True,
            step_down=True,
            use_sim_time=True,
            providers=["cpu"],
        )
        for bundle, transport in ((detections, "raw"), (classes, "compressed"))
    ]
    compare(path, watch(probe, path, [run.namespace for run in runs]))


@pytest.mark.slow
def test_the_camera(start, probe, video):
    run = start(
        "camera", source=video, image_transport="both", use_sim_time=True, wait_for_subscribers=9
    )
    compare("/edge_compress/camera", watch(probe, "/edge_compress/camera", [run.namespace]))


@pytest.mark.slow
def test_a_recording_that_sets_the_time(start, probe, tmp_path):
    from recordings import write_bag

    bag = write_bag(tmp_path / "drive.mcap")
    settings = {"source": bag, "wait_for_subscribers": 9, "use_sim_time": True}
    clock = start("camera", publish_clock=True, image_transport="both", **settings)
    compare("/edge_compress/player", watch(probe, "/edge_compress/player", [clock.namespace]))


@pytest.mark.slow
def test_the_simulated_camera(start, probe, opengl):
    run = start("sim_camera", wait_for_subscribers=9, use_sim_time=True)
    compare("/edge_compress/sim_camera", watch(probe, "/edge_compress/sim_camera", [run.namespace]))


@pytest.mark.slow
def test_the_evaluator(start, probe, tmp_path):
    run = start("evaluator", report=tmp_path / "report", use_sim_time=True)
    compare("/edge_compress/evaluator", watch(probe, "/edge_compress/evaluator", [run.namespace]))


@pytest.mark.slow
def test_the_status_image(start, probe):
    run = start("status_image", use_sim_time=True)
    compare(
        "/edge_compress/status_image", watch(probe, "/edge_compress/status_image", [run.namespace])
    )


@pytest.mark.slow
def test_the_compressor(start, probe, tmp_path):
    pytest.importorskip("pycocotools", reason="needs pip install 'edge_compress[compress]'")
    # It waits for somebody to write the recipe, for as long as it is looked at.
    os.mkfifo(tmp_path / "recipe.yaml")
    run = start(
        "compressor",
        recipe=tmp_path / "recipe.yaml",
        output=tmp_path / "tiny.bundle",
        use_sim_time=True,
    )
    compare("/edge_compress/compressor", watch(probe, "/edge_compress/compressor", [run.namespace]))


@pytest.fixture
def command():
    """Return a function that starts `edge_compress`; it is ended with the test."""
    running = []

    def command(*arguments):
        program = [sys.executable, "-m", "edge_compress.cli.main", *arguments]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        running.append(subprocess.Popen(program, **quiet))
        return running[-1]

    yield command
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_the_monitor(probe, command):
    command("monitor", "--once", "--seconds", "60")
    compare("/edge_compress/monitor", watch(probe, "/edge_compress/monitor", [""]))


@pytest.mark.slow
def test_the_doctor(start, probe, command, video):
    path = "/edge_compress/doctor"
    # It listens only to what is published.
    start("camera", source=video, image_transport="both", namespace="/eye", wait_for_subscribers=9)
    probe.until(lambda: probe.node.count_publishers("/eye/image_raw/compressed"), "the camera")
    node, _ = allowed(POLICY[path])
    found = {rule: set() for rule in GRAPH}
    for topic in ("/eye/image_raw", "/eye/image_raw/compressed"):
        process = command("doctor", topic, "--seconds", "60")
        for rule, names in watch(probe, path, [""], topic).items():
            found[rule] |= {name.removeprefix("/eye") for name in names}
        process.send_signal(signal.SIGINT)
        process.wait(20)  # much less than it was to listen
        probe.until(lambda: node not in probe.node.get_node_names(), "the doctor to be gone")
    compare(path, found)
