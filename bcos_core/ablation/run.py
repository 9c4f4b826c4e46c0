"""An ablation from its spec to its figures: train what is not trained yet, score on validation texts, choose by these,
and score what was chosen on test texts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bcos_core.ablation.grid import TWIN
from bcos_core.ablation.measures import ANSWERS, measures_of
from bcos_core.ablation.plan import AFTER_TRAINING, ASKING, stage_titles, trainings
from bcos_core.ablation.result import Ablation, Model, RowResult, Side, choose
from bcos_core.ablation.saving import save_ablation
from bcos_core.ablation.spec import METHOD, AblationSpec
from bcos_core.ablation.stages import AsOneStage, part_name
from bcos_core.evaluate.objective import Objective
from bcos_core.evaluate.result import Evaluation
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.scores import SCORES
from bcos_core.home import Home
from bcos_core.jobs.devices import present_device
from bcos_core.model.about import LONGEST_NAME
from bcos_core.model.classifier import load
from bcos_core.model.identity import folder_identity, library_versions
from bcos_core.model.info import read_info
from bcos_core.model.predictions import logits_on
from bcos_core.model.sources import load_pretrained, pretrained_folder, resolve_model
from bcos_core.numbers import count
from bcos_core.progress import Reporter, Tally
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.text.tasks import Examples, TaskData, load_task
from bcos_core.train.once import train_once, trained_before
from bcos_core.train.plan import training_plan
from bcos_core.train.precision import choose_bf16
from bcos_core.train.spec import TrainSpec


@dataclass(frozen=True)
class Planned:
    """A training that is asked for, and the row that it belongs to."""

    row: str
    spec: TrainSpec


@dataclass(frozen=True)
class Trained:
    """The same, and the model that came of it: its folder, and the seconds that it took."""

    planned: Planned
    checkpoint: str
    seconds: float


def run_ablation(spec: AblationSpec, *, home: Home, work: Path, job: str, reporter: Reporter) -> Ablation:
    """Everything; the result lies in `home.ablations / job` too.

    Raises:
        InputError: a model, task or recipe that cannot be used.
        JobCancelled: from the reporter; models that are trained stay, and what was measured.
        NotFiniteError: a training has diverged; the message names its recipe.
        StorageError: the disk is full.
    """
    return _Run(spec, home=home, work=work, job=job, reporter=reporter).ablation()


class _Run:
    """One run: its data, its trainings, and the stages that remain."""

    def __init__(self, spec: AblationSpec, *, home: Home, work: Path, job: str, reporter: Reporter) -> None:
        self.spec, self.home, self.work, self.job, self.reporter = spec, home, work, job, reporter
        self.started = time.monotonic()
        self.store = EvidenceStore(open_database(home))
        self.stages = stage_titles(spec)
        self.models = len(self.stages) - AFTER_TRAINING - 1
        self._begin(0)
        self.data: TaskData = load_task(spec.task)
        for note in self.data.notes:
            reporter.log(note)
        self.source = resolve_model(spec.model)
        self.rows, self.left_out = spec.grid()
        for combination in self.left_out:
            reporter.log(f"Left out: {combination.name}. {combination.reason}")

    def ablation(self) -> Ablation:
        planned = self._planned()
        for stage, one in enumerate(planned, start=1):
            if trained_before(one.spec, self.home):
                for part in training_plan(one.spec):
                    self.reporter.given(1, 1, part_name(part.stage, part.name), stage)
        trained = [self._trained(one, stage) for stage, one in enumerate(planned, start=1)]
        answers = self._answers([one.checkpoint for one in trained])
        checkpoints = tuple(one.checkpoint for one in self._judge_first(trained))
        scored = self._scored(checkpoints, "validation", self.models + 2)
        rows = self._results(trained, answers, scored)
        measures = [one for one in measures_of(self.data.task_type) if rows[0].table(one.name).size]
        chosen = choose(rows, measures)
        rows = self._with_test(rows, chosen)
        ablation = Ablation(
            task=self.data.title,
            task_type=self.data.type,
            model=self.source.name,
            spec=self.spec.to_dict(),
            rows=rows,
            chosen=chosen,
            protocol=self._protocol(scored, len(next(iter(answers.values())))),
            left_out=tuple((one.name, one.reason) for one in self.left_out),
            notes=tuple(dict.fromkeys((*self.data.notes, *scored.notes, *self._unscored(scored)))),
            seconds=time.monotonic() - self.started,
        )
        save_ablation(ablation, self.home.ablations / self.job)
        return ablation

    # Training

    def _planned(self) -> list[Planned]:
        """Every training, seed by seed, so that a run that is stopped has whole comparisons."""
        precision, found = self._precision(), []
        for name, recipe in trainings(self.spec):
            if recipe.precision == "auto":
                recipe = recipe.replace(precision=precision)
            title = _short(f"{name}, seed {recipe.seed}")
            found.append(Planned(name, TrainSpec(self.spec.model, self.spec.task, recipe, name=title)))
        return found

    def _precision(self) -> str:
        """What "auto" stands for: measured once for this model on this kind of device, or trainings that a busy machine
        has measured differently would differ in more than what is varied."""
        if not any(row.recipe.precision == "auto" for row in self.rows):
            return "auto"  # asked of none
        source = folder_identity(pretrained_folder(self.source))
        subject = name_of(["precision", source, present_device(), library_versions()])
        known = self.store.find(subject, "precision", ["auto"])
        if "auto" not in known:
            loaded = load_pretrained(
                self.source, num_labels=len(self.data.labels), seed=0, task_type=self.data.task_type
            )
            bf16, reason = choose_bf16(loaded.model, "auto")
            self.reporter.log(reason)
            known = {"auto": "bf16" if bf16 else "fp32"}
            self.store.keep(subject, "precision", known)
        return str(known["auto"])

    def _trained(self, planned: Planned, stage: int) -> Trained:
        """The trained model, trained now if nothing has asked for it before."""
        self._begin(stage)
        made = train_once(
            planned.spec, home=self.home, work=self.work, job=self.job, reporter=AsOneStage(self.reporter, stage)
        )
        return Trained(planned, str(made.checkpoint), made.seconds)

    # Figures

    def _answers(self, checkpoints: Sequence[str]) -> dict[str, dict[str, float]]:
        """Each model's figure of every validation text, by checkpoint."""
        self._begin(1 + self.models)
        side = self.data.validation
        tally = Tally(self.reporter, len(checkpoints) * len(side), ASKING)
        return {checkpoint: self._each_text(checkpoint, side, tally) for checkpoint in checkpoints}

    def _each_text(self, checkpoint: str, side: Examples, tally: Tally) -> dict[str, float]:
        kind, limit = self.data.task_type, read_info(checkpoint).max_length
        classifier = replace(load(checkpoint), max_length=limit)
        logits = np.asarray(logits_on(classifier, side.texts, self.store, tally), dtype=float)
        golds = kind.array(side.labels, len(self.data.labels))
        return dict(zip(map(name_of, side.texts), kind.each_text(logits, golds).tolist(), strict=True))

    def _judge_first(self, trained: Sequence[Trained]) -> list[Trained]:
        """The conventional model that makes the pairs of the pointing game comes first, where there is one."""
        return sorted(trained, key=lambda one: one.planned.spec.recipe.bcos)

    def _scored(self, checkpoints: tuple[str, ...], side: Side, stage: int) -> Evaluation:
        self._begin(stage)
        return run_evaluation(
            self.spec.evaluation(checkpoints, side=side),
            home=self.home,
            name=f"{self.job}-{side}",
            reporter=AsOneStage(self.reporter, stage),
        )

    def _results(
        self,
        trained: Sequence[Trained],
        answers: Mapping[str, Mapping[str, float]],
        scored: Evaluation,
    ) -> tuple[RowResult, ...]:
        """The rows, the default first and the twin last."""
        values = _values(scored)
        changes = {row.name: row.changes for row in self.rows}
        recipes = {row.name: row.recipe.to_dict() for row in self.rows} | {
            TWIN: self.spec.recipe.conventional_twin().to_dict()
        }
        return tuple(
            RowResult(
                name,
                changes.get(name, {}),
                "conventional" if name == TWIN else "bcos",
                Objective.of(recipes.get(name)).in_words,
                tuple(
                    Model(
                        one.planned.spec.recipe.seed,
                        one.checkpoint,
                        one.seconds,
                        {ANSWERS: answers[one.checkpoint], **values.get(Path(one.checkpoint).name, {})},
                    )
                    for one in trained
                    if one.planned.row == name
                ),
            )
            for name in (*changes, *[TWIN] * self.spec.twin)
        )

    def _with_test(self, rows: tuple[RowResult, ...], chosen: int) -> tuple[RowResult, ...]:
        """The same with figures on the test side of the default, of what was chosen, and of the twin."""
        final = [place for place, row in enumerate(rows) if place in (0, chosen) or row.kind == "conventional"]
        judges_first = sorted(final, key=lambda place: rows[place].kind == "bcos")
        models = [model for place in judges_first for model in rows[place].models]
        scored = self._scored(tuple(model.checkpoint for model in models), "test", 3 + self.models)
        values = _values(scored)
        tally = Tally(self.reporter, len(models) * len(self.data.test), ASKING)

        def tested(model: Model) -> Model:
            answers = self._each_text(model.checkpoint, self.data.test, tally)
            return replace(model, test={ANSWERS: answers, **values.get(Path(model.checkpoint).name, {})})

        return tuple(
            replace(row, models=tuple(map(tested, row.models))) if place in final else row
            for place, row in enumerate(rows)
        )

    # Words

    def _protocol(self, scored: Evaluation, texts: int) -> str:
        spec, seeds = self.spec, self.spec.every_seed
        scores = [SCORES[name].title for name in scored.scores]
        said = (
            f"Every recipe is trained with {count(len(seeds), 'seed')} ({', '.join(map(str, seeds))}). Choices are "
            f"made on the validation side alone: answers to {count(texts, 'text')}, heatmaps (B-cos contributions, of "
            f"the twin its frozen-linear pullback) of {count(min(spec.limit, texts), 'text')} ({', '.join(scores)}). "
        )
        if scored_by := next((c.protocols["naopc"] for c in scored.contenders if "naopc" in c.protocols), None):
            said += (
                f"Normalised scores are of at most {scored_by['bounded_texts']} of them, of at most "
                f"{scored_by['bounded_length']} tokens, their limits searched by a beam of {scored_by['beam_width']}. "
            )
        return said + (
            "Means and differences to the default, paired by seed and text, have 95 % intervals over seeds and texts "
            "together; a difference is shown where the test of it, corrected over the recipes (Holm), is below 5 %."
        )

    def _unscored(self, scored: Evaluation) -> list[str]:
        """Scores that the task or its texts cannot serve, and why."""
        return [f"{SCORES[row['score']].title}: {row['reason']}" for row in scored.skipped if "score" in row]

    def _begin(self, stage: int) -> None:
        self.reporter.stage(self.stages[stage], stage, len(self.stages))


def _values(scored: Evaluation) -> dict[str, dict[str, dict[str, float]]]:
    """Of each model, by its folder's name: score → text → value."""
    return {
        one.checkpoint: {score: dict(values) for score, values in one.values.items()}
        for one in scored.contenders
        if one.method == METHOD
    }


def _short(name: str) -> str:
    """As long as the name of a model can be, with what its training is known by before it."""
    most = LONGEST_NAME - 10
    return name if len(name) <= most else f"{name[: most - 1]}…"
