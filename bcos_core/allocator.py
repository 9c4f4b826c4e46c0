"""What becomes of freed memory: the C library keeps some of it with the process, and gives the rest to the system.

A training should keep it. Every step needs the arrays of the step before again; glibc, the C library of most Linux
systems, gives large ones back as soon as they are free, and the system clears what it hands out, page by page, at the
first touch. On a CPU that is a twentieth of a step of a small model, and more with B-cos, whose layers have arrays of
their own.

A server should give it back. What many threads have freed in small pieces lies between what is still in use, and glibc
looks at the end of each heap alone.
"""

from __future__ import annotations

import ctypes
import gc
import platform
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MAP_THRESHOLD = -1, -3
"""M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h."""
_NEVER = 2**31 - 1
_USUAL = {_TRIM_THRESHOLD: 2**26, _MAP_THRESHOLD: 2**25}
"""Where glibc's own thresholds end up in a process that has freed large arrays (mallopt(3))."""


@contextmanager
def memory_kept() -> Iterator[None]:
    """Inside the block, memory that is freed stays with the process, for its next array; behind it, it is given back.

    Elsewhere than under glibc nothing is changed.
    """
    library = _glibc()
    if library is None:
        yield
        return
    for threshold in _USUAL:
        library.mallopt(threshold, _NEVER)
    try:
        yield
    finally:
        for threshold, size in _USUAL.items():
            library.mallopt(threshold, size)
        library.malloc_trim(0)


def give_back() -> None:
    """Give free memory back to the system, after a collection of garbage; under another C library it collects alone."""
    gc.collect()
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
