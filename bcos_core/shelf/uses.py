"""What hangs on models that somebody wants to delete: studies, results, jobs, twins, and what was kept of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bcos_core.errors import InputError
from bcos_core.evaluate.job import EVALUATE
from bcos_core.evaluate.subjects import subjects_of
from bcos_core.jobs.kinds import NAMES, kind_of
from bcos_core.jobs.store import Job, JobStore
from bcos_core.minimal_pairs.job import MINIMAL_PAIRS
from bcos_core.minimal_pairs.subjects import pairs_subjects
from bcos_core.model.info import CheckpointInfo
from bcos_core.numbers import count
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.places import here
from bcos_core.study.studies import Studies, Study, StudyStatus
from bcos_core.tasks.next_token import NextToken

_NEEDED = (StudyStatus.LOCKED, StudyStatus.OPEN, StudyStatus.PAUSED)
"""What raters see in these was made by the models' weights; until such a study is closed it can be made again."""


@dataclass(frozen=True)
class Uses:
    """What hangs on `models`. `twins` are theirs that would stay alone; `studies` have a heatmap of theirs; `results`
    are jobs that have measured one of them (evaluations, audits, words), `makers` those that have made them;
    `evidence` is the number of answers and explanations that are remembered of them."""

    models: tuple[CheckpointInfo, ...]
    twins: tuple[CheckpointInfo, ...]
    studies: tuple[Study, ...]
    results: tuple[Job, ...]
    makers: tuple[Job, ...]
    evidence: int

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why these models cannot be deleted now, and what to do; none where they can."""
        needed = [
            f"The study {study.title!r} is {study.status} and needs {_names(self.models)}. Close it first."
            for study in self.studies
            if study.status in _NEEDED and not study.simulated
        ]
        active = [
            f"The job {job.title!r} is {job.state} and needs {_names(self.models)}. Cancel it first, or wait for it."
            for job in (*self.results, *self.makers)
            if job.active
        ]
        return (*needed, *active)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What hangs on them, in words."""
        said = []
        if self.twins:
            said.append(f"{_names(self.twins)} would have no twin any more.")
        for status in StudyStatus:
            if some := [study for study in self.studies if study.status == status]:
                said.append(
                    f"{count(len(some), f'{status} study', f'{status} studies')}: {_listed(_told_apart(some))}."
                )
        for kind in dict.fromkeys(job.kind for job in self.results):
            measured = [job for job in self.results if job.kind == kind]
            title = kind_of(kind).title.lower() if kind in NAMES else kind
            said.append(
                f"{count(len(measured), f'result ({title})', f'results ({title})')}: {_listed(_told_apart(measured))}."
            )
        if self.makers:
            said.append(f"Made by the job {_listed(_told_apart(self.makers))}; its log and curves stay.")
        if self.evidence:
            said.append(f"{count(self.evidence, 'remembered answer or heatmap', 'remembered answers and heatmaps')}.")
        return tuple(said)


def uses_of(models: Sequence[CheckpointInfo], known: Iterable[CheckpointInfo], store: JobStore) -> Uses:
    """Look for all that hangs on `models`, among the `known` ones.

    Raises:
        InputError: a model that does not lie among those of `BCOS_HOME`.
        StorageError: the database cannot be read.
    """
    paths = {model.path.resolve() for model in models}
    for path in paths:
        if path.parent != store.home.models.resolve():
            raise InputError(f"{path} does not lie in {store.home.models}. Remove it as you remove any folder.")
    folders = {path.name for path in paths}
    jobs = store.list().found
    results = tuple(job for job in jobs if paths & set(_measured(job)))
    makers = tuple(job for job in jobs if paths & {Path(made).resolve() for made in job.artefacts})
    studies = tuple(one for one in Studies(store.database).list() if paths & set(_shown(one)))
    locking = tuple(
        job
        for job in jobs
        if job.active and job.kind in ("lock", "rehearse") and job.spec.get("study") in {study.id for study in studies}
    )
    evidence = EvidenceStore(store.database).count(
        {subject for model in models for subject in remembered_of(model, model.path, results)}
    )
    twins = tuple(
        one for one in known if one.path.resolve() not in paths and one.twin in folders and one.path.parent.is_dir()
    )
    return Uses(tuple(models), twins, studies, (*results, *locking), makers, evidence)


def remembered_of(info: CheckpointInfo, folder: Path, jobs: Iterable[Job]) -> frozenset[str]:
    """The subjects of all that is remembered of a model that lies, or lay, in a folder of the shelf.

    Raises:
        CheckpointError: its folder cannot be read.
    """
    speaks = info.task_type == NextToken.name
    kind, path = MINIMAL_PAIRS.name if speaks else EVALUATE.name, folder.resolve()
    asked = [job.spec for job in jobs if job.kind == kind and path in set(_measured(job))]
    return pairs_subjects(info, asked) if speaks else subjects_of(info, asked)


def _measured(job: Job) -> list[Path]:
    """The models that a job looks at, or begins with."""
    named = job.spec.get("checkpoints") or [job.spec.get("checkpoint"), job.spec.get("model")]
    return _paths(named)


def _shown(study: Study) -> list[Path]:
    conditions = study.design.get("conditions")
    rows = conditions if isinstance(conditions, list | tuple) else []
    return _paths(here([row.get("checkpoint") for row in rows if isinstance(row, dict)]))


def _paths(named: object) -> list[Path]:
    """Those of a stored list that are folders' paths; rows of a database may hold anything."""
    given = named if isinstance(named, list | tuple) else []
    return [Path(one).resolve() for one in given if isinstance(one, str) and one.startswith("/") and "\0" not in one]


def _told_apart(some: Sequence[Job | Study]) -> list[str]:
    """Their titles; those that share one have the time added at which they were asked for."""
    shared = Counter(one.title for one in some)
    return [
        one.title if shared[one.title] == 1 else f"{one.title} ({one.created_at:%Y-%m-%d %H:%M:%S})" for one in some
    ]


def _names(models: Iterable[CheckpointInfo]) -> str:
    return _listed([model.name for model in models])


def _listed(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return "; ".join(names[:most]) + more
