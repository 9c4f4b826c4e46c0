"""Numbers as people read them: three significant digits at most, a true minus sign, units written out."""

from __future__ import annotations

import math

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, *, signed: bool = False) -> str:
    """`value` with three significant digits, for example "2.31", "−0.0423", "1,240", "2.4 × 10⁻⁷".

    With `signed`, a positive value carries its plus sign. Not-a-number is "–".
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    sign = "−" if value < 0 else "+" if signed and value > 0 else ""
    magnitude = abs(value)
    if magnitude == 0:
        return "0"
    if magnitude < 1e-3 or magnitude >= 1e7:
        mantissa, exponent = f"{magnitude:.1e}".split("e")
        return f"{sign}{mantissa.removesuffix('.0')} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    rounded = float(f"{magnitude:.3g}")
    decimals = max(0, 2 - math.floor(math.log10(rounded)))
    return f"{sign}{rounded:,.{decimals}f}"


def is_missing(value: float | None) -> bool:
    """Whether there is no number: JSON has null for what is not one."""
    return value is None or math.isnan(value)


def plus_minus(value: float, spread: float | None, *, signed: bool = False) -> str:
    """A number with its spread, where there is one: "+0.310 ± 0.0520"."""
    return number(value, signed=signed) + ("" if spread is None else f" ± {number(spread)}")


def probability(value: float) -> str:
    """A model's probability with two decimals, never a certainty: "0.93", "> 0.99", "< 0.01".

    A softmax or sigmoid that is 1 or 0 is one that was rounded.
    """
    if value < 0.005:
        return "< 0.01"
    if value >= 0.995:
        return "> 0.99"
    return f"{value:.2f}"


def percent(share: float, *, decimals: int = 1) -> str:
    """A share of one in per cent: "81.9 %", without `decimals` "82 %"."""
    return f"{share * 100:.{decimals}f} %"


def count(n: int, singular: str, plural: str | None = None) -> str:
    """A number of things: "1 word", "1,066 texts"."""
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def file_size(n: int) -> str:
    """A number of bytes in decimal units, with three significant digits at most: "812 bytes", "4.2 kB", "88.3 MB"."""
    if n < 1000:
        return count(n, "byte")
    sizes = [float(f"{n / 1000**power:.3g}") for power in (1, 2, 3, 4)]  # rounded: 999,999 bytes are 1 MB
    place = next((place for place, value in enumerate(sizes) if value < 1000), 3)
    return f"{sizes[place]:,.4g} {('kB', 'MB', 'GB', 'TB')[place]}"


def duration(seconds: float) -> str:
    """A time, with the two units that matter: "40 s", "3 min 20 s", "2 h 5 min"."""
    total = max(0, round(seconds))
    if total < 60:
        return f"{total} s"
    minutes, rest = divmod(total, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def elapsed(seconds: float) -> str:
    """What a computation took: "18 ms" below a second, else "1.24 s"."""
    return f"{max(1, round(seconds * 1000))} ms" if seconds < 1 else f"{number(seconds)} s"
