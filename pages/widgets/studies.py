"""What the study pages share: the stores of studies, raters and answers, and locked studies, read once."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from bcos_core.access.actor import NOBODY, rater
from bcos_core.home import get_home
from bcos_core.model.info import list_checkpoints
from bcos_core.storage.database import Database
from bcos_core.storage.places import everywhere
from bcos_core.study.answer_form import AnswerForm
from bcos_core.study.answers import Answers
from bcos_core.study.forms import form_of, plan_of
from bcos_core.study.locked import LockedStudy
from bcos_core.study.plan import Plan
from bcos_core.study.recruiting import Recruiting
from bcos_core.study.slots import Slots
from bcos_core.study.studies import Studies, Study
from bcos_core.study.tries import Tries
from pages.server.database import database_for
from pages.server.roles import database, require_member


@dataclass(frozen=True)
class Running:
    """A locked study, with what raters do in it."""

    locked: LockedStudy
    slots: Slots
    answers: Answers
    tries: Tries


def rating_database(id: str = "") -> Database:
    """The database in the name of a rater, or, before there is one, of nobody."""
    return database_for(rater(id) if id else NOBODY)


def studies() -> Studies:
    """For members alone, in their name: whatever draws up, opens, closes or deletes a study comes through here."""
    require_member()
    return Studies(database())


def called() -> dict[str, str]:
    """Folder → what the model is called, of those that are there: also by the folder where this home lay when a study
    was locked."""
    return {place: info.name for info in list_checkpoints(get_home()) for place in everywhere(info.path)}


def study_of(id: str) -> Study:
    """The study that somebody rates in."""
    return Studies(rating_database()).get(id)


def recruiting_of(id: str) -> Recruiting | None:
    """How a panel's people come to a study that somebody rates in, and go."""
    return Studies(rating_database()).recruiting_of_raters(id)


def running(study: Study, rater_id: str = "") -> Running:
    """The locked study of a row, in the name of the rater who answers in it.

    Raises:
        StudyError: it is not locked.
    """
    kept = _kept(str(get_home().root), study.id, study.lock_hash or "", study.extended_to)
    own = rating_database(rater_id)
    answers = Answers(own, kept.plan, kept.form)
    return Running(kept.locked, Slots(own, kept.plan), answers, Tries(answers, kept.locked))


@dataclass(frozen=True)
class _Kept:
    """What is the same for every rater."""

    locked: LockedStudy
    plan: Plan
    form: AnswerForm


@st.cache_resource(max_entries=16, show_spinner=False)
def _kept(root: str, id: str, lock_hash: str, extended_to: int | None) -> _Kept:
    locked = LockedStudy.from_dict(Studies(rating_database()).locked(id))
    return _Kept(locked, plan_of(id, locked, extended_to=extended_to), form_of(locked))
