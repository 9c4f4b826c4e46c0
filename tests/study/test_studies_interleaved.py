"""Whoever writes second has seen what the first one wrote: a draft that was locked is not edited, nobody answers a
closed study, the last place is given once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from bcos_core.errors import InviteRevokedError, InviteUsedUpError, RaterError, SlotError, StudyClosedError, StudyError
from bcos_core.storage.collections import COLLECTION_TEXTS, Collections
from bcos_core.storage.database import Database
from bcos_core.storage.types import utc_now
from bcos_core.study.invites import InviteKind
from bcos_core.study.schema import STUDIES, STUDY_INVITES, STUDY_RATERS, STUDY_SLOTS
from bcos_core.study.studies import Studies, StudyStatus
from tests.interleaved import meanwhile
from tests.study.open_study import OpenStudy

First = Callable[[Connection], object]


def sets(id: str, **columns: object) -> First:
    return lambda connection: connection.execute(update(STUDIES).where(STUDIES.c.id == id).values(columns))


def locked(id: str) -> First:
    return sets(id, status="locked", lock_hash="0" * 64, locked={"design": {}}, locked_at=utc_now())


def test_a_draft_that_was_locked_is_not_edited_nor_previewed(database: Database) -> None:
    studies = Studies(database)
    for change in (
        lambda draft: studies.edit(draft, "Another", {"n": 2}),
        lambda draft: studies.keep_preview(draft, {"design": {}}),
        lambda draft: studies.lock(draft, {"design": {"n": 2}}, "1" * 64),
    ):
        draft = studies.create("One", {"n": 1})
        with pytest.raises(StudyError, match="was locked on"):
            meanwhile(database, locked(draft.id), lambda draft=draft, change=change: change(draft))  # type: ignore[misc]
        after = studies.get(draft.id)
        assert (after.title, after.design, after.lock_hash) == ("One", {"n": 1}, "0" * 64)


def test_what_was_made_of_a_draft_is_not_kept_when_the_draft_was_edited(database: Database) -> None:
    studies = Studies(database)
    for made in (
        lambda draft: studies.lock(draft, {"design": {"n": 1}}, "1" * 64),
        lambda draft: studies.keep_preview(draft, {"design": {"n": 1}}),
        lambda draft: studies.edit(draft, "Mine", {"n": 3}),
    ):
        draft = studies.create("One", {"n": 1})
        with pytest.raises(StudyError, match="changed while|saved elsewhere"):
            meanwhile(database, sets(draft.id, design={"n": 2}), lambda draft=draft, made=made: made(draft))  # type: ignore[misc]
        after = studies.get(draft.id)
        assert (after.status, after.design, studies.preview(after)) == (StudyStatus.DRAFT, {"n": 2}, None)


def test_a_study_is_closed_for_good(study: OpenStudy) -> None:
    closed = sets(study.id, status="closed", closed_at=utc_now())
    for change in (
        lambda: study.studies.pause(study.id),
        lambda: study.studies.extend(study.id, 9),
        lambda: study.studies.close(study.id),
    ):
        with study.database.write() as connection:
            sets(study.id, status="open", closed_at=None)(connection)
        with pytest.raises(StudyError, match="is closed"):
            meanwhile(study.database, closed, change)
        assert study.studies.get(study.id).status == StudyStatus.CLOSED


def test_a_study_that_was_opened_is_not_deleted(database: Database) -> None:
    studies = Studies(database)
    draft = studies.create("One", {})
    with pytest.raises(StudyError, match="Close it first"):
        meanwhile(database, sets(draft.id, status="open"), lambda: studies.delete(draft.id))
    assert studies.get(draft.id).status == StudyStatus.OPEN


def test_nothing_is_saved_once_the_study_is_closed_or_the_rater_out(study: OpenStudy) -> None:
    rater = study.arrive()
    slot = study.slots.next(rater.id)
    assert slot is not None
    raters, invites, slots = STUDY_RATERS.c, STUDY_INVITES.c, STUDY_SLOTS.c
    now = utc_now()
    cases: list[tuple[type[Exception], First]] = [
        (StudyClosedError, sets(study.id, status="closed")),
        (RaterError, lambda c: c.execute(update(STUDY_RATERS).where(raters.id == rater.id).values(withdrawn_at=now))),
        (RaterError, lambda c: c.execute(update(STUDY_RATERS).where(raters.id == rater.id).values(excluded_at=now))),
        (
            InviteRevokedError,
            lambda c: c.execute(update(STUDY_INVITES).where(invites.id == rater.invite).values(revoked_at=now)),
        ),
        (SlotError, lambda c: c.execute(delete(STUDY_SLOTS).where(slots.id == slot.id))),
    ]
    for error, first in cases:

        def and_back(connection: Connection, first: First = first) -> None:
            first(connection)

        with pytest.raises(error):
            meanwhile(
                study.database, and_back, lambda: study.answers.save(rater.id, slot.id, {"clear": 4}, key="a key")
            )
        assert study.rows() == []
        with study.database.write() as connection:
            sets(study.id, status="open")(connection)
            connection.execute(update(STUDY_RATERS).values(withdrawn_at=None, excluded_at=None))
            connection.execute(update(STUDY_INVITES).values(revoked_at=None))


def test_two_tabs_of_a_rater_get_one_slot_and_save_one_answer(study: OpenStudy) -> None:
    rater = study.arrive()
    given = study.slots.next(rater.id)
    assert given is not None
    with study.database.write() as connection:
        row = dict(connection.execute(select(STUDY_SLOTS)).mappings().one())
        connection.execute(delete(STUDY_SLOTS))
    again = meanwhile(
        study.database,
        lambda connection: connection.execute(insert(STUDY_SLOTS).values(row)),
        lambda: study.slots.next(rater.id),
    )
    assert again == given
    saved = study.answers.save(rater.id, given.id, {"clear": 4, "agree": 2}, key="one click")
    assert not saved.repeated
    twice = meanwhile(
        study.database,
        lambda connection: connection.execute(update(STUDY_SLOTS).values(answered_at=utc_now())),
        lambda: study.answers.save(rater.id, given.id, {"clear": 4, "agree": 2}, key="one click"),
    )
    assert twice.repeated and len(study.rows()) == 2


def test_the_last_place_of_a_link_is_given_once(study: OpenStudy) -> None:
    token = study.invite(InviteKind.OPEN, cap=1)
    used = update(STUDY_INVITES).where(STUDY_INVITES.c.kind == "open").values(used=1)
    with pytest.raises(InviteUsedUpError):
        meanwhile(study.database, lambda connection: connection.execute(used), lambda: study.raters.join(token))
    assert study.raters.of(study.id) == []


def test_a_text_that_two_tabs_pin_is_there_once(database: Database) -> None:
    collections = Collections(database)
    pinned = collections.pin("mine", "A charming film.", "positive")
    with database.write() as connection:
        row = dict(connection.execute(select(COLLECTION_TEXTS)).mappings().one())
        connection.execute(delete(COLLECTION_TEXTS))
    meanwhile(
        database,
        lambda connection: connection.execute(insert(COLLECTION_TEXTS).values(row)),
        lambda: collections.pin("mine", "A charming film.", "negative"),
    )
    assert [(one.item, one.label) for one in collections.texts("mine")] == [(pinned.item, "negative")]
