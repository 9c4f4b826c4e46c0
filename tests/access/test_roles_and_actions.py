"""Role × action, every cell, written out by hand from what was asked: viewers browse, researchers run jobs and studies
(their own), admins do all that with everybody's and manage people, raters answer their own items."""

from __future__ import annotations

import pytest

from bcos_core.access.actor import NOBODY, SINGLE_USER, Actor, Mode, Role, machine, rater
from bcos_core.access.table import TABLE, Action, may, require
from bcos_core.errors import NotAllowedError

NO, OWN, YES = (False, False), (True, False), (True, True)
"""May it be done with one's own, and with what is another's?"""
BY_HAND = {
    "see the dashboard": {"viewer": YES, "researcher": YES, "admin": YES, "rater": NO},
    "rate items": {"viewer": NO, "researcher": NO, "admin": NO, "rater": OWN},
    "upload a file": {"viewer": NO, "researcher": YES, "admin": YES, "rater": NO},
    "start a job": {"viewer": NO, "researcher": YES, "admin": YES, "rater": NO},
    "cancel a job": {"viewer": NO, "researcher": OWN, "admin": YES, "rater": NO},
    "go on with a job": {"viewer": NO, "researcher": OWN, "admin": YES, "rater": NO},
    "delete a job": {"viewer": NO, "researcher": OWN, "admin": YES, "rater": NO},
    "change what is said of a model": {"viewer": NO, "researcher": YES, "admin": YES, "rater": NO},
    "delete a model": {"viewer": NO, "researcher": OWN, "admin": YES, "rater": NO},
    "take back a model": {"viewer": NO, "researcher": OWN, "admin": YES, "rater": NO},
    "remove models for good": {"viewer": NO, "researcher": NO, "admin": YES, "rater": NO},
    "pin a text": {"viewer": NO, "researcher": YES, "admin": YES, "rater": NO},
    "take a text out of a collection": {"viewer": NO, "researcher": OWN, "admin": YES, "rater": NO},
    "draw up a study": {"viewer": NO, "researcher": YES, "admin": YES, "rater": NO},
    "change a study": {"viewer": NO, "researcher": OWN, "admin": YES, "rater": NO},
    "open, pause, extend or close a study": {"viewer": NO, "researcher": OWN, "admin": YES, "rater": NO},
    "invite raters": {"viewer": NO, "researcher": OWN, "admin": YES, "rater": NO},
    "take out a rater": {"viewer": NO, "researcher": OWN, "admin": YES, "rater": NO},
    "export the answers of a study": {"viewer": NO, "researcher": OWN, "admin": YES, "rater": NO},
    "delete a study": {"viewer": NO, "researcher": OWN, "admin": YES, "rater": NO},
    "manage people": {"viewer": NO, "researcher": NO, "admin": YES, "rater": NO},
    "see the log": {"viewer": NO, "researcher": NO, "admin": YES, "rater": NO},
    "see the state of the server": {"viewer": NO, "researcher": NO, "admin": YES, "rater": NO},
}
CELLS = [(role, action) for action in BY_HAND for role in ("viewer", "researcher", "admin", "rater")]


@pytest.mark.parametrize(("role", "action"), CELLS, ids=[f"{role} · {action}" for role, action in CELLS])
def test_every_cell(role: str, action: str) -> None:
    actor, (own, others) = Actor("a" * 32, "Ada", Role(role), Mode.PASSWORD), BY_HAND[action][role]
    assert may(actor, Action(action), owner="a" * 32) is own
    assert may(actor, Action(action)) is own  # of what is to be made, and will be theirs
    assert may(actor, Action(action), owner="b" * 32) is others
    assert may(actor, Action(action), owner="") is others  # nobody's who has an account
    for owner, allowed in (("a" * 32, own), ("b" * 32, others)):
        if allowed:
            require(actor, Action(action), owner=owner)
        else:
            with pytest.raises(NotAllowedError, match="Nothing was done"):
                require(actor, Action(action), owner=owner)


def test_no_cell_is_missing() -> None:
    assert {action.value for action in Action} == set(BY_HAND)
    assert {(role.value, action.value) for role, action in TABLE} == set(CELLS)


@pytest.mark.parametrize("action", list(Action))
def test_who_has_no_cell(action: Action) -> None:
    """The machine has everything; whoever has not signed in nothing, whatever the owner is said to be."""
    assert may(machine(), action) and may(machine(), action, owner="b" * 32) and may(machine(), action, owner="")
    assert not any(may(NOBODY, action, owner=owner) for owner in (None, "", "b" * 32))
    assert may(SINGLE_USER, action, owner="") is (action != Action.RATE)


def test_an_owner_of_no_name_is_nobody() -> None:
    """An actor without an id owns nothing, also not what belongs to nobody."""
    assert not may(Actor("", "somebody", Role.RESEARCHER, Mode.PASSWORD), Action.CANCEL_JOB, owner="")
    assert rater("r").owner == ""  # what a rater makes is the study's


def test_a_refusal_says_who_one_is_and_what_it_takes() -> None:
    with pytest.raises(NotAllowedError, match=r"a viewer, and may not start a job: .* researcher or admin"):
        require(Actor("a", "Ada", Role.VIEWER, Mode.PASSWORD), Action.SUBMIT_JOB)
    with pytest.raises(NotAllowedError, match="belongs to somebody else.*cancel a job"):
        require(Actor("a", "Ada", Role.RESEARCHER, Mode.PASSWORD), Action.CANCEL_JOB, owner="b")
    with pytest.raises(NotAllowedError, match="sign in first"):
        require(NOBODY, Action.BROWSE)
