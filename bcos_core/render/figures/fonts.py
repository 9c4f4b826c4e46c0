"""The fonts of a figure: those that have every letter of a text, and their letters written into an SVG file.

DejaVu Sans, which Matplotlib brings, is the first. Where it lacks a letter (Chinese, Japanese, Korean, many emoji), a
font that is installed on this machine stands in; where none has it, the figure is refused, never drawn with boxes.
"""

from __future__ import annotations

import base64
import io
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from matplotlib.font_manager import FontProperties, findfont, fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from bcos_core.errors import InputError

FAMILY = "DejaVu Sans"
# Fonts of formulas, and one that has a box for every character.
_NO_LETTERS = ("STIX", "cm", "DejaVu Math", "DejaVu Sans Display", "DejaVu Serif Display", "Last Resort")
_SHOWN = 8


def font(text: str, size: float, *, bold: bool = False) -> FontProperties:
    """The font in which `text` is drawn, `size` in points, with those that stand in for letters it lacks.

    Raises:
        InputError: no font on this machine has some of the letters.
    """
    weight = 700 if bold else 400
    return FontProperties(family=list(_families(frozenset(text), weight)), size=size, weight=weight)


@lru_cache(maxsize=4096)
def _families(characters: frozenset[str], weight: int) -> tuple[str, ...]:
    chosen = [FAMILY]
    missing = {one for one in characters if _is_seen(one)} - _letters(findfont(_plain(FAMILY, weight)))
    if missing:
        for family, path in _installed():
            if found := missing & _letters(path):
                chosen.append(family)
                missing -= found
            if not missing:
                break
    if missing:
        shown = " ".join(sorted(missing)[:_SHOWN]) + (" …" if len(missing) > _SHOWN else "")
        which, boxes, them = ("character", "a box", "it") if len(missing) == 1 else ("characters", "boxes", "them")
        raise InputError(
            f"No font on this machine has the {which} {shown}, so that a figure would show {boxes}. Install a font "
            f"that has {them} (TrueType, for example one of Noto), or save the HTML page or LaTeX instead."
        )
    return tuple(chosen)


def _is_seen(character: str) -> bool:
    """Whether a character needs a glyph: spaces, joiners and selectors of variants do not."""
    return unicodedata.category(character) not in ("Zs", "Cf", "Cc") and not 0xFE00 <= ord(character) <= 0xFE0F


@lru_cache(maxsize=256)
def _letters(path: str) -> frozenset[str]:
    return frozenset(map(chr, FT2Font(path).get_charmap()))


@lru_cache(maxsize=1)
def _installed() -> tuple[tuple[str, str], ...]:
    """Upright TrueType fonts of usual weight by family: outlines that a PDF takes as they are."""
    fonts = {
        entry.name: entry.fname
        for entry in fontManager.ttflist
        if Path(entry.fname).suffix.lower() == ".ttf"
        and (entry.style, entry.weight) == ("normal", 400)
        and not entry.name.startswith(_NO_LETTERS)
        and not (entry.name.startswith("DejaVu") and "Sans" not in entry.name)
        and entry.name != FAMILY
    }
    return tuple(sorted(fonts.items()))


def _plain(family: str, weight: int) -> FontProperties:
    return FontProperties(family=[family], weight=weight)


def font_faces(texts: Iterable[Text]) -> str:
    """The `@font-face` rules with the letters of `texts`, each font cut down to them."""
    used: dict[tuple[str, int], set[str]] = {}
    for text in texts:
        for family in text.get_fontfamily():
            used.setdefault((family, _number(text.get_fontweight())), set()).update(text.get_text())
    return "".join(
        f"@font-face{{font-family:'{family}';font-weight:{weight};"
        f"src:url(data:font/ttf;base64,{_subset(findfont(_plain(family, weight)), frozenset(letters))})"
        " format('truetype')}"
        for (family, weight), letters in sorted(used.items())
        if letters & _letters(findfont(_plain(family, weight)))
    )


def _number(weight: int | str) -> int:
    return weight if isinstance(weight, int) else {"bold": 700}.get(weight, 400)


def _subset(path: str, letters: frozenset[str]) -> str:
    """A font with the letters alone, what joins and shapes them included, in Base64."""
    options = subset.Options(layout_features=["*"], notdef_outline=True, drop_tables=["FFTM"])
    with TTFont(path, lazy=True, recalcTimestamp=False) as whole:
        cut = subset.Subsetter(options)
        cut.populate(text="".join(sorted(letters)))
        cut.subset(whole)
        file = io.BytesIO()
        whole.save(file)
    return base64.b64encode(file.getvalue()).decode("ascii")
