"""Deleting models with all that hangs on them in sight, and taking them back from the trash."""

from __future__ import annotations

import streamlit as st

from bcos_core.home import get_home
from bcos_core.model.folder import folder_bytes
from bcos_core.numbers import count, file_size
from bcos_core.shelf.trash import PutAway, put_away, remove_for_good, take_back, trashed
from bcos_core.shelf.uses import uses_of
from pages.widgets import resources, url
from pages.widgets.errors import guard
from pages.widgets.frame import dialog
from pages.widgets.jobs import job_store, when
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
        if st.button("Delete", type="primary", disabled=bool(uses.refusals), key="delete-now"):
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
        if st.button("Take back", key=f"back-{one.id}"):
            take_back(get_home(), one.id)
            _say(f"Taken back from the trash: {names}.")
            st.rerun()
        with st.popover("Remove for good …"):
            st.markdown("Its weights and all remembered answers and heatmaps of it go. This cannot be undone.")
            if st.button("Remove for good", type="primary", key=f"gone-{one.id}"):
                remove_for_good(job_store(), one.id)
                _say(f"Removed for good: {names}, {size}.")
                st.rerun()
