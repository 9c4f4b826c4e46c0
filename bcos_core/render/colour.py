"""Colour arithmetic: sRGB and OKLab, and the contrast that WCAG asks for."""

from __future__ import annotations

import numpy as np

# Björn Ottosson, "A perceptual color space for image processing" (2020): linear sRGB → LMS → OKLab.
_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_OKLAB = np.linalg.inv(_TO_OKLAB)
_FROM_LMS = np.linalg.inv(_TO_LMS)


def linear(colour: str) -> np.ndarray:
    """A hex colour as linear-light red, green and blue, each from 0 to 1 (IEC 61966-2-1)."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def hexadecimal(channels: np.ndarray) -> str:
    """The hex colour of linear-light channels, clipped to what a screen shows."""
    clipped = np.clip(channels, 0, 1)
    encoded = np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(value * 255):02x}" for value in encoded)


def oklab(colour: str) -> np.ndarray:
    """A hex colour in OKLab: lightness, green–red, blue–yellow; distances are roughly as the eye sees them."""
    return _TO_OKLAB @ np.cbrt(_TO_LMS @ linear(colour))


def mix(start: str, end: str, share: float) -> str:
    """The colour `share` (0 to 1) of the way from `start` to `end`, in OKLab."""
    if share <= 0:
        return start
    if share >= 1:
        return end
    lab = (1 - share) * oklab(start) + share * oklab(end)
    return hexadecimal(_FROM_LMS @ (_FROM_OKLAB @ lab) ** 3)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = linear(colour)
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


def contrast(first: str, second: str) -> float:
    """Contrast ratio (WCAG 2.2), from 1 to 21; ordinary text needs 4.5."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
