"""A study as its raters see it, item by item; nothing that is answered here is kept."""

from __future__ import annotations

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.study.locked import LockedStudy
from bcos_core.study.preview_job import ITEMS, PREVIEW, PreviewSpec
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.studies import Study
from pages.widgets.errors import guard
from pages.widgets.plain import plain, plain_lines
from pages.widgets.rating_item import item_data, rating_item
from pages.widgets.request import Request, ask
from pages.widgets.studies import studies

_KINDS = {
    "item": "An item that counts.",
    "practice": "A practice item.",
    "instructed": "A check whose text says what to answer.",
    "random": "A check with a heatmap of random scores.",
}


def preview(locked: LockedStudy) -> None:
    """One item in one of its cells, chosen here."""
    with st.container(border=True):
        st.markdown(plain_lines(locked.design.instructions))
        st.markdown(plain_lines(locked.design.consent))
        for question in locked.design.comprehension:
            st.radio(plain(question.prompt), [plain(one) for one in question.shown()], index=None, disabled=True)
    columns = st.columns(2)
    place = columns[0].number_input("Item", 1, len(locked.items), 1, key="preview-item") - 1
    item = locked.items[int(place)]
    cells = [item.cell] if item.cell else list(locked.design.cells)
    shown = columns[1].number_input("Shown as", 1, len(cells), 1, key="preview-cell", disabled=len(cells) == 1) - 1
    st.caption(f"{_KINDS[item.kind]} Raters see neither this line nor what it is shown as.")
    if PROTOCOLS[locked.design.protocol].live:
        st.caption("Raters also get the text to edit.")
    for before in (True, False):
        data = item_data(locked, item, cells[min(int(shown), len(cells) - 1)], "preview", before=before)
        if data is not None:
            rating_item(data, key=f"preview-{item.id}-{shown}-{before}", on_answer=lambda answer: None)
    if item.feedback:
        st.info(plain(item.feedback), icon=":material/school:")


def preview_draft(study: Study) -> None:
    """The first of a draft's own items as a rater will see them, once a job has explained them."""
    with st.expander("Look at it as a rater", icon=":material/visibility:"), guard():
        shown = studies().preview(study)
        if shown is None:
            ask(
                Request(PREVIEW, PreviewSpec(study.id)),
                f"The first {ITEMS} of this draft’s texts are explained under every condition, with practice and "
                "checks, so that you see what a rater will see. Nothing is locked.",
                "Preview",
                action=Action.EDIT_STUDY,
                owner=study.owner,
            )
            return
        preview(LockedStudy.from_dict(shown))
