"""Names of files that say what is in them, and are safe on every system."""

from __future__ import annotations

import re

_LONGEST_PART = 40


def file_name(*parts: str) -> str:
    """The parts that are not empty, each cut to 40 characters; nothing in them but letters, digits, "_" and "-"."""
    safe = (re.sub(r"[^\w-]+", "-", part).strip("-")[:_LONGEST_PART].strip("-") for part in parts)
    return "_".join(part for part in safe if part) or "file"
