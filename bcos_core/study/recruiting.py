"""Recruiting by a panel: who its people are, as their links say, and what they get at the end.

A panel such as Prolific sends people by a link that names them (their id there, and its own names of the study and the
session), and wants them to come back with a code. An id is personal data: it stays with the rater's row, is in no event
and no answer, and is exported only where that is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bcos_core.errors import InputError, RaterError, StudyError
from bcos_core.storage.stored_json import from_plain

LONGEST_ID = 64
LONGEST_LINK = 500
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_ID = re.compile(rf"[A-Za-z0-9_.:@-]{{1,{LONGEST_ID}}}")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LINK = re.compile(rf"https://[^\s/?#]+[^\s<>\"']{{0,{LONGEST_LINK}}}")
_OWN_PARAMETERS = ("invite", "rater", "at")


@dataclass(frozen=True)
class Person:
    """Somebody of a panel, as the link says."""

    id: str
    study: str | None = None
    session: str | None = None


@dataclass(frozen=True)
class Recruiting:
    """How a panel's people come and go.

    `participant`, `study` and `session` are the parameters of the link that name a person, the panel's study and the
    session; the last two may be "". `completion` and `screen_out` are what a person gets who has finished, and who has
    not understood the instructions: a code, or an https address to go on to; "" for the study's own code, and for none.

    Raises:
        InputError: a name, code or address that cannot be one.
    """

    panel: str
    participant: str
    study: str = ""
    session: str = ""
    completion: str = ""
    screen_out: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.panel.strip()) <= 40:
            raise InputError("Give the panel a name of 1 to 40 characters.")
        names = [name for name in (self.participant, self.study, self.session) if name]
        if not self.participant or len(set(names)) < len(names):
            raise InputError("A panel's link needs a parameter with the person's id, and a name of its own for each.")
        for name in names:
            if not _NAME.fullmatch(name) or name in _OWN_PARAMETERS:
                raise InputError(
                    f"{name[:50]!r} cannot be a parameter of a panel's link; expected letters, digits and underscores, "
                    f"and none of {', '.join(_OWN_PARAMETERS)}."
                )
        for end in (self.completion, self.screen_out):
            if end and not _CODE.fullmatch(end) and not _LINK.fullmatch(end):
                raise InputError(
                    f"{end[:60]!r} is neither a code of letters and digits nor an address that begins with https://."
                )

    def link(self, address: str) -> str:
        """An invitation's address with the panel's parameters, as the panel fills them in."""
        names = (self.participant, self.study, self.session)
        return address + "".join(f"&{name}={_placeholder(self, name)}" for name in names if name)

    def person(self, given: Mapping[str, str]) -> Person:
        """Who comes by a link with these parameters. Whatever else a stranger sends is not read.

        Raises:
            RaterError: nobody is named, or what stands there cannot be an id.
        """
        found = {name: given.get(name, "") for name in (self.participant, self.study, self.session) if name}
        if not found[self.participant]:
            raise RaterError(f"Open this study from {self.panel}: the link says who comes, and this one names nobody.")
        if not all(not value or _ID.fullmatch(value) for value in found.values()):
            raise RaterError(f"This link was changed on its way. Open the study from {self.panel} again.")
        return Person(found[self.participant], found.get(self.study) or None, found.get(self.session) or None)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Recruiting:
        """What `to_dict` wrote.

        Raises:
            StudyError: it is damaged.
        """
        return from_plain(data, cls, error=StudyError, what="How a panel's people come", advice="Set it again.")


def is_link(end: str) -> bool:
    """Whether what a person gets at the end is an address to go on to, and no code."""
    return bool(_LINK.fullmatch(end))


PROLIFIC = Recruiting("Prolific", "PROLIFIC_PID", "STUDY_ID", "SESSION_ID")
"""https://docs.prolific.com: the parameters that it fills in."""


def _placeholder(recruiting: Recruiting, name: str) -> str:
    return f"{{{{%{name}%}}}}" if recruiting.panel == PROLIFIC.panel else f"[{name}]"
