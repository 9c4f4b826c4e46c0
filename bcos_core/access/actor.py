"""Whoever does something: a person who has signed in, the one person of a private dashboard, a rater, the machine."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from enum import StrEnum

JOB_OWNER = "BCOS_JOB_OWNER"
"""Set in the process of a job: the id of whoever asked for it, to whom what it makes belongs."""


class Role(StrEnum):
    VIEWER = "viewer"
    """Browses: pages, results, and explanations of single texts."""
    RESEARCHER = "researcher"
    """Runs jobs and studies."""
    ADMIN = "admin"
    """Does all that, with everybody's, and says who may come in."""
    RATER = "rater"
    """Answers the items of one study that are in their own hands."""


MEMBERS = (Role.VIEWER, Role.RESEARCHER, Role.ADMIN)
"""The roles of people who have the dashboard."""


class Mode(StrEnum):
    """How an actor was recognised."""

    SINGLE_USER = "single user"
    """Nobody signs in: whoever is at this machine's browser is the admin."""
    PROVIDER = "provider"
    """By OpenID Connect."""
    PASSWORD = "password"
    INVITATION = "invitation"
    """A rater's link."""
    MACHINE = "command line"
    """A process on the machine itself. Who has the files has everything."""
    NOBODY = "not signed in"


@dataclass(frozen=True)
class Actor:
    """`id` is that of an account, or of a rater; "" where there is no account. `name` is for people."""

    id: str
    name: str
    role: Role | None
    mode: Mode

    @property
    def owner(self) -> str:
        """To whom what the actor makes belongs: an account's id, "" for nobody's."""
        return "" if self.role == Role.RATER else self.id


NOBODY = Actor("", "somebody who is not signed in", None, Mode.NOBODY)
SINGLE_USER = Actor("", "the person at this machine", Role.ADMIN, Mode.SINGLE_USER)


def machine() -> Actor:
    """This process, as far as nobody else is named: a command that somebody typed, a job, the supervisor."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in a container
        name = str(os.getuid()) if hasattr(os, "getuid") else "somebody"
    return Actor(os.environ.get(JOB_OWNER, ""), name, Role.ADMIN, Mode.MACHINE)


def rater(id: str) -> Actor:
    """The rater of that id. No name: it may be a person's at a panel."""
    return Actor(id, f"rater {id}", Role.RATER, Mode.INVITATION)
