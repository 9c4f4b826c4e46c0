"""Damage to bytes: cut, turned over, repeated, moved, and put among others."""

from __future__ import annotations

import struct

from hypothesis import strategies as st

from tests.hostile.watch import MARK

SNIPPETS = (
    *(b"", b"\x00", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b"\r\n\r\n", b",", b";", b"\t", b'"', b'""'),
    *(b"\x00" * 64, b"\xff" * 64, b'"' * 33, b"," * 2000, b"\n" * 3000, b"[" * 3000, b"{" * 50, b'{"a":' * 1000),
    *(
        b"NaN",
        b"1e999",
        b"\xed\xa0\x80",
        b"\xc0\xaf",
        b"\xe2\x80\xae",
        b"PK\x03\x04",
        b"PAR1",
        b"\x1f\x8b\x08",
        b"\x80\x04.",
    ),
    *(struct.pack("<Q", 2**63), struct.pack("<Q", 2**40), struct.pack("<I", 2**31), struct.pack("<i", -1), b"9" * 5000),
    b"cos\nsystem\n(S'echo " + MARK.encode() + b"'\ntR.",
    f"__import__('os').system('{MARK}')".encode(),
)
KINDS = ("cut", "flip", "flip", "erase", "repeat", "insert", "insert", "overwrite", "move", "head", "number")
Damage = tuple[str, int, int, bytes]
"""A kind, where, how much, and what."""
damages = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.integers(0, 2**20),
        st.integers(0, 2**12),
        st.one_of(st.sampled_from(SNIPPETS), st.binary(max_size=12)),
    ),
    max_size=4,
)
LARGEST = 2_000_000
"""Bytes that damage makes of a file at most: a case is small."""


def damaged(content: bytes, what: list[Damage]) -> bytes:
    for kind, where, much, snippet in what:
        content = _damaged(content, kind, where, much, snippet)[:LARGEST]
    return content


def _damaged(content: bytes, kind: str, where: int, much: int, snippet: bytes) -> bytes:
    if kind == "head":  # where magic numbers and lengths stand
        where %= 64
    at = where % (len(content) + 1)
    end = min(len(content), at + 1 + much)
    if kind == "cut":
        return content[:at]
    if kind in ("flip", "head") and at < len(content):
        return content[:at] + bytes([content[at] ^ (1 << much % 8)]) + content[at + 1 :]
    if kind == "erase":
        return content[:at] + content[end:]
    if kind == "repeat":
        return content[:at] + content[at:end] * 3 + content[end:]
    if kind == "insert":
        return content[:at] + snippet + content[at:]
    if kind == "overwrite":
        return content[:at] + snippet + content[at + len(snippet) :]
    if kind == "move":
        return content[:at] + content[end:] + content[at:end]
    if kind == "number":  # a whole number of eight bytes becomes another
        return content[:at] + struct.pack("<Q", (much * 0x9E3779B97F4A7C15 + where) % 2**64) + content[at + 8 :]
    return content
