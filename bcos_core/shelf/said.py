"""Names, tags and notes of models, changed here and on every host that shares the models."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from bcos_core.errors import InputError, StorageError
from bcos_core.home import Home
from bcos_core.model.about import ABOUT_FILE, About, change_about
from bcos_core.storage.artefacts.copies import read_beside
from bcos_core.storage.artefacts.shared import shared
from bcos_core.storage.database import Database, open_engine
from bcos_core.storage.stored_json import to_json


def say_everywhere(folder: Path, before: About, after: About, home: Home) -> About:
    """As `bcos_core.model.about.change_about`. Of a model that hosts share, what was changed on another host meanwhile
    counts as it does on this one, and nothing is kept here that is not kept for all.

    Raises:
        InputError: somebody else has changed the same field meanwhile, or the model on another host.
        CheckpointError: the file is damaged, or the model is gone.
        StorageError: it cannot be written.
    """
    of, locks = shared(home, Database(open_engine(home))), home.create().locks
    if of is None:
        return change_about(folder, before, after, locks=locks)
    of.bring(folder)
    there = read_beside(folder)
    changed = change_about(folder, before, after, locks=locks)
    try:
        kept = of.say(folder, there, to_json(asdict(changed), ABOUT_FILE, indent=2))
    except StorageError:
        _put_back(folder, there)
        raise
    if not kept:
        of.bring(folder)  # with what they have said
        raise InputError("This model was changed on another host meanwhile. Look at it, then change it again.")
    return changed


def _put_back(folder: Path, text: str | None) -> None:
    if text is None:
        (folder / ABOUT_FILE).unlink(missing_ok=True)
    else:
        (folder / ABOUT_FILE).write_text(text, encoding="utf-8")
