"""A study from draft to closed."""

from __future__ import annotations

import pytest

from bcos_core.errors import StudyClosedError, StudyError
from bcos_core.storage.database import Database
from bcos_core.study.events import events_of
from bcos_core.study.studies import Studies, StudyStatus
from tests.study.open_study import OpenStudy


def test_a_study_is_drawn_up_locked_opened_and_closed(database: Database) -> None:
    studies = Studies(database)
    draft = studies.create("  Which is clearer?  ", {"items": [1]})
    assert (draft.title, draft.status, draft.simulated, draft.lock_hash) == ("Which is clearer?", "draft", False, None)
    draft = studies.edit(draft, "Which is clearest?", {"items": [1, 2]})
    with pytest.raises(StudyError, match="not locked yet"):
        studies.open(draft.id)
    with pytest.raises(StudyError, match="not locked yet"):
        studies.locked(draft.id)
    frozen = {"design": {"items": [1, 2], "tries": 5}, "wording": "é"}
    locked = studies.lock(draft, frozen, "f" * 64)
    assert locked.locked_at is not None and locked.status == StudyStatus.LOCKED
    assert locked.design == frozen["design"]  # defaults that the draft did not name are there too
    assert studies.locked(draft.id) == frozen
    for act in (lambda: studies.edit(draft, "t", {}), lambda: studies.lock(draft, frozen, "0" * 64)):
        with pytest.raises(StudyError, match="was locked on .* cannot be changed"):
            act()
    with pytest.raises(StudyError, match="is locked; it can be closed only from open or paused"):
        studies.close(draft.id)
    assert studies.open(draft.id).status == StudyStatus.OPEN
    with pytest.raises(StudyError, match="Close it first"):
        studies.delete(draft.id)
    closed = studies.close(draft.id)
    assert closed.closed_at is not None
    with pytest.raises(StudyError, match="is closed; it can be opened only from locked"):
        studies.open(draft.id)
    assert studies.locked(draft.id) == frozen and studies.get(draft.id).lock_hash == "f" * 64
    assert [event.kind for event in events_of(database, draft.id)] == ["created", "locked", "opened", "closed"]


def test_of_two_that_change_one_draft_the_second_is_refused(database: Database) -> None:
    studies = Studies(database)
    draft = studies.create("A title", {"items": [1]})
    studies.edit(draft, "Theirs", {"items": [2]})
    with pytest.raises(StudyError, match="'Theirs' was saved elsewhere meanwhile, so that nothing was changed"):
        studies.edit(draft, "Mine", {"items": [3]})
    assert (studies.get(draft.id).title, studies.get(draft.id).design) == ("Theirs", {"items": [2]})


@pytest.mark.parametrize("change", [("A title", {"items": [3]}), ("Another title", {"items": [1]})])
def test_a_draft_that_is_changed_while_it_is_being_locked_stays_a_draft(
    database: Database, change: tuple[str, dict[str, list[int]]]
) -> None:
    studies = Studies(database)
    draft = studies.create("A title", {"items": [1]})
    studies.edit(draft, *change)
    with pytest.raises(StudyError, match="changed while it was being locked.*Lock it again"):
        studies.lock(draft, {"design": draft.design}, "0" * 64)
    now = studies.get(draft.id)
    assert (now.status, now.lock_hash, now.title, now.design) == (StudyStatus.DRAFT, None, *change)
    assert studies.lock(now, {"design": now.design}, "1" * 64).design == change[1]


def test_a_paused_study_takes_nothing_and_goes_on_where_it_was(study: OpenStudy) -> None:
    rater = study.arrive()
    slot = study.slots.next(rater.id)
    assert slot is not None
    study.studies.pause(study.id)
    with pytest.raises(StudyClosedError, match="paused"):
        study.slots.next(rater.id)
    with pytest.raises(StudyError, match="Close it first"):
        study.studies.delete(study.id)
    with pytest.raises(StudyError, match="is paused; it can be paused only from open"):
        study.studies.pause(study.id)
    study.studies.resume(study.id)
    assert study.slots.next(rater.id) == slot
    kinds = [event.kind for event in events_of(study.database, study.id)]
    assert [kind for kind in kinds if kind in ("paused", "resumed")] == ["paused", "resumed"]


def test_a_study_is_only_extended_while_it_runs_and_only_upwards(database: Database) -> None:
    studies = Studies(database)
    draft = studies.create("Extend me", {"raters_per_item": 4})
    id = draft.id
    with pytest.raises(StudyError, match="is draft"):
        studies.extend(id, 6)
    studies.lock(draft, {"design": draft.design}, "0" * 64)
    studies.open(id)
    for wanted in (4, 1, 1001):
        with pytest.raises(StudyError, match="more than the 4"):
            studies.extend(id, wanted)
    assert studies.extend(id, 6).extended_to == 6
    with pytest.raises(StudyError, match="more than the 6"):
        studies.extend(id, 6)
    assert events_of(database, id)[-1].payload == {"raters_per_item": 6, "before": 4}


def test_a_deleted_study_takes_everything_of_its_own_along_and_nothing_else(
    study: OpenStudy, database: Database
) -> None:
    other = OpenStudy.make(database)
    for one in (study, other):
        one.answer(one.arrive())
    study.studies.close(study.id)
    study.studies.delete(study.id)
    assert [one.id for one in study.studies.list()] == [other.id]
    assert study.rows() == [] and events_of(database, study.id) == [] and study.raters.of(study.id) == []
    assert len(other.rows()) == 2
    with pytest.raises(StudyError, match="no study"):
        study.studies.get(study.id)


def test_a_study_needs_a_title(database: Database) -> None:
    with pytest.raises(StudyError, match="needs a title"):
        Studies(database).create(" ", {})
