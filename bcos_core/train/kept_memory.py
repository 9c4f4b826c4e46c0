"""Memory that a training keeps while it runs.

Every step needs the arrays of the step before again. The C library of most Linux systems gives large ones back to the
system as soon as they are free; the system clears what it hands out, page by page, at the first touch. On a CPU that is
a twentieth of a step of a small model, and more with B-cos, whose layers have arrays of their own.
"""

from __future__ import annotations

import ctypes
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
    if platform.libc_ver()[0] != "glibc":
        yield
        return
    library = ctypes.CDLL(None)
    for threshold in _USUAL:
        library.mallopt(threshold, _NEVER)
    try:
        yield
    finally:
        for threshold, size in _USUAL.items():
            library.mallopt(threshold, size)
        library.malloc_trim(0)
