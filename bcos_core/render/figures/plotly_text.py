"""Text of a Plotly figure as it is read: without the little HTML that Plotly knows."""

from __future__ import annotations

import re
from html import unescape

from bcos_core.render.printable import printable

_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:b|i|em|strong|sub|sup|span|extra)(?:\s[^<>]*)?>", re.IGNORECASE)


def plain_text(text: object) -> str:
    """What a reader sees of `text`; a line break stays one. Data is escaped (`figure_text`), so a tag is never data."""
    return "\n".join(printable(unescape(_TAG.sub("", line))) for line in _BREAK.split(str(text)))
