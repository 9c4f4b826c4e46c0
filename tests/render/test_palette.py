"""Every shade can be read, by a contrast computed here from the text of WCAG 2.2."""

from __future__ import annotations

import pytest

from bcos_core.render.palette import PAGE_BACKGROUND, PALETTES, Mode


def wcag_luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def wcag_contrast(first: str, second: str) -> float:
    darker, lighter = sorted((wcag_luminance(first), wcag_luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", list(PALETTES))
def test_text_can_be_read_on_every_shade(name: str, mode: Mode) -> None:
    strengths = [step / 200 for step in range(-200, 201)]
    shades = [PALETTES[name].shade(strength, mode) for strength in strengths]
    assert min(wcag_contrast(shade.background, shade.text) for shade in shades) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", list(PALETTES))
def test_zero_is_the_page_and_the_ends_are_full_colour(name: str, mode: Mode) -> None:
    palette = PALETTES[name]
    assert palette.shade(0.0, mode).background == PAGE_BACKGROUND[mode]
    assert palette.shade(1.0, mode).background == palette.supports[mode]
    assert palette.shade(-1.0, mode).background == palette.against[mode]
    assert palette.shade(7.0, mode) == palette.shade(1.0, mode)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", list(PALETTES))
def test_a_stronger_score_stands_out_more(name: str, mode: Mode) -> None:
    for side in (1, -1):
        shades = [PALETTES[name].shade(side * step / 8, mode).background for step in range(9)]
        from_page = [wcag_contrast(shade, PAGE_BACKGROUND[mode]) for shade in shades]
        assert from_page == sorted(from_page)
