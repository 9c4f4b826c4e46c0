"""What models are called, and which one a name means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bcos_core.errors import CheckpointError, InputError
from bcos_core.model.about import LONGEST_NAME, About, clean
from bcos_core.model.embedded import EMBEDDED_MODELS

if TYPE_CHECKING:
    from bcos_core.model.info import CheckpointInfo

TWIN = "conventional"


def name_of_model(folder: str, *, job: str | None, b: float | None, about: About, bcos_twin: About | None) -> str:
    """What a model is called: as somebody named it; else after its B-cos twin, where somebody named that one; else as
    its job called the folder, without the job's id: "short-reviews-calibrated · B-cos 1.5"."""
    if about.name:
        return about.name
    if bcos_twin is not None and bcos_twin.name:
        return name_of_twin(bcos_twin.name)
    if job is None or f"-{job}" not in folder:
        return folder
    given = folder.replace(f"-{job}", "").removesuffix(f"-{TWIN}")
    return f"{given} · {TWIN if b is None else f'B-cos {b:g}'}"


def name_of_twin(name: str) -> str:
    """What the conventional twin of a B-cos model is called whose name is `name`: a name that could be its own."""
    ending = f" · {TWIN}"
    return (name if len(name) + len(ending) <= LONGEST_NAME else f"{name[: LONGEST_NAME - len(ending) - 1]}…") + ending


def training_name(model: CheckpointInfo) -> str:
    """What the training is called that made a model and its twin: the model's name without what tells the two apart."""
    return re.sub(rf" · (?:{TWIN}|B-cos [\d.]+)(?= · |$)", "", model.name)


def told_apart(models: Sequence[CheckpointInfo]) -> tuple[CheckpointInfo, ...]:
    """The same models, no two of one name: those that share one have their job's id added, or their folder."""
    groups: dict[str, list[CheckpointInfo]] = {}
    for model in models:
        groups.setdefault(name_key(model.name), []).append(model)

    def named(model: CheckpointInfo) -> CheckpointInfo:
        group = groups[name_key(model.name)]
        if len(group) == 1:
            return model
        jobs = {one.job for one in group if one.job}
        by_job = len(jobs) == len(group)
        return replace(model, name=f"{model.name} · {model.job if by_job else model.path.name}")

    return tuple(map(named, models))


def find_named(models: Iterable[CheckpointInfo], name: str) -> CheckpointInfo | None:
    """The model of a list (`told_apart`) that a name means: its folder's, or what it is called, whatever the case.

    Raises:
        CheckpointError: it means several.
    """
    known = list(models)
    wanted = name_key(name)
    called = [model for model in known if wanted in (name_key(model.name), name_key(_own_name(model)))]
    found = list({model.path: model for model in [*(m for m in known if m.path.name == name), *called]}.values())
    if len(found) > 1:
        raise CheckpointError(
            f"{name!r} means {len(found)} models. Say which: "
            f"{'; '.join(f'{model.path.name} ({model.name})' for model in found)}."
        )
    return found[0] if found else None


def require_free_name(models: Iterable[CheckpointInfo], name: str, *, of: CheckpointInfo | None = None) -> None:
    """Refuse a name by which another model than `of` is known already, or an embedded one always is.

    Raises:
        InputError: there is one.
    """
    if name_key(name) in map(name_key, EMBEDDED_MODELS):
        raise InputError(f"{name!r} is the name of an embedded model. Choose another name.")
    others = [model for model in models if of is None or model.path != of.path]
    taken = [m for m in others if name_key(name) in (name_key(m.name), name_key(_own_name(m)), name_key(m.path.name))]
    if taken:
        raise InputError(
            f"There is a model called {name!r} already (folder {taken[0].path.name}). Choose another name."
        )


def folder_stem(name: str, otherwise: str) -> str:
    """A name as the beginning of a folder's name: lower-case ASCII letters, digits and hyphens, 40 of them at most."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:40].strip("-") or otherwise


def _own_name(model: CheckpointInfo) -> str:
    """Before it was told apart from others."""
    return model.about.name or model.name


def name_key(name: str) -> str:
    """The same for two names that are one to a reader: whatever the case and the spaces."""
    return clean(name).casefold()
