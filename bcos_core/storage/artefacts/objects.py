"""The objects of a store, by fsspec; S3 by PyArrow, which needs no further package. Failures are words without secrets.

What a library says of a failure may hold an address with a key in it, so of that only the kind is told.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from bcos_core.errors import InputError, StorageError, StoreUnreachableError
from bcos_core.storage.artefacts.manifest import Entry

STORE = "BCOS_STORE"
OPTIONS_FILE = "BCOS_STORE_OPTIONS_FILE"
PROBE = "bcos-store.json"
"""An object at the root: whose store it is. That it can be read, or written where there is none, shows that the store
can be used."""
_LARGEST_PROBE = 4096
_BLOCK = 1 << 22
_LARGEST_OPTIONS = 64 * 1024
_S3 = ("s3", "s3a")
_OF_ONE_PROCESS = ("memory",)
_LIMITS = {"connect_timeout": 5.0, "request_timeout": 30.0}
"""Seconds, of S3: a server that is gone is found out, and a slow one is not."""
_ADVICE = f"Check {STORE} and what it needs (README, “Several machines”)."


def is_asked() -> bool:
    """Whether `BCOS_STORE` names a store."""
    return bool(os.environ.get(STORE, "").strip())


@dataclass(frozen=True)
class Objects:
    """What lies under one address: files by their names, parts divided by "/". `place` is the address for people."""

    files: Any  # an fsspec file system
    root: str
    place: str

    def reach(self, installation: str, *, before_first: Callable[[], None] = lambda: None) -> None:
        """See that the store can be used, and is of this installation: whoever comes first has it, since of another's
        objects nobody here knows which are needed. `before_first` is asked first where it is nobody's yet; what it
        raises leaves it so.

        Raises:
            StoreUnreachableError: nothing can be read or written there.
            StorageError: it is another installation's.
        """
        with self._explained("reached"):
            if not self.has(PROBE):
                before_first()
                about = {"store": "artefacts", "format_version": 2, "installation": installation}
                self._make_room(PROBE)
                self.files.pipe_file(self._at(PROBE), json.dumps(about).encode())
        try:
            found = json.loads(self.read(PROBE, at_most=_LARGEST_PROBE))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or found.get("installation") != installation:
            raise StorageError(
                f"The store {self.place} belongs to another installation, with another database: its {PROBE} says so. "
                f"Nothing is put there or removed. Name another folder or prefix in {STORE}. If it is this one's, and "
                "only the database was made anew or restored from before it had a store, remove that object."
            )

    def has(self, name: str) -> bool:
        """
        Raises:
            StoreUnreachableError: it cannot be asked.
        """
        with self._explained("reached"):
            try:
                self.files.info(self._at(name))
            except FileNotFoundError:
                return False
        return True

    def put(self, source: Path, name: str, entry: Entry) -> None:
        """Write a file, which is to be as `entry` says.

        Raises:
            StorageError: it is not: somebody writes to it; or the store cannot be written.
        """
        digest = hashlib.sha256()
        with _disk(source, "read"), source.open("rb") as given, self._explained("written"):
            self._make_room(name)
            with self.files.open(self._at(name), "wb") as sent:
                while block := given.read(_BLOCK):
                    digest.update(block)
                    sent.write(block)
            size = self.files.info(self._at(name))["size"]
        if digest.hexdigest() != entry.sha256:
            raise StorageError(f"{source} was changed while it was put into the store. Try again.")
        if size != entry.bytes:
            raise StoreUnreachableError(f"The store {self.place} kept {size} bytes of {entry.bytes}. Try again.")

    def write(self, name: str, content: bytes) -> None:
        """
        Raises:
            StoreUnreachableError: the store cannot be written.
        """
        with self._explained("written"):
            self._make_room(name)
            with self.files.open(self._at(name), "wb") as sent:
                sent.write(content)

    def read(self, name: str, *, at_most: int) -> bytes:
        """The beginning of an object, one byte more than `at_most`.

        Raises:
            StorageError: there is none, or the store cannot be read.
        """
        with self._explained("read"), self._opened(name) as stream:
            found: bytes = stream.read(at_most + 1)
        return found

    def get(self, name: str, target: Path, entry: Entry) -> None:
        """Write an object, which has to be as `entry` says, to a new file.

        Raises:
            StorageError: it is not, or the store cannot be read, or the disk is full.
        """
        digest, size = hashlib.sha256(), 0
        with _disk(target), target.open("xb") as file, self._explained("read"), self._opened(name) as stream:
            while size <= entry.bytes and (block := stream.read(_BLOCK)):
                digest.update(block)
                size += len(block)
                with _disk(target):
                    file.write(block)
        if (size, digest.hexdigest()) != (entry.bytes, entry.sha256):
            raise StorageError(
                f"The object {name} of the store {self.place} is not what was put there: it was cut or changed. "
                "Nothing of it is kept. `store push --again`, on a host that has the folder, puts it anew."
            )

    def digest(self, name: str) -> str:
        """The SHA-256 of an object, which is read whole.

        Raises:
            StorageError: there is none, or the store cannot be read.
        """
        digest = hashlib.sha256()
        with self._explained("read"), self._opened(name) as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()

    def sizes(self) -> dict[str, int]:
        """The bytes of every object, by name.

        Raises:
            StoreUnreachableError: the store cannot be read.
        """
        with self._explained("read"):
            if hasattr(self.files, "invalidate_cache"):
                self.files.invalidate_cache()
            found = self.files.find(self.root, detail=True)
        prefix = f"{self.root}/"
        sizes = {str(path): int(about.get("size") or 0) for path, about in found.items() if about["type"] == "file"}
        # S3 keeps an empty object in the place of a folder whose last file went.
        return {path.removeprefix(prefix): size for path, size in sizes.items() if size}

    def remove(self, folder: str) -> None:
        """All objects of a folder; nothing where there are none.

        Raises:
            StoreUnreachableError: they cannot be removed.
        """
        with self._explained("written"), suppress(FileNotFoundError):
            self.files.rm(self._at(folder), recursive=True)

    def _at(self, name: str) -> str:
        """
        Raises:
            StorageError: a name that leads out of the store, or to all of it.
        """
        if any(part in ("", ".", "..") for part in name.split("/")) or "\0" in name:
            raise StorageError(f"An object of the store {self.place} cannot be called {name[:100]!r}. Nothing is done.")
        return f"{self.root}/{name}"

    def _make_room(self, name: str) -> None:
        """Folders above an object, where the store has such."""
        if not _is_arrow(self.files):
            self.files.makedirs(self._at(name).rpartition("/")[0], exist_ok=True)

    @contextmanager
    def _opened(self, name: str) -> Iterator[BinaryIO]:
        try:
            stream = self.files.open(self._at(name), "rb")
        except FileNotFoundError:
            raise StorageError(f"The object {name} is not in the store {self.place} any more.") from None
        with stream:
            yield stream

    @contextmanager
    def _explained(self, done: str) -> Iterator[None]:
        """Whatever a file system raises, in words: without its own, which may hold what is secret."""
        try:
            yield
        except StorageError:
            raise
        except Exception as error:  # each kind of store has its own errors
            raise StoreUnreachableError(
                f"The store {self.place} cannot be {done} ({_reason(error)}). {_ADVICE}"
            ) from None


def open_objects() -> Objects:
    """The store that `BCOS_STORE` names; nothing is read yet.

    Raises:
        InputError: the address or the options cannot be used.
    """
    return _opened_store(os.environ.get(STORE, "").strip(), os.environ.get(OPTIONS_FILE, "").strip())


@functools.lru_cache(maxsize=4)
def _opened_store(url: str, options_file: str) -> Objects:
    import fsspec

    protocol, separator, rest = url.partition("://")
    if not separator or not re.fullmatch(r"[a-z][a-z0-9+]*", protocol) or not rest.strip("/"):
        raise InputError(f"{STORE} is not an address. Expected file:///FOLDER or s3://BUCKET/PREFIX, or unset it.")
    if "@" in rest.partition("/")[0] or "?" in rest:
        raise InputError(
            f"{STORE} has a user or options in it, which would be shown. Put them into the environment or into a JSON "
            f"file that {OPTIONS_FILE} names."
        )
    if protocol in _OF_ONE_PROCESS:
        raise InputError(f"A store at {protocol}:// ends with its process. Name a folder (file:///…) or a bucket.")
    if protocol not in fsspec.available_protocols():
        raise InputError(
            f"{STORE} is an address of the kind {protocol}://, which fsspec does not know. Expected file:///FOLDER, "
            "s3://BUCKET/PREFIX, or another kind that it knows."
        )
    options = _options(options_file)
    with _silent_ends():
        opened = _open(protocol, url, options)
    if isinstance(opened, InputError):
        raise opened
    files, root = opened
    return Objects(files, str(root).rstrip("/"), url.rstrip("/"))


def _open(protocol: str, url: str, options: Mapping[str, Any]) -> tuple[Any, str] | InputError:
    """A file system, and the place in it that an address names, or why there is none: an error that is raised keeps
    what it comes from."""
    import fsspec

    try:
        if protocol in _S3:
            return _s3(options), url.partition("://")[2]
        kind = fsspec.get_filesystem_class(protocol)
        # A host and a port are in the address, of kinds that have such.
        return kind(**{**kind._get_kwargs_from_urls(url), **options}), str(kind._strip_protocol(url))
    except ImportError:
        return InputError(f"A store at {protocol}:// needs a package that is not installed: fsspec names it.")
    except Exception as error:  # options that the library does not know, or that are no values of theirs
        return InputError(f"The store {url} cannot be opened ({_reason(error)}). {_ADVICE}")


@contextmanager
def _silent_ends() -> Iterator[None]:
    """What a file system that was not made whole says when it goes is nothing for people: why it was not, is."""
    usual = sys.unraisablehook
    sys.unraisablehook = lambda unraisable: None
    try:
        yield
    finally:
        sys.unraisablehook = usual


def _s3(options: Mapping[str, Any]) -> Any:
    """Arrow's client of S3, with the usual variables (AWS_ACCESS_KEY_ID, …), as a file system of fsspec."""
    # Checksums at the end of a body are new, and many servers that speak S3 do not know them; every byte is checked by
    # a manifest here.
    os.environ.setdefault("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true" if "AWS_ACCESS_KEY_ID" in os.environ else "false")
    from fsspec.implementations.arrow import ArrowFSWrapper
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    usual: dict[str, Any] = {**_LIMITS, "retry_strategy": AwsStandardS3RetryStrategy(max_attempts=3)}
    if endpoint:
        usual["endpoint_override"] = endpoint
    return ArrowFSWrapper(S3FileSystem(**{**usual, **options}))


