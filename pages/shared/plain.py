"""Data shown as it is where Streamlit reads Markdown: labels, captions, messages."""

from __future__ import annotations

import re

# Everything that Streamlit's Markdown gives a meaning, its own directives (:red[…], :material/…:, $…$) included.
_MEANINGFUL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$:<>&^=])")


def plain(text: str) -> str:
    """`text` with every character that Markdown would act upon escaped; line breaks become spaces."""
    return _MEANINGFUL.sub(r"\\\1", " ".join(text.split()))
