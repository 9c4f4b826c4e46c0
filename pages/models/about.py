"""What people say of a model: its name, tags and notes, as a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.errors import BcosError
from bcos_core.model.about import (
    MOST_TAGS,
    About,
    clean,
    clean_tags,
    read_about,
)
from bcos_core.model.info import CheckpointInfo, read_info
from bcos_core.shelf.describe import describe
from bcos_core.shelf.titles import write_titles_anew
from bcos_core.storage.content import name_of
from bcos_core.train.naming import require_free
from pages.server.roles import require_member
from pages.widgets.errors import show_error
from pages.widgets.jobs import job_store
from pages.widgets.permission import offer

_FAILED, _FIELDS = "about-failed", ("name", "tags", "notes")


def say_about(info: CheckpointInfo, known: Mapping[str, CheckpointInfo]) -> None:
    """The form. What is typed stays in it until it is saved, or the model's page is left."""
    about = read_about(info.path)
    folder = str(info.path)
    keys = _keys(folder, about)
    _fill(keys, about)
    with st.expander("Name, tags and notes", icon=":material/edit:", key="about"):
        name, tags = st.columns(2, gap="large")
        own = info.name if not about.name else "its folder’s name"
        name.text_input(
            "Name",
            key=keys["name"],
            placeholder=own,
            help="By which it is called on every page, in exports and in commands. What was computed with it stays "
            "known. A conventional twin without a name of its own is called after its B-cos model.",
        )
        used = {tag: None for one in known.values() for tag in one.about.tags}
        tags.multiselect(
            "Tags",
            list({**used, **dict.fromkeys(st.session_state[keys["tags"]])}),
            key=keys["tags"],
            accept_new_options=True,
            max_selections=MOST_TAGS,
            placeholder="Type one, then press Enter",
        )
        st.text_area("Notes", key=keys["notes"], height=120)
        if failed := st.session_state.pop(_FAILED, ""):
            show_error(failed)
        saving: dict[str, Any] = {"on_click": _save, "args": (folder, about)}
        offer(st.button, "Save", Action.EDIT_MODEL, of=info.name, type="primary", key="about-save", **saving)


def _save(folder: str, seen: About) -> None:
    """Write what was typed over what was seen."""
    require_member()
    typed = {name: st.session_state[key] for name, key in _keys(folder, seen).items()}
    path = Path(folder)
    try:
        name = clean(typed["name"])
        if name != seen.name:
            require_free(name, job_store(), of=read_info(path))
        after = replace(seen, name=name, tags=clean_tags(typed["tags"]), notes=typed["notes"].strip())
        describe(job_store(), path, seen, after)
        write_titles_anew(job_store())
        st.toast("Saved.", icon=":material/check:")
    except BcosError as error:
        st.session_state[_FAILED] = str(error)
        try:
            now = read_about(path)
        except BcosError:
            return
        for field, key in _keys(folder, now).items():  # nothing that was typed is lost
            st.session_state[key] = typed[field]


def _keys(folder: str, about: About) -> dict[str, str]:
    """Of the fields' state: what was saved elsewhere meanwhile is shown in fields of its own."""
    version = name_of([folder, asdict(about)])[:12]
    return {field: f"about-{field}-{version}" for field in _FIELDS}


def _fill(keys: Mapping[str, str], about: About) -> None:
    values = {"name": about.name, "tags": list(about.tags), "notes": about.notes}
    for field, key in keys.items():
        if key not in st.session_state:
            st.session_state[key] = values[field]