def _is_arrow(files: Any) -> bool:
    return type(files).__name__ == "ArrowFSWrapper"


def _options(file: str) -> dict[str, Any]:
    """What a JSON file says; it is not told what that is."""
    if not file:
        return {}
    path = Path(file)
    try:
        text = path.read_text(encoding="utf-8") if path.stat().st_size <= _LARGEST_OPTIONS else ""
        found = json.loads(text)
    except OSError as error:
        raise InputError(f"The file {path} of {OPTIONS_FILE} cannot be read ({error.strerror}).") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError(f"The file {path} of {OPTIONS_FILE} is no JSON object of options, such as {{…}}.")
    return found


@contextmanager
def _disk(path: Path, done: str = "written") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        advice = "Free some disk space" if done == "written" else "Check who may read it"
        raise StorageError(f"{path} cannot be {done} ({error.strerror}). {advice}, then try again.") from error


_OF_AWS = re.compile(r"AWS Error ([A-Z_]+)")
_KINDS = {
    "ACCESS_DENIED": "it refuses the key",
    "INVALID_ACCESS_KEY_ID": "it refuses the key",
    "SIGNATURE_DOES_NOT_MATCH": "it refuses the key",
    "NO_SUCH_BUCKET": "there is no such bucket",
    "NETWORK_CONNECTION": "it does not answer",
    "REQUEST_TIMEOUT": "it does not answer",
    "SLOW_DOWN": "it is too busy",
}


def _reason(error: Exception) -> str:
    """The kind of a failure."""
    if found := _OF_AWS.search(str(error)):
        return _KINDS.get(found[1], found[1].replace("_", " ").lower())
    if isinstance(error, FileNotFoundError):
        return "there is no such bucket or folder"
    if isinstance(error, PermissionError):
        return "it refuses who asks"
    if isinstance(error, TimeoutError | ConnectionError):
        return "it does not answer"
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
