"""What the CPU's INT8 instructions can hold."""

from __future__ import annotations

from pathlib import Path

# Each adds four 8-bit products straight into 32 bits. Without one of these, x86 adds pairs of
# products in 16 bits (vpmaddubsw), which overflow for U8 times full-range S8.
_DOT_PRODUCT_FLAGS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"})


def has_int8_dot_product(root: Path = Path("/")) -> bool:
    """Whether 8-bit products cannot saturate on this CPU.

    Args:
        root: where ``proc/cpuinfo`` is looked for. Without it the answer is no, which only costs
            one bit of the weights.
    """
    try:
        text = (root / "proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return False
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            return not _DOT_PRODUCT_FLAGS.isdisjoint(value.split())
    return False


def reduces_range(asked: bool | None) -> bool:
    """Whether weights have 7 bits: as the recipe asks, else where this CPU would saturate."""
    return not has_int8_dot_product() if asked is None else asked
