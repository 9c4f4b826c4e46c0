"""Deleting models with all that hangs on them in sight, and taking them back from the trash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.home import get_home
from bcos_core.model.folder import folder_bytes
from bcos_core.numbers import count, file_size
from bcos_core.shelf.owners import owner_of_model
from bcos_core.shelf.trash import PutAway, owners_in, put_away, remove_for_good, take_back, trashed
from bcos_core.shelf.uses import uses_of
from pages.server.roles import may_do
from pages.widgets import resources, url
from pages.widgets.errors import guard
from pages.widgets.frame import dialog
from pages.widgets.jobs import job_store, when
from pages.widgets.permission import offer
from pages.widgets.plain import plain

_SAID = "models-moved"


def say_moved() -> None:
    """What became of models at the last click, once."""
    if said := st.session_state.pop(_SAID, ""):
        st.success(plain(said), icon=":material/check:")


def _say(what: str) -> None:
    """In the next run of the page: this one ends here."""
    st.session_state[_SAID] = what


@dialog("Delete models")
def ask_to_delete(folders: list[str]) -> None:
    """What hangs on them, and the button that moves them to the trash."""
    with guard():
        known = resources.checkpoints()
        models = [known[name] for name in folders if name in known]
        twins = [known[one.twin] for one in models if one.twin in known and one.twin not in folders]
        listed = st.container()
        if twins and st.checkbox(f"Also {'its twin' if len(twins) == 1 else 'their twins'}", key="delete-twins"):
            models = [*models, *{twin.path: twin for twin in twins}.values()]
        listed.markdown("\n".join(f"- **{plain(model.name)}**" for model in models))
        uses = uses_of(models, known.values(), job_store())
        for sentence in uses.sentences or ("Nothing else hangs on it.",):
            st.markdown(plain(sentence))
        for refusal in uses.refusals:
            st.error(plain(refusal), icon=":material/lock:")
        with_results = bool(uses.results) and st.checkbox(
            f"Also {count(len(uses.results), 'result')} measured on it, for good", key="delete-results"
        )
        st.caption("It goes to the trash at the end of this page, from where it can be taken back.")
        look: dict[str, Any] = {"type": "primary", "disabled": bool(uses.refusals), "key": "delete-now"}
        owners = [(model.name, owner_of_model(job_store(), model)) for model in models]
        if _offer("Delete", Action.DELETE_MODEL, owners, **look):
            away = put_away(uses, job_store(), with_results=with_results)
            gone = f" {count(len(uses.results), 'result')} measured on it went for good." if with_results else ""
            names = ", ".join(model.name for model in away.models)
            _say(f"Moved to the trash: {names}.{gone} It can be taken back, or removed for good, in Trash below.")
            url.write(model=None)
            st.rerun()


def show_trash() -> None:
    """What was put away; nothing where nothing was."""
    listing = trashed(get_home())
    if not listing.any:
        return
    with st.expander(f"Trash: {count(len(listing), 'deletion')}", icon=":material/delete:", key="trash"):
        for one in listing:
            with guard():
                _row(one)
        for left_out in listing.left_out:
            st.caption(plain(left_out.sentence))


def _row(one: PutAway) -> None:
    names = ", ".join(model.name for model in one.models) or "nothing that can be read"
    size = file_size(sum(folder_bytes(model.path) for model in one.models))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{plain(names)} :gray[{plain(f'{size}, {when(one.at)}')}]", width="content")
        if _offer("Take back", Action.RESTORE_MODEL, owners_in(job_store(), one.id), key=f"back-{one.id}"):
            take_back(job_store(), one.id)
            _say(f"Taken back from the trash: {names}.")
            st.rerun()
        with st.popover("Remove for good …"):
            st.markdown("Its weights and all remembered answers and heatmaps of it go. This cannot be undone.")
            if offer(st.button, "Remove for good", Action.EMPTY_TRASH, type="primary", key=f"gone-{one.id}"):
                remove_for_good(job_store(), one.id)
                _say(f"Removed for good: {names}, {size}.")
                st.rerun()


def _offer(label: str, action: Action, owners: Sequence[tuple[str, str]], **options: Any) -> bool:
    """A button for all of them, by name and owner, who may be several people, or nobody."""
    another = next((owner for _, owner in owners if not may_do(action, owner=owner)), None)
    return bool(offer(st.button, label, action, owner=another, of=", ".join(name for name, _ in owners), **options))
