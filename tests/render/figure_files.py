"""What is in a file of a figure, read back by other programs: its text, and the fonts that it carries."""

from __future__ import annotations

import base64
import io
import re
from typing import Any
from xml.etree import ElementTree

from fontTools.ttLib import TTFont
from pypdf import PdfReader

SVG = "{http://www.w3.org/2000/svg}"
_FACE = re.compile(r"@font-face\{font-family:'([^']+)';font-weight:(\d+);src:url\(data:font/ttf;base64,([^)]+)\)")


def svg_texts(data: bytes) -> list[str]:
    """The text elements of an SVG file, in order."""
    return ["".join(one.itertext()) for one in ElementTree.fromstring(data).iter(f"{SVG}text")]


def svg_fonts(data: bytes) -> dict[tuple[str, str], set[str]]:
    """The fonts in an SVG file by family and weight, each with the characters that it has."""
    return {
        (family, weight): set(map(chr, TTFont(io.BytesIO(base64.b64decode(font))).getBestCmap()))
        for family, weight, font in _FACE.findall(data.decode())
    }


def svg_elements(data: bytes) -> set[str]:
    return {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(data).iter()}


def pdf_texts(data: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]


def pdf_fonts(data: bytes) -> dict[str, bool]:
    """The fonts of a PDF by name, and whether their TrueType outlines are in the file."""
    fonts = {}
    for page in PdfReader(io.BytesIO(data)).pages:
        resources: Any = page["/Resources"]
        for font in resources["/Font"].values():
            parts = font.get_object().get("/DescendantFonts", [font])
            described = parts[0].get_object()["/FontDescriptor"].get_object()
            fonts[str(described["/FontName"])] = "/FontFile2" in described
    return fonts


def has_pixels(data: bytes) -> bool:
    """Whether a PDF holds an image: a vector figure has none."""
    return any(page.images for page in PdfReader(io.BytesIO(data)).pages)
