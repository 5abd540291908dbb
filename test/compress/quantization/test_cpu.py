"""Reading the CPU's INT8 instructions from /proc/cpuinfo."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_compress.compress.quantization.cpu import has_int8_dot_product


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("flags\t\t: fpu sse4_2 avx2 avx512f avx512bw", False),
        ("flags\t\t: fpu avx2 avx512f avx512_vnni", True),
        ("flags\t\t: fpu avx2 avx_vnni", True),
        ("flags\t\t: fpu amx_tile amx_int8", True),
        ("Features\t: fp asimd asimddp", True),
        ("Features\t: fp asimd crc32", False),
        ("model name\t: avx512_vnni", False),
    ],
)
def test_flags(tmp_path: Path, line: str, expected: bool) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(f"processor\t: 0\n{line}\n")
    assert has_int8_dot_product(tmp_path) is expected


def test_without_cpuinfo_the_safe_answer(tmp_path: Path) -> None:
    assert has_int8_dot_product(tmp_path) is False
