"""What people say of a model: its name, tags and notes.

They lie in a file of their own beside the weights, so that they travel with the folder. No hash is over that file:
whatever a model is called, what was computed with it stays known (`bcos_core.model.identity`).
"""

from __future__ import annotations

import contextlib
import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from bcos_core.errors import CheckpointError, InputError, StorageError
from bcos_core.storage.stored_json import read_json, to_json
from bcos_core.storage.turns import in_turn

ABOUT_FILE = "about.json"
FORMAT_VERSION = 1
LONGEST_NAME = 80
LONGEST_TAG = 40
MOST_TAGS = 20
LONGEST_NOTES = 10_000
ADVICE = "Correct the file, or remove it: the model itself is not in it."

# Control and format characters, half a surrogate pair, line and paragraph separators: they hide, or turn text around.
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
"""Which emoji and some scripts need."""
_LOCK_SECONDS = 10.0


@dataclass(frozen=True)
class About:
    """`name` is "" where nobody gave one; then the model goes by its folder (`bcos_core.model.naming`).

    Raises:
        InputError: a name, tag or note that cannot be one.
    """

    name: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        if self.name:
            _require_word(self.name, "name", LONGEST_NAME)
        for tag in self.tags:
            _require_word(tag, "tag", LONGEST_TAG)
            if "," in tag:
                raise InputError(f"The tag {tag!r} has a comma in it; a comma stands between two tags.")
        if len(self.tags) > MOST_TAGS:
            raise InputError(f"There are {len(self.tags)} tags; a model can have {MOST_TAGS}.")
        if len(self.notes) > LONGEST_NOTES:
            raise InputError(f"The notes have {len(self.notes):,} characters; they can have {LONGEST_NOTES:,}.")
        if any(unicodedata.category(c) == "Cs" or c == "\0" for c in self.notes):
            raise InputError("The notes have characters in them that are not text. Type them anew.")

    @property
    def said(self) -> bool:
        """Whether there is anything to keep."""
        return self != About()


def clean(word: str) -> str:
    """A name or tag as it is kept: composed characters (NFC), single spaces, none around it."""
    return " ".join(unicodedata.normalize("NFC", word).split())


def clean_tags(words: Iterable[str]) -> tuple[str, ...]:
    """Tags as they are kept: each once, whatever its case, in the order given."""
    known: dict[str, str] = {}
    for word in words:
        if tag := clean(word):
            known.setdefault(tag.casefold(), tag)
    return tuple(known.values())


def read_about(folder: Path) -> About:
    """What people say of the model in a folder.

    Raises:
        CheckpointError: the file is damaged, or a newer program wrote it.
    """
    file = folder / ABOUT_FILE
    if not file.exists():
        return About()
    try:
        about = read_json(file, About, error=CheckpointError, advice=ADVICE)
    except InputError as error:  # also what `About` itself refuses
        raise CheckpointError(str(error) if ABOUT_FILE in str(error) else f"{file}: {error} {ADVICE}") from error
    if about.format_version != FORMAT_VERSION:
        raise CheckpointError(f"{file} was written by a newer program. Update this one.")
    return about


def write_about(folder: Path, about: About) -> None:
    """Keep it, whole or not at all.

    Raises:
        StorageError: the folder cannot be written.
    """
    partial = folder / f".{ABOUT_FILE}.{uuid.uuid4().hex[:8]}.partial"
    try:
        partial.write_text(to_json(asdict(about), ABOUT_FILE, indent=2), encoding="utf-8")
        partial.replace(folder / ABOUT_FILE)
    except OSError as error:
        raise StorageError(
            f"Cannot write to {folder} ({error.strerror}). Check who may write to the folder, and free some space."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def change_about(folder: Path, before: About, after: About, *, locks: Path) -> About:
    """Write what somebody has changed from `before`, which they saw, to `after`; what they left stays as it is now.

    Args:
        locks: a folder for the lock by which two who write wait for each other.

    Raises:
        InputError: somebody else has changed the same field meanwhile.
        CheckpointError: the file is damaged, or the model is gone.
        StorageError: the folder cannot be written.
    """
    with in_turn(locks / "about", longest_seconds=_LOCK_SECONDS):
        if not folder.is_dir():
            raise CheckpointError(
                f"The model in {folder.name} is not there any more: it was deleted or moved meanwhile, and nothing was "
                "saved. What lies in the trash can be taken back."
            )
        now = read_about(folder)
        changes = {}
        for field in fields(About):
            old, new, there = (getattr(one, field.name) for one in (before, after, now))
            if new == old:
                continue
            if there not in (old, new):
                raise InputError(
                    f"The {field.name} of this model was changed elsewhere meanwhile, to {_shown(there)}. "
                    "Look at it, then change it again."
                )
            changes[field.name] = new
        changed = replace(now, **changes)
        if changed != now:
            write_about(folder, changed)
        return changed


def _shown(value: object) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return f"“{text if len(text) <= 80 else text[:79] + '…'}”" if text else "nothing"


def _require_word(word: str, what: str, longest: int) -> None:
    if not word or word != clean(word):
        raise InputError(f"The {what} {word[:longest]!r} has spaces around it or in a row, or none but these.")
    if len(word) > longest:
        raise InputError(f"The {what} has {len(word)} characters; it can have {longest}.")
    if unseen := next((c for c in word if unicodedata.category(c) in _UNSEEN and c not in _JOINERS), None):
        raise InputError(f"The {what} has the character U+{ord(unseen):04X} in it, which cannot be seen. Leave it out.")
    if not any(c.isalnum() or unicodedata.category(c) in ("So", "Sk") for c in word):
        raise InputError(f"The {what} {word!r} has no letter or digit in it.")
    if any(c in word for c in "/\\") or word.startswith("-"):
        raise InputError(
            f"The {what} {word!r} would be taken for a folder or an option on the command line. "
            "Leave out / and \\, and let it not begin with a hyphen."
        )
