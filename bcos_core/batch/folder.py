"""The folder of a result: who may begin one there, who may go on with it, and that nobody else writes there then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bcos_core.batch.manifest import MANIFEST_FILE, Manifest, read_manifest, require_same, write_manifest
from bcos_core.batch.shards import remove_partial
from bcos_core.errors import InputError
from bcos_core.progress import Reporter

LOCK_FILE = ".lock"
_LOOK_SECONDS = 0.5


@contextmanager
def prepared(folder: Path, manifest: Manifest, reporter: Reporter, *, shared: bool) -> Iterator[None]:
    """Make the folder, or see that what is in it is of the same result. One that is `shared`, which a person has named,
    is written by one process after another: who comes later waits, and goes on with what is there then. That of a job
    is its own.

    Raises:
        InputError: the folder is of another result, or of something else.
        JobCancelled: from the reporter.
        OSError: it cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{str(folder)!r} is no folder. Choose another one for the result.")
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / MANIFEST_FILE).exists() and any(not one.name.startswith(".") for one in folder.iterdir()):
        raise InputError(
            f"The folder {str(folder)!r} holds other files and no {MANIFEST_FILE}. Choose an empty or a new folder."
        )
    if not shared:
        _begin(folder, manifest)
        yield
        return
    if (folder / MANIFEST_FILE).exists():  # refused now, and not after whoever writes there
        require_same(read_manifest(folder), manifest, folder)
    with _alone(folder, reporter):
        _begin(folder, manifest)
        yield


def _begin(folder: Path, manifest: Manifest) -> None:
    if (folder / MANIFEST_FILE).exists():
        require_same(read_manifest(folder), manifest, folder)
    else:
        write_manifest(manifest, folder)
    remove_partial(folder)


@contextmanager
def _alone(folder: Path, reporter: Reporter) -> Iterator[None]:
    """The kernel frees the lock however its holder ends."""
    lock, is_said = FileLock(folder / LOCK_FILE), False
    while True:
        try:
            lock.acquire(timeout=_LOOK_SECONDS)
            break
        except Timeout:
            if not is_said:
                reporter.log(f"Another process writes a result into {folder}. Waiting until it has ended.")
            is_said = True
            reporter.progress(0, 1)  # which hears whether somebody stops this one
    try:
        yield
    finally:
        lock.release()
