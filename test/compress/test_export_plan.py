"""Plans for different profiles live side by side; for the same profile the later one wins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_compress.bundle.schema import Profile
from edge_compress.compress.export_plan import Plans, joined, precision_of
from edge_compress.compress.progress import Silent


@dataclass(frozen=True)
class Written:
    """A plan that only touches its files."""

    kind: str
    profiles: tuple[Profile, ...]

    def for_profiles(self, profiles):
        return Written(self.kind, profiles)

    def export(self, fp32_path, folder, candidate, frames, progress):
        files = {name: folder / f"model.{name}.{self.kind}.onnx" for name in self.profiles}
        for path in files.values():
            path.write_text(self.kind)
        return files


class Told(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_plans_for_different_profiles_both_write(tmp_path: Path) -> None:
    told = Told()
    both = joined(Written("int8", ("ort-cpu",)), Written("fp16", ("tensorrt",)), told)
    assert both.profiles == ("ort-cpu", "tensorrt")
    files = both.export(tmp_path / "model.fp32.onnx", tmp_path, None, None, told)
    assert {name: path.read_text() for name, path in files.items()} == {
        "ort-cpu": "int8",
        "tensorrt": "fp16",
    }
    assert told.notes == []


def test_the_later_plan_takes_over_a_shared_profile_and_says_so(tmp_path: Path) -> None:
    told = Told()
    both = joined(Written("int8", ("ort-cpu", "tensorrt")), Written("fp16", ("tensorrt",)), told)
    assert isinstance(both, Plans)
    assert both.parts == (Written("int8", ("ort-cpu",)), Written("fp16", ("tensorrt",)))
    assert told.notes == ["fp16 replaces int8 for tensorrt"]
    alone = joined(both, Written("int8", ("ort-cpu", "tensorrt")), told)
    assert alone == Written("int8", ("ort-cpu", "tensorrt"))


def test_a_first_plan_stays_itself() -> None:
    plan = Written("int8", ("ort-cpu",))
    assert joined(None, plan, Silent()) is plan


@pytest.mark.parametrize(
    ("profile", "name", "expected"),
    [
        ("fp32", "model.fp32.onnx", "fp32"),
        ("fp32", "yolox.int8.onnx", "fp32"),  # the user's own file is called as the user likes
        ("tensorrt", "model.tensorrt.fp16.onnx", "fp16"),
        ("ort-cpu", "model.ort-cpu.int8.onnx", "int8"),
    ],
)
def test_precision_is_read_off_the_name(profile: Profile, name: str, expected: str) -> None:
    assert precision_of(profile, Path(name)) == expected


def test_a_variant_without_a_precision_in_its_name_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model\.onnx.*fp16"):
        precision_of("ort-cpu", Path("model.onnx"))
