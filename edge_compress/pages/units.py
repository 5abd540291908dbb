"""Figures as text, the same in the page and in the terminal."""

from __future__ import annotations

UNKNOWN = "\N{EN DASH}"
_TIMES = "\N{MULTIPLICATION SIGN}"
MINUS = "\N{MINUS SIGN}"


def megabytes(size_bytes: int) -> str:
    """Bytes in units of 10^6."""
    size = size_bytes / 1e6
    return f"{size:.2f} MB" if size >= 0.1 else f"{size:.2g} MB"


def amount(count: int) -> str:
    """A count of parameters or multiply-accumulates, to three figures."""
    for limit, unit in ((10**9, " G"), (10**6, " M"), (10**3, " k")):
        if count >= limit - limit // 2000:  # what rounds to 1000 has the next unit
            return f"{count / limit:.3g}{unit}"
    return str(count)


def milliseconds(value: float | None) -> str:
    """A latency to three figures."""
    if value is None:
        return UNKNOWN
    return f"{value:.0f} ms" if value >= 100 else f"{value:.3g} ms"


def millijoules(value: float | None) -> str:
    """Energy of one inference, to three figures."""
    if value is None:
        return UNKNOWN
    return f"{value:.0f} mJ" if value >= 100 else f"{value:.3g} mJ"


def share(value: float | None) -> str:
    """An accuracy or agreement, 0-1."""
    return UNKNOWN if value is None else f"{value:.3f}"


def percent(part: float | None, whole: float | None) -> str:
    """A share of a whole, such as 12 %."""
    if part is None or not whole:
        return UNKNOWN
    return f"{part / whole:.1%}" if part < 0.0995 * whole else f"{part / whole:.0%}"


def points(drop: float | None) -> str:
    """A fall of a quality, 0-1, in points of a hundred; what rises has a minus sign."""
    if drop is None:
        return UNKNOWN
    text = f"{100 * drop:.1f}" if abs(drop) < 0.0995 else f"{100 * drop:.0f}"
    return text.replace("-0.0", "0.0").replace("-", MINUS)


def times(ratio: float | None) -> str:
    """How many times more, such as 2.60 and a multiplication sign."""
    if ratio is None:
        return UNKNOWN
    digits = 2 if ratio < 10 else 1 if ratio < 100 else 0
    return f"{ratio:.{digits}f}{_TIMES}"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"
