"""Every error this library raises on purpose.

Each message says what was received, what was expected, and what to do. The command line turns an
`InputError` into exit code 2 and any other `BcosError` into exit code 1; pages show the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar

LONGEST_MESSAGE = 2_000
"""Characters. What was received is quoted in messages, and may be of any length."""
_HALVES = re.compile("[\ud800-\udfff]")


class BcosError(Exception):
    """Base of every error raised on purpose. Whatever its message quotes, it can be shown: of a long one its middle is
    left out, and half of a character is U+FFFD, since no page, file or terminal takes it."""

    longest: ClassVar[int | None] = LONGEST_MESSAGE

    def __str__(self) -> str:
        message = _HALVES.sub("\ufffd", super().__str__())
        if self.longest is None or len(message) <= self.longest:
            return message
        begins, ends = 3 * self.longest // 4, self.longest // 8
        return f"{message[:begins]} … {len(message) - begins - ends:,} characters left out … {message[-ends:]}"


class InputError(BcosError):
    """What was given cannot be used; giving something else helps."""


class UnknownNameError(InputError):
    """A name that is not in a registry; the message lists those that are."""

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        known_names = ", ".join(sorted(known)) or "none"
        super().__init__(f"Unknown {kind} {name!r}. Known: {known_names}.")


class TextError(InputError):
    """A text that cannot be explained."""


class DataError(InputError):
    """A data set or file that cannot be used for a task."""


class MemoryLackingError(BcosError):
    """The memory of the device ended where nothing more can be divided."""


class RecipeError(InputError):
    """A training recipe whose options do not fit together.

    `field` names the option at fault, so that a page can show the message beside it.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class UnsupportedModelError(InputError):
    """A model whose family or parts have no conversion rule."""


class CheckpointError(InputError):
    """A folder that is not a model, or one written by a newer format version."""


class HubUnavailableError(InputError):
    """A hub id was given and the hub cannot be reached."""


class PathNotAllowedError(InputError):
    """A local path outside the folders the dashboard may read."""


class NotAllowedError(BcosError):
    """Something that the role of whoever asks for it does not allow."""


class SignInError(InputError):
    """A name and password, or a link, that let nobody in. Says nothing about which names there are."""


class TooManyTriesError(SignInError):
    """A guess that comes too soon after others; `seconds` until the next one is looked at."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class AccountError(InputError):
    """An account that cannot be made or changed as asked."""


class NotFiniteError(BcosError):
    """A loss, logit, cosine or score that is not a finite number: nothing that comes of it can be trusted."""


class JobError(BcosError):
    """A job that cannot do what was asked of it."""


class QuotaError(InputError):
    """More than one person, or this server, may have: jobs at once, or what lies on the disk."""


class DamagedJobError(JobError):
    """A job whose row in the database cannot be read."""


class JobCancelled(BcosError):
    """Raised inside a running job when someone has asked it to stop."""


class MismatchError(BcosError):
    """A record that was computed again came out differently; `result` has what a command gives as JSON, and the message
    the same for a person."""

    longest = None

    def __init__(self, message: str, result: dict[str, Any]) -> None:
        super().__init__(message)
        self.result = result


class StudyError(InputError):
    """A study that cannot do what was asked of it."""


class DamagedStudyError(StudyError):
    """A study whose row in the database cannot be read."""


class StudyClosedError(StudyError):
    """A study that takes no answers: not open yet, or closed."""


class StudyFullError(StudyError):
    """Every answer that the study wants is given or being given, and this rater has answered none of its items."""


class InviteError(StudyError):
    """An invitation that lets nobody in. Says why, and nothing about the study."""


class InviteUnknownError(InviteError):
    """A token that no invitation has."""


class InviteExpiredError(InviteError):
    """An invitation whose time is over."""


class InviteRevokedError(InviteError):
    """An invitation that was taken back."""


class InviteUsedUpError(InviteError):
    """An invitation by which as many have come as may."""


class RaterError(StudyError):
    """A rater who is not known, has not consented, or no longer takes part."""


class SlotError(StudyError):
    """An item that is not in this rater's hands."""


class AnswerError(StudyError):
    """An answer that is not one of those that were asked for."""


class TooManyAnswersError(AnswerError):
    """More answers than people give; nothing more of this rater is saved."""


class StorageError(BcosError):
    """The folder or database under BCOS_HOME cannot be written or read."""


class NewerDatabaseError(StorageError):
    """A newer version of this program has changed the database: this one no longer knows what is in it."""


class UnreachableError(StorageError):
    """It does not answer for now. What was stored before is intact, and the same may be tried again."""


class DatabaseUnreachableError(UnreachableError):
    """The server of the database does not answer, or has cut the connection."""


class StoreUnreachableError(UnreachableError):
    """The store of artefacts that several hosts share does not answer, or refuses who asks."""
