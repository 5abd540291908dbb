"""What a detector's diagnostics add to a score."""

from types import SimpleNamespace

from edge_compress.scoring.detector_says import detector_values

_TOPIC = "/drone/front/detections"


def status(name, **values):
    pairs = [SimpleNamespace(key=key, value=value) for key, value in values.items()]
    return SimpleNamespace(name=name, values=pairs)


def test_latency_drops_and_energy_of_that_detector_are_taken():
    message = SimpleNamespace(
        status=[
            status("drone/detector: latency", stamp_to_publish_p99_ms="12.5", clock_jumps="3"),
            status("drone/detector: front/frames", dropped_transport="4", last_error="none"),
            status("drone/detector: load", energy_per_inference_mj="7", infer_p50_ms="unknown"),
            status("other/detector: latency", infer_p50_ms="1"),
            status("drone/detector: model", infer_p90_ms="1"),
        ]
    )
    found = {"stamp_to_publish_p99_ms": 12.5, "dropped_transport": 4, "energy_per_inference_mj": 7}
    assert detector_values(message, lambda node, _: node == "drone/detector", _TOPIC) == found
    assert detector_values(message, lambda *_: True, _TOPIC) == {**found, "infer_p50_ms": 1}


def test_of_several_cameras_only_the_scored_one_is_read():
    message = SimpleNamespace(
        status=[
            status("drone/detector: front/latency", infer_p50_ms="1"),
            status("drone/detector: left/latency", infer_p50_ms="2"),
            status("drone/detector: load", power_total_w="9"),
        ]
    )
    front = detector_values(message, lambda *_: True, "/drone/front/detections")
    assert front == {"infer_p50_ms": 1, "power_total_w": 9}
    remapped = detector_values(message, lambda *_: True, "/boxes")
    assert remapped == {"power_total_w": 9}
