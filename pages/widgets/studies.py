"""What the study pages share: the stores of studies, raters and answers, and locked studies, read once."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from bcos_core.home import get_home
from bcos_core.model.info import list_checkpoints
from bcos_core.storage.database import Database
from bcos_core.storage.places import everywhere
from bcos_core.storage.upgrade import open_database
from bcos_core.study.answers import Answers
from bcos_core.study.forms import form_of, plan_of
from bcos_core.study.locked import LockedStudy
from bcos_core.study.recruiting import Recruiting
from bcos_core.study.slots import Slots
from bcos_core.study.studies import Studies, Study
from bcos_core.study.tries import Tries
from pages.server.roles import require_researcher


@dataclass(frozen=True)
class Running:
    """A locked study, with what raters do in it."""

    locked: LockedStudy
    slots: Slots
    answers: Answers
    tries: Tries


def database() -> Database:
    return _database(str(get_home().root))


@st.cache_resource(max_entries=4, show_spinner=False)
def _database(root: str) -> Database:
    return open_database(get_home())


def studies() -> Studies:
    """For researchers alone: whatever draws up, opens, closes or deletes a study comes through here."""
    require_researcher()
    return Studies(database())


def called() -> dict[str, str]:
    """Folder → what the model is called, of those that are there: also by the folder where this home lay when a study
    was locked."""
    return {place: info.name for info in list_checkpoints(get_home()) for place in everywhere(info.path)}


def study_of(id: str) -> Study:
    """The study that somebody rates in."""
    return Studies(database()).get(id)


def recruiting_of(id: str) -> Recruiting | None:
    """How a panel's people come to a study that somebody rates in, and go."""
    return Studies(database()).recruiting(id)


def running(study: Study) -> Running:
    """The locked study of a row.

    Raises:
        StudyError: it is not locked.
    """
    return _running(str(get_home().root), study.id, study.lock_hash or "", study.extended_to)


@st.cache_resource(max_entries=16, show_spinner=False)
def _running(root: str, id: str, lock_hash: str, extended_to: int | None) -> Running:
    locked = LockedStudy.from_dict(Studies(database()).locked(id))
    plan = plan_of(id, locked, extended_to=extended_to)
    answers = Answers(database(), plan, form_of(locked))
    return Running(locked, Slots(database(), plan), answers, Tries(answers, locked))
