"""Drawing up a study: a new one, a draft that is changed, a copy; with a hint at what it can show."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.attribution.registry import METHODS
from bcos_core.home import get_home
from bcos_core.model.info import CheckpointInfo
from bcos_core.numbers import count, number
from bcos_core.storage.places import here
from bcos_core.study.demo import demo_design
from bcos_core.study.design import Condition, StudyDesign
from bcos_core.study.power_hint import power_hint
from bcos_core.study.selection import Source, strata_of
from bcos_core.study.studies import Study
from bcos_core.tasks.registry import TASK_TYPES
from pages.studies.design_form import DesignForm
from pages.widgets import resources, url
from pages.widgets.frame import empty_page
from pages.widgets.kept import forget, has_kept
from pages.widgets.left_out import left_out_models
from pages.widgets.permission import offer
from pages.widgets.plain import plain
from pages.widgets.studies import studies

_NEW = "-new"  # how the keys of the fields of a new study end


def new_study() -> None:
    """The form, and the demo in one click."""
    known = resources.checkpoints()
    if not known:
        empty_page("A study needs a model whose explanations people can look at.", "Train one", "train/page.py")
        left_out_models()
        return
    about = "A rating study of the newest B-cos model."
    if offer(st.button, "Make the demo study", Action.CREATE_STUDY, icon=":material/bolt:", help=about):
        _create(demo_design(get_home()))
    design = DesignForm(known, _first_design(known), _NEW.removeprefix("-")).ask()
    if design is not None:
        _power(design)
    with st.container(horizontal=True):
        saved = offer(st.button, "Save as a draft", Action.CREATE_STUDY, type="primary", disabled=design is None)
        if saved and design is not None:
            forget(_NEW)
            _create(design)
        if has_kept(_NEW):
            st.button("Begin anew", type="tertiary", help="Empty the form.", on_click=forget, args=(_NEW,))


def edit_draft(study: Study) -> bool:
    """The same form on a draft, until it is locked; whether it holds changes that are not saved.

    What somebody saved since these fields were first changed, in another tab, is not replaced in silence."""
    began = _began_with(study)
    with st.expander("Change it", icon=":material/edit:"):
        before = StudyDesign.from_dict(study.design)
        design = DesignForm(resources.checkpoints(), before, study.id).ask()
        if design is not None:
            _power(design)
        unchanged = design is None or design == before
        edits: dict[str, Any] = {"owner": study.owner, "of": study.id, "disabled": unchanged}
        if _same_draft(began, study):
            save = offer(st.button, "Save the changes", Action.EDIT_STUDY, key=f"save-{study.id}", **edits)
        else:
            st.warning(
                plain(
                    f"This draft was saved elsewhere since you began to change it: it is “{study.title}” now. What you "
                    "typed is not saved yet."
                )
            )
            with st.container(horizontal=True):
                st.button("Take what is there now", on_click=forget, args=(f"-{study.id}",), key=f"take-{study.id}")
                save = offer(st.button, "Replace it with mine", Action.EDIT_STUDY, key=f"replace-{study.id}", **edits)
        if save and design is not None:
            studies().edit(study, design.title, design.to_dict())
            forget(f"-{study.id}")
            st.rerun()
    # A design from elsewhere can differ from what the fields make of it, though nobody has changed a thing.
    return has_kept(f"-{study.id}") and design != before


def _began_with(study: Study) -> Study:
    """The draft as it was when its fields were first changed; as it is now where none was."""
    key = f"began-{study.id}"
    began: Study = st.session_state.setdefault(key, study)
    if not has_kept(f"-{study.id}") and not _same_draft(began, study):
        forget(f"-{study.id}")  # fields that show an older draft
        st.session_state[key] = began = study
    return began


def _same_draft(one: Study, other: Study) -> bool:
    return (one.title, one.design) == (other.title, other.design)


def copy_study(study: Study) -> None:
    """A new draft with the same design; not of a simulated study, which is a copy itself."""
    if study.simulated:
        return
    look = {"icon": ":material/content_copy:", "type": "tertiary", "key": f"copy-{study.id}"}
    if offer(st.button, "Copy as a new draft", Action.CREATE_STUDY, **look):
        _create(StudyDesign.from_dict(here(study.design)))


def _create(design: StudyDesign) -> None:
    study = studies().create(design.title, design.to_dict())
    url.write(study=study.id)
    st.rerun()


def _first_design(known: dict[str, CheckpointInfo]) -> StudyDesign:
    """What a new study begins with: the newest B-cos model, or else the newest model, and two usual methods."""
    info = next((info for info in known.values() if info.kind == "bcos"), next(iter(known.values())))
    usual = [
        method.name
        for method in METHODS.values()
        if method.usual
        and method.unsupported(is_bcos=info.kind == "bcos", family=info.family, answers=info.task_type) is None
    ]
    kind = TASK_TYPES[info.task_type]
    return StudyDesign(
        "Which explanation helps?",
        tuple(Condition(str(info.path), name) for name in usual[:2]),
        source=Source(strata=tuple(name for name in Source().strata if name in strata_of(kind))),
        task_type=kind.name,
    )


def _power(design: StudyDesign) -> None:
    """How many people, and what difference the study would show."""
    result = power_hint(design)
    hint = f"{count(design.raters_needed, 'rater')} who finish fill it. "
    if result.undefined:
        hint += f"What it can show is not defined: {result.undefined}"
    else:
        (found,) = result.quantities
        hint += (
            f"It shows a difference of {number(found.value or 0.0)} ({found.name.partition(', ')[2]}) with 80 % power."
        )
    st.markdown(plain(hint), help=plain(result.assumes))
