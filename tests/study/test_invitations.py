"""Invitations: who gets in, who does not, and that nobody learns anything at the door."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from bcos_core.errors import (
    InviteError,
    InviteExpiredError,
    InviteRevokedError,
    InviteUnknownError,
    InviteUsedUpError,
    RaterError,
    StudyClosedError,
    StudyError,
)
from bcos_core.home import Home
from bcos_core.storage.types import METADATA, utc_now
from bcos_core.study.invites import InviteKind
from bcos_core.study.schema import STUDIES, STUDY_RATERS
from tests.study.open_study import OpenStudy

MakeStudy = Callable[..., OpenStudy]


def test_tokens_are_nowhere_in_the_database(study: OpenStudy, home: Home) -> None:
    personal, link = study.invite(), study.invite(InviteKind.OPEN, cap=2)
    resume_tokens = [study.raters.join(token).resume_token for token in (personal, link)]
    assert len({personal, link, *resume_tokens}) == 4
    with study.database.read() as connection:
        stored = repr([connection.execute(select(table)).all() for table in METADATA.sorted_tables])
    assert study.raters.of(study.id)[0].id in stored
    stored += "".join(path.read_bytes().decode("latin-1") for path in home.root.glob("bcos.sqlite3*"))
    assert not any(token in stored for token in (personal, link, *resume_tokens))


def test_a_personal_link_is_one_rater_on_every_device(study: OpenStudy) -> None:
    token = study.invite()
    first, second = study.raters.join(token), study.raters.join(f" {token}\n")
    assert first.is_new and not second.is_new
    assert first.rater.id == second.rater.id and first.resume_token == second.resume_token
    assert study.raters.resume(second.resume_token).id == first.rater.id
    assert [invite.used for invite in study.invitations.list(study.id)] == [1]


def test_an_open_link_makes_a_rater_each_time_up_to_its_cap(study: OpenStudy) -> None:
    token = study.invite(InviteKind.OPEN, cap=2)
    first, second = study.raters.join(token), study.raters.join(token)
    assert first.rater.id != second.rater.id and (first.rater.arrival, second.rater.arrival) == (0, 1)
    with pytest.raises(InviteUsedUpError, match="As many people as were wanted"):
        study.raters.join(token)
    assert study.raters.resume(first.resume_token).id == first.rater.id


def test_the_cap_holds_when_all_come_at_once(study: OpenStudy) -> None:
    token = study.invite(InviteKind.OPEN, cap=5)
    start = threading.Barrier(12)
    arrivals: list[int] = []
    refused: list[str] = []

    def come() -> None:
        start.wait(30)
        try:
            arrivals.append(study.raters.join(token).rater.arrival)
        except InviteUsedUpError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=come) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(arrivals) == [0, 1, 2, 3, 4] and len(refused) == 7
    assert study.invitations.list(study.id)[0].used == 5


def test_each_reason_has_its_own_error_and_none_tells_of_the_study(
    study: OpenStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    revoked, expiring, used_up = (
        study.invite(),
        study.invite(expires_at=utc_now() + timedelta(hours=1)),
        study.invite(InviteKind.OPEN, cap=1),
    )
    study.raters.join(used_up)
    study.invitations.revoke(study.invitations.list(study.id)[0].id)
    later = utc_now() + timedelta(hours=2)
    monkeypatch.setattr("bcos_core.study.invites.utc_now", lambda: later)
    reasons: dict[str, type[InviteError]] = {
        revoked: InviteRevokedError,
        expiring: InviteExpiredError,
        used_up: InviteUsedUpError,
        "nonsense": InviteUnknownError,
        "": InviteUnknownError,
    }
    for token, error_type in reasons.items():
        with pytest.raises(InviteError) as caught:
            study.raters.join(token)
        assert type(caught.value) is error_type
        assert study.id not in str(caught.value) and "clearer" not in str(caught.value)
    assert len(study.raters.of(study.id)) == 1


def test_revoking_a_personal_link_puts_its_rater_out_and_an_open_one_only_the_door(study: OpenStudy) -> None:
    personal, link = study.invite(), study.invite(InviteKind.OPEN)
    own, other = (study.raters.consent(study.raters.join(token).rater.id) for token in (personal, link))
    slot = study.slots.next(own.id)
    assert slot is not None
    for invite in study.invitations.list(study.id):
        assert study.invitations.revoke(invite.id).revoked_at is not None
    for act in (
        lambda: study.raters.join(personal),
        lambda: study.raters.join(link),
        lambda: study.slots.next(own.id),
        lambda: study.answers.save(own.id, slot.id, {"clear": 1}, key="k"),
        lambda: study.slots.finish(own.id),
    ):
        with pytest.raises(InviteRevokedError):
            act()
    assert study.rows() == []
    study.answer(other)
    assert len(study.rows()) == 2


def test_a_draft_and_a_closed_study_let_nobody_in(make_study: MakeStudy) -> None:
    study = make_study()
    token = study.invite()
    study.studies.close(study.id)
    with pytest.raises(StudyClosedError, match="has ended"):
        study.raters.join(token)
    draft = study.studies.create("Draft", {})
    _, token = study.invitations.create(draft.id, InviteKind.PERSONAL)
    with pytest.raises(StudyClosedError, match="not begun"):
        study.raters.join(token)
    assert study.raters.of(study.id) == study.raters.of(draft.id) == []
    assert [invite.used for invite in study.invitations.list(study.id)] == [0]


def test_people_and_simulated_raters_never_meet(make_study: MakeStudy) -> None:
    real, simulated = make_study(), make_study(simulated=True)
    with pytest.raises(InviteUnknownError):
        real.raters.join(real.invite(), simulated=True)
    with pytest.raises(InviteUnknownError):
        simulated.raters.join(simulated.invite())
    assert real.raters.of(real.id) == simulated.raters.of(simulated.id) == []
    rater = real.arrive()
    assert simulated.raters.join(simulated.invite(), simulated=True).rater.simulated
    # Whoever writes past the functions is stopped by the database.
    with real.database.read() as connection:
        row = connection.execute(STUDY_RATERS.select().where(STUDY_RATERS.c.id == rater.id)).mappings().one()
    forged = {**row, "id": "forged", "arrival": 9, "resume_hash": "x", "simulated": True}
    with pytest.raises(IntegrityError), real.database.write() as connection:
        connection.execute(insert(STUDY_RATERS), forged)
    with pytest.raises(IntegrityError), real.database.write() as connection:
        connection.execute(update(STUDIES).where(STUDIES.c.id == real.id).values(simulated=True))


def test_unusable_invitations_are_refused(study: OpenStudy) -> None:
    with pytest.raises(StudyError, match="cap of 1 or more"):
        study.invite(InviteKind.OPEN, cap=0)
    with pytest.raises(StudyError, match="later time"):
        study.invite(expires_at=utc_now())
    with pytest.raises(StudyError, match="no study"):
        study.invitations.create("nowhere", InviteKind.OPEN)
    with pytest.raises(StudyError, match="no invitation"):
        study.invitations.revoke("nothing")
    with pytest.raises(RaterError, match="not known"):
        study.raters.resume("nonsense")
    assert study.invitations.list(study.id) == []
