"""Data shown as it is where Streamlit reads Markdown: labels, captions, messages."""

from __future__ import annotations

import re

# Everything that Streamlit's Markdown gives a meaning, its own directives (:red[…], $…$) included.
_MEANINGFUL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$:<>&^=])")

# What Streamlit looks for in the text that is left after Markdown: addresses become links, names of icons icons, and
# arrows other signs. An escape does not reach it; a sign without width between two characters does.
_FOUND_LATER = re.compile(
    r"(?<=:)(?=//|material/|streamlit)|(?<=www)(?=\.)|(?=@)|(?<=-)(?=>)|(?<=<)(?=-)|(?<=[<>~])(?==)", re.IGNORECASE
)
_JOINER = "\N{WORD JOINER}"


def plain(text: str) -> str:
    """`text` with every character that Markdown would act upon escaped; line breaks become spaces."""
    return _MEANINGFUL.sub(r"\\\1", _FOUND_LATER.sub(_JOINER, " ".join(text.split())))


def plain_lines(text: str) -> str:
    """The same of a text of several lines, which stay lines: an empty one parts two paragraphs."""
    paragraphs = re.split(r"\n\s*\n", text.strip().replace("\r\n", "\n"))
    return "\n\n".join("  \n".join(plain(line) for line in one.split("\n")) for one in paragraphs)
