"""The two sides of a palette stay apart for eyes with a colour deficiency, by a simulation of what they see."""

from __future__ import annotations

import numpy as np
import pytest

from bcos_core.render.palette import PAGE_BACKGROUND, PALETTES, Mode

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
# CIE 1976: a difference of 2.3 is just noticeable; several times that is seen at a glance.
AT_A_GLANCE = 15.0
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(colour: str, deficiency: str | None = None) -> np.ndarray:
    """CIELAB (D65) of a hex colour as an eye with the deficiency sees it, or one without."""
    encoded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    light = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(DEFICIENCIES[deficiency]) @ light, 0, 1) if deficiency else light
    x, y, z = (
        t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116
        for t in XYZ @ seen / np.array([0.95047, 1.0, 1.08883])
    )
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("deficiency", list(DEFICIENCIES))
@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", list(PALETTES))
def test_equal_and_opposite_scores_look_different(name: str, mode: Mode, deficiency: str) -> None:
    for strength in (0.5, 1.0):
        for_, against = (PALETTES[name].shade(side * strength, mode).background for side in (1, -1))
        difference = np.linalg.norm(lab(for_, deficiency) - lab(against, deficiency))
        assert difference > AT_A_GLANCE * strength, (for_, against)


@pytest.mark.parametrize("name", list(PALETTES))
def test_a_weak_score_is_seen_on_a_dark_page(name: str) -> None:
    """More than on a light one, where a tenth of full colour is 5 to 6 units from the page."""
    for side in (1, -1):
        shade = PALETTES[name].shade(side * 0.1, "dark").background
        assert np.linalg.norm(lab(shade) - lab(PAGE_BACKGROUND["dark"])) > 8.0
