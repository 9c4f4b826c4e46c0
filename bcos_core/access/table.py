"""Role × action: what each may do, in one table."""

from __future__ import annotations

from enum import StrEnum

from bcos_core.access.actor import Actor, Mode, Role
from bcos_core.errors import NotAllowedError


class Action(StrEnum):
    """What is done, in the words that a refusal and the log use."""

    BROWSE = "see the dashboard"
    RATE = "rate items"
    UPLOAD = "upload a file"
    SUBMIT_JOB = "start a job"
    CANCEL_JOB = "cancel a job"
    RESTART_JOB = "go on with a job"
    DELETE_JOB = "delete a job"
    EDIT_MODEL = "change what is said of a model"
    DELETE_MODEL = "delete a model"
    RESTORE_MODEL = "take back a model"
    EMPTY_TRASH = "remove models for good"
    PIN_TEXT = "pin a text"
    UNPIN_TEXT = "take a text out of a collection"
    CREATE_STUDY = "draw up a study"
    EDIT_STUDY = "change a study"
    RUN_STUDY = "open, pause, extend or close a study"
    INVITE = "invite raters"
    EXCLUDE_RATER = "take out a rater"
    EXPORT_STUDY = "export the answers of a study"
    DELETE_STUDY = "delete a study"
    MANAGE_PEOPLE = "manage people"
    SEE_LOG = "see the log"
    SEE_SYSTEM = "see the state of the server"


class Grant(StrEnum):
    NO = "no"
    OWN = "own"
    """What belongs to the actor."""
    YES = "yes"


_NO, _OWN, _YES = Grant.NO, Grant.OWN, Grant.YES
_ROLES = (Role.VIEWER, Role.RESEARCHER, Role.ADMIN, Role.RATER)
# A job, study or pinned text belongs to whoever made it, a model to whoever asked for the job that made it. What was
# made before there were accounts, or by a command, is nobody's own: an admin's to cancel, change or delete.
_ROWS = {
    #                      viewer researcher admin rater
    Action.BROWSE: (_YES, _YES, _YES, _NO),
    Action.RATE: (_NO, _NO, _NO, _OWN),
    Action.UPLOAD: (_NO, _YES, _YES, _NO),
    Action.SUBMIT_JOB: (_NO, _YES, _YES, _NO),
    Action.CANCEL_JOB: (_NO, _OWN, _YES, _NO),
    Action.RESTART_JOB: (_NO, _OWN, _YES, _NO),
    Action.DELETE_JOB: (_NO, _OWN, _YES, _NO),
    Action.EDIT_MODEL: (_NO, _YES, _YES, _NO),  # names, tags and notes are the group's
    Action.DELETE_MODEL: (_NO, _OWN, _YES, _NO),
    Action.RESTORE_MODEL: (_NO, _OWN, _YES, _NO),
    Action.EMPTY_TRASH: (_NO, _NO, _YES, _NO),
    Action.PIN_TEXT: (_NO, _YES, _YES, _NO),
    Action.UNPIN_TEXT: (_NO, _OWN, _YES, _NO),
    Action.CREATE_STUDY: (_NO, _YES, _YES, _NO),
    Action.EDIT_STUDY: (_NO, _OWN, _YES, _NO),
    Action.RUN_STUDY: (_NO, _OWN, _YES, _NO),
    Action.INVITE: (_NO, _OWN, _YES, _NO),
    Action.EXCLUDE_RATER: (_NO, _OWN, _YES, _NO),
    Action.EXPORT_STUDY: (_NO, _OWN, _YES, _NO),
    Action.DELETE_STUDY: (_NO, _OWN, _YES, _NO),
    Action.MANAGE_PEOPLE: (_NO, _NO, _YES, _NO),
    Action.SEE_LOG: (_NO, _NO, _YES, _NO),
    Action.SEE_SYSTEM: (_NO, _NO, _YES, _NO),
}
TABLE: dict[tuple[Role, Action], Grant] = {
    (role, action): grant for action, grants in _ROWS.items() for role, grant in zip(_ROLES, grants, strict=True)
}


def grant_of(actor: Actor, action: Action) -> Grant:
    """What the table says of the actor; everything of the machine itself, nothing of nobody."""
    if actor.mode == Mode.MACHINE:
        return Grant.YES
    return Grant.NO if actor.role is None else TABLE[actor.role, action]


def may(actor: Actor, action: Action, *, owner: str | None = None) -> bool:
    """Whether the actor may do it with what belongs to `owner`; `None`: with something that is their own."""
    grant = grant_of(actor, action)
    if grant == Grant.OWN:
        return bool(actor.id) and owner in (None, actor.id)
    return grant == Grant.YES


def refusal(actor: Actor, action: Action, *, owner: str | None = None) -> str | None:
    """Why the actor may not do it with what belongs to `owner`, and who may; None where they may."""
    if may(actor, action, owner=owner):
        return None
    if actor.role is None:
        return f"To {action.value} you have to sign in first."
    if grant_of(actor, action) == Grant.OWN:
        return (
            f"This belongs to somebody else: as a {actor.role.value} you may {action.value} only where it is your own. "
            "Ask whoever it belongs to, or an admin."
        )
    allowed = [role.value for role in _ROLES if TABLE[role, action] != Grant.NO]
    return (
        f"You are here as {_article(actor.role)}, and may not {action.value}: that takes the role of "
        f"{' or '.join(allowed)}. An admin can change your role."
    )


def require(actor: Actor, action: Action, *, owner: str | None = None) -> None:
    """
    Raises:
        NotAllowedError: the actor may not do it with what belongs to `owner`.
    """
    if (why := refusal(actor, action, owner=owner)) is not None:
        raise NotAllowedError(f"{why} Nothing was done.")


def _article(role: Role) -> str:
    return f"an {role.value}" if role == Role.ADMIN else f"a {role.value}"
