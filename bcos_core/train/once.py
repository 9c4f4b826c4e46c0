"""A model that is trained unless it was: the same pretrained model on the same texts in the same way."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from bcos_core.errors import RecipeError
from bcos_core.home import Home
from bcos_core.model.about import LONGEST_NAME
from bcos_core.model.identity import folder_identity
from bcos_core.model.info import CheckpointInfo, read_info
from bcos_core.model.sources import pretrained_folder, resolve_model
from bcos_core.progress import Reporter
from bcos_core.storage.artefacts.shared import shared
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.patience import patiently
from bcos_core.storage.upgrade import open_database
from bcos_core.text.content import choice_hash, data_hash
from bcos_core.text.tasks import TaskChoice, load_task
from bcos_core.train.cells import Cell, CellStore, cell_identity
from bcos_core.train.pipeline import run_training
from bcos_core.train.spec import TrainSpec

KIND = "training"
COSINE = "calibration_cosine"
_NAMED_BY = 8


@dataclass(frozen=True)
class Once:
    """A model that is there: its folder, what is known of it, the seconds that its training took, and what was
    `measured` while it was trained (see `train_once`), the fit of its calibration among it."""

    checkpoint: Path
    info: CheckpointInfo
    seconds: float
    measured: Mapping[str, float] = field(default_factory=dict)


def identity_of(spec: TrainSpec) -> str:
    """What a training is known by (`bcos_core.train.cells`).

    Raises:
        InputError: a model or task that cannot be used; `HubUnavailableError` where it cannot be had.
        RecipeError: a recipe of two models, or one whose precision is measured anew each time.
    """
    recipe = spec.recipe
    if recipe.bcos and recipe.twin:
        raise RecipeError("twin", "What is trained once is one model: leave its twin out.")
    if recipe.precision == "auto":
        raise RecipeError("precision", "What is trained once has a precision of its own: choose fp32 or bf16.")
    model = folder_identity(pretrained_folder(resolve_model(spec.model)))
    return cell_identity(model=model, data=_data(spec.task, choice_hash(spec.task)), recipe=recipe)


@lru_cache(maxsize=64)
def _data(task: TaskChoice, file: str) -> str:
    """The content of a task, read once for as long as its `file` stays as it is."""
    return data_hash(load_task(task))


def trained_before(spec: TrainSpec, home: Home) -> Once | None:
    """The model, where it was trained and is as it was left; None otherwise.

    Raises:
        InputError: as in `identity_of`.
    """
    return _known(identity_of(spec), home)


def train_once(
    spec: TrainSpec,
    *,
    home: Home,
    work: Path,
    job: str,
    reporter: Reporter,
    measure: Callable[[], Mapping[str, float]] | None = None,
) -> Once:
    """Train one model, unless it was trained before. Stopped, it goes on from what is in `work`, a folder that is the
    job's own.

    Args:
        measure: called without arguments when the training is done; its numbers, by name, are kept with it.

    Raises:
        As `run_training` and `identity_of`.
    """
    identity, cells = identity_of(spec), CellStore(home)
    of = shared(home, open_database(home))
    if of is not None:  # another host may have trained it
        patiently(lambda: of.bring(cells.folder(identity)), reporter.log)
    if known := _known(identity, home):
        return known
    called = replace(spec, name=f"{identity[:_NAMED_BY]} {spec.name or spec.task.title}"[:LONGEST_NAME])
    folder = work / identity
    result = run_training(called, home=home, work=folder, job=job, reporter=reporter, models=cells.folder(identity))
    measured = dict(measure()) if measure is not None else {}
    if result.calibration_cosine is not None:
        measured[COSINE] = result.calibration_cosine
    EvidenceStore(open_database(home)).keep(identity, KIND, {KIND: measured})
    cells.keep(identity, Cell.of(result))
    if of is not None:
        patiently(lambda: of.put_now([cells.folder(identity)]), reporter.log)
    shutil.rmtree(folder, ignore_errors=True)  # the checkpoints that it would have gone on from
    made = _known(identity, home)
    assert made is not None  # it was kept just now
    return made


def _known(identity: str, home: Home) -> Once | None:
    cell = CellStore(home).find(identity)
    if cell is None:
        return None
    measured = EvidenceStore(open_database(home)).find(identity, KIND, [KIND]).get(KIND, {})
    folder = Path(cell.checkpoint)
    return Once(folder, read_info(folder), cell.seconds, measured)
