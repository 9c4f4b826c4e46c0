"""Files that a person sends: stored at once, and named in the address, so that a reload loses none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.errors import DataError
from bcos_core.home import get_home
from bcos_core.jobs.quotas import require_disk
from bcos_core.storage.artefacts.shared import shared
from bcos_core.storage.stored_files import note_stored
from bcos_core.text.upload import save_upload
from pages.server.roles import require_member
from pages.widgets import url
from pages.widgets.errors import guard
from pages.widgets.jobs import job_store
from pages.widgets.permission import offer

FILE = "file"
"""What the address has the files as: folder and name below the uploads."""
_STORED = "upload-stored"
TABLES = ("csv", "tsv", "jsonl", "ndjson", "json", "parquet")
"""The endings of tables."""


def upload(endings: Sequence[str], about: str, *, clears: Iterable[str] = ()) -> None:
    """The place for one file; `clears` names what of the address means nothing in another."""
    sent = offer(st.file_uploader, "File", Action.UPLOAD, type=list(endings), key="upload", help=about)
    if sent is None or st.session_state.get(_STORED) == sent.file_id:
        return
    stored = _store(sent.name, sent.getvalue())
    st.session_state[_STORED] = sent.file_id
    url.write(**{FILE: stored, **dict.fromkeys(clears)})


def upload_several(endings: Sequence[str], about: str) -> None:
    """The place for files, which come to those that the address has."""
    options: dict[str, Any] = {"type": list(endings), "accept_multiple_files": True, "key": "uploads", "help": about}
    sent = offer(st.file_uploader, "Files", Action.UPLOAD, **options)
    known = st.session_state.setdefault(f"several-{_STORED}", [])
    found = url.read_all(FILE)
    for one in sent:
        if one.file_id not in known:
            known.append(one.file_id)
            with guard():
                found.append(_store(one.name, one.getvalue()))
    if found != url.read_all(FILE):
        url.write(**{FILE: list(dict.fromkeys(found))})


def uploaded() -> Path | None:
    """The file that the address names.

    Raises:
        DataError: there is none of that name among the uploads.
    """
    return next(iter(uploads()), None)


def uploads() -> list[Path]:
    """All files that it names.

    Raises:
        DataError: as in `uploaded`.
    """
    return [_path(name) for name in url.read_all(FILE) if name]


def _path(name: str) -> Path:
    folder = get_home().uploads.resolve()
    try:
        path = (folder / name).resolve()
        is_one = path.is_relative_to(folder) and path.is_file()
    except (OSError, ValueError):  # nothing can be called so
        is_one = False
    if not is_one:
        raise DataError(f"The uploaded file {Path(name).name!r} is not here any more. Upload it again.")
    return path


def store_upload(name: str, data: bytes) -> Path:
    """Keep a file, as far as there is room for it.

    Raises:
        QuotaError: there is not.
        DataError, StorageError: as in `save_upload`.
    """
    store = job_store()
    require_disk(store.home, store.database, store.database.actor.owner, more=len(data))
    path = save_upload(store.home, name, data)
    note_stored(store.database, store.home, path.parent)
    if (of := shared(store.home, store.database)) is not None:  # a job of another host is to find it
        of.put_now([path.parent])
    return path


def _store(name: str, data: bytes) -> str:
    require_member(Action.UPLOAD)
    path = store_upload(name, data)
    return f"{path.parent.name}/{path.name}"
