"""Diverging palettes for signed scores: one hue supports the target, the other speaks against it.

Zero is the page's background, in light and in dark mode, so that a word without a contribution looks like
plain text. Every shade keeps a text contrast of 4.5 or more (WCAG 2.2, level AA).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from bcos_core.registry import Registry
from bcos_core.render.colour import mix

Mode = Literal["light", "dark"]

# The page's own colours: those of Streamlit's light and dark themes.
PAGE_BACKGROUND: dict[Mode, str] = {"light": "#ffffff", "dark": "#171614"}
PAGE_TEXT: dict[Mode, str] = {"light": "#2f2d2b", "dark": "#edebe8"}

# How a strength becomes a share of the full colour: share = |strength| ** lift. On a dark page the light that a room
# throws on the screen swallows what differs little from black, so weak scores are lifted there.
LIFT: dict[Mode, float] = {"light": 1.0, "dark": 0.75}

# Shades are rounded to this many steps a side: finer than the eye, coarse enough to cache.
STEPS = 64


@dataclass(frozen=True)
class Shade:
    """The colours of one word: hex strings."""

    background: str
    text: str


@dataclass(frozen=True)
class Palette:
    """The colours of the strongest scores, by mode, and their names for legends.

    Both presets vary along blue–yellow, which the common red–green deficiencies leave intact; their two
    ends stay apart for tritan eyes too.
    """

    name: str
    title: str
    supports_name: str
    against_name: str
    supports: dict[Mode, str]
    against: dict[Mode, str]

    def shade(self, strength: float, mode: Mode) -> Shade:
        """The colours for `strength`, from −1 (speaks against, at full colour) to 1 (supports)."""
        clipped = max(-1.0, min(1.0, strength))
        return _shade(self.name, round(clipped * STEPS), mode)

    def css_gradient(self, mode: Mode, *, signed: bool = True) -> str:
        """The whole scale, −1 to 1, as a CSS gradient; from 0 to 1 without `signed`."""
        stops = [self.shade(step / 16, mode).background for step in range(-16 if signed else 0, 17)]
        return f"linear-gradient(to right, {', '.join(stops)})"


PALETTES: Registry[Palette] = Registry("palette")
PALETTES.register(
    "blue-orange",
    Palette(
        name="blue-orange",
        title="Blue and orange",
        supports_name="blue",
        against_name="orange",
        supports={"light": "#6db1f2", "dark": "#17609f"},
        against={"light": "#f79a3c", "dark": "#9c4a0c"},
    ),
)
PALETTES.register(
    "violet-yellow",
    Palette(
        name="violet-yellow",
        title="Violet and yellow",
        supports_name="violet",
        against_name="yellow",
        supports={"light": "#a99cf5", "dark": "#6246b8"},
        against={"light": "#ecc12e", "dark": "#735900"},
    ),
)


@lru_cache(maxsize=2048)
def _shade(name: str, step: int, mode: Mode) -> Shade:
    palette = PALETTES[name]
    end = palette.supports if step > 0 else palette.against
    return Shade(mix(PAGE_BACKGROUND[mode], end[mode], (abs(step) / STEPS) ** LIFT[mode]), PAGE_TEXT[mode])
