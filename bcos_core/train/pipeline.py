"""The main job: data → conversion → calibration → fine-tuning → test scores, and the conventional twin beside it.

Everything it makes on the way lies in a work folder; started again on the same folder, it goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerBase, set_seed

from bcos_core.errors import RecipeError
from bcos_core.home import Home
from bcos_core.later import Later
from bcos_core.model.about import About
from bcos_core.model.calibrate import CalibrationResult, calibrate
from bcos_core.model.checkpoint import load_model, renamed_when_complete, save_checkpoint, state_hash
from bcos_core.model.classifier import wrap
from bcos_core.model.convert import convert, set_b
from bcos_core.model.identity import folder_identity, library_versions, memory_identity, model_subject
from bcos_core.model.info import read_info
from bcos_core.model.kept_logits import keep_logits
from bcos_core.model.learned import unlearned
from bcos_core.model.naming import folder_stem
from bcos_core.model.quiet import transformers_in_turn
from bcos_core.model.sources import load_pretrained, resolve_model
from bcos_core.model.text_model import position_limit
from bcos_core.progress import Reporter, SilentReporter
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.tasks.task_type import Scale
from bcos_core.text.content import choice_hash, data_hash
from bcos_core.text.tasks import TaskData, load_task
from bcos_core.train.course import COURSE_FILE, State, course_text
from bcos_core.train.course_keeper import CourseKeeper
from bcos_core.train.naming import trained_folders
from bcos_core.train.ordered import trained_by
from bcos_core.train.plan import KINDS, stage_titles
from bcos_core.train.precision import precision_of_job
from bcos_core.train.ranks import Ranks
from bcos_core.train.recipe import KEPT, USUAL_LOSS, Recipe
from bcos_core.train.scoring import score_on_test
from bcos_core.train.spec import TrainSpec
from bcos_core.train.trainer import curve_texts, fine_tune
from bcos_core.train.work import Inputs, WorkFolder

HELD_OUT_TEXTS = 200
EXPLAINED_BY = {"bcos": "bcos", "conventional": "pullback"}
"""The methods of what is kept on the way: the weights W(x) that either kind of model has at any of its steps."""

# Imported where a state is kept: scores of explanations stand on this floor.
_observe, _in_unit = (Later("bcos_core.evaluate.state", name) for name in ("observe", "in_unit"))

# A model that training starts from, its tokenizer, and the layers that calibration made longer (`CalibrationResult`).
Start = tuple[PreTrainedModel, PreTrainedTokenizerBase, dict[str, float]]


@dataclass(frozen=True)
class TrainedModel:
    """A finished checkpoint and the task's metrics on the test side, by name, with their 95 % intervals."""

    checkpoint: str
    metrics: dict[str, float]
    test_size: int
    train_size: int
    seconds: float
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainResult:
    """What a training job gives; `calibration_cosine` is on held-out texts (see `CalibrationResult`)."""

    bcos: TrainedModel | None
    conventional: TrainedModel | None
    calibration_cosine: float | None
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def artefacts(self) -> list[str]:
        return [model.checkpoint for model in (self.bcos, self.conventional) if model is not None]


def run_training(
    spec: TrainSpec, *, home: Home, work: Path, job: str, reporter: Reporter, models: Path | None = None
) -> TrainResult:
    """Train what `spec` asks for; the checkpoints go to `models`, by default `home.models`.

    Raises:
        InputError: a model, task or recipe that cannot be used.
        JobCancelled: from the reporter; what is in `work` is kept.
        JobError: what is in `work` was made of other data, another model or another request.
        NotFiniteError: a loss, logit or cosine that is not finite; no model is saved.
        StorageError: the disk is full.
    """
    started = time.monotonic()
    run = _Run(spec, home=home, work=work, job=job, reporter=reporter, models=models or home.models)
    bcos = run.bcos_model() if spec.recipe.bcos else None
    conventional = run.conventional_model() if spec.recipe.twin or not spec.recipe.bcos else None
    cosine = run.calibration_cosine() if spec.recipe.bcos and spec.recipe.calibrate else None
    return TrainResult(bcos, conventional, cosine, run.seconds_before + time.monotonic() - started)


class _Run:
    """One run of the pipeline: its data, its folder, and the stages that remain."""

    def __init__(self, spec: TrainSpec, *, home: Home, work: Path, job: str, reporter: Reporter, models: Path) -> None:
        self.spec, self.recipe, self.home, self.job, self.models = spec, spec.recipe, home, job, models
        self.ranks = Ranks()
        self.reporter = reporter if self.ranks.is_first else SilentReporter()
        self.work = WorkFolder(work, job).create()
        self.stages = stage_titles(self.recipe)
        self.seconds_before = sum(result.seconds for result in self._finished())
        self._begin("Reading the data")
        self.file = choice_hash(spec.task) or None
        self.data: TaskData = load_task(spec.task)
        inputs = Inputs(name_of({**spec.work(), "name": spec.name}), data_hash(self.data), library_versions())
        if changed := self.ranks.first(lambda: self.work.begin(inputs, spec.task.title)):
            self.reporter.log(changed)
        for note in self.data.notes:
            self.reporter.log(note)
        if self.recipe.loss not in (USUAL_LOSS, *self.data.task_type.losses):
            raise RecipeError(
                "loss",
                f"{self.data.title} cannot be trained with {self.recipe.loss}. Losses of such a task "
                f"({self.data.task_type.title.lower()}): {', '.join((USUAL_LOSS, *self.data.task_type.losses))}.",
            )
        self.train = (
            self.data.train
            if self.recipe.examples is None
            else self.data.train.take(self.recipe.examples, self.recipe.seed)
        )
        self.source = resolve_model(spec.model)
        self.names = trained_folders(spec.name, folder_stem(spec.task.title, "task"), self.recipe, job)

    def bcos_model(self) -> TrainedModel:
        return self._trained("bcos", self.recipe, self._calibrated)

    def conventional_model(self) -> TrainedModel:
        recipe = self.recipe.conventional_twin() if self.recipe.bcos else self.recipe
        return self._trained("conventional", recipe, self._pretrained)

    def calibration_cosine(self) -> float:
        calibration = self.ranks.first(lambda: self.work.known("calibration", CalibrationResult))
        assert calibration is not None  # no model is trained before it
        return calibration.cosine

    def _finished(self) -> list[TrainedModel | CalibrationResult]:
        """The results that an earlier start has left."""
        models = [self.work.known(kind, TrainedModel) for kind in KINDS]
        found = [*models, self.work.known("calibration", CalibrationResult)]
        return [result for result in found if result is not None]

    def _trained(self, kind: str, recipe: Recipe, start: Callable[[], Start]) -> TrainedModel:
        """Fine-tune from `start()`, score and save; if that was done before the job was interrupted, its result."""
        known = self.ranks.first(lambda: self.work.known(kind, TrainedModel))
        if known is not None:
            return known
        model, tokenizer, stretch = start()
        began = time.monotonic()  # calibration, inside start(), keeps its own time
        self._begin(f"Fine-tuning the {KINDS[kind]} model")
        # Measured by one: processes of one run must not differ in it.
        precision = self.ranks.first(lambda: precision_of_job(self.work, model, recipe.precision))
        self.reporter.log(precision.reason)
        set_seed(recipe.seed)
        fine_tune(
            model,
            tokenizer,
            self.train,
            self.data.validation,
            recipe,
            task_type=self.data.task_type,
            work=self.work.path / kind,
            reporter=self.reporter,
            bf16=precision.bf16,
            stretch=stretch,
            ranks=self.ranks,
            watching=[self._keeper(kind, recipe, tokenizer)] if recipe.kept_texts else [],
        )

        def score_and_save() -> TrainedModel:
            result = self._scored_and_saved(kind, model, tokenizer, recipe, began)
            self.work.keep(kind, result)
            return result

        self._begin(f"Scoring the {KINDS[kind]} model")
        return self.ranks.first(score_and_save)

    def _keeper(self, kind: str, recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> CourseKeeper:
        """Who explains the kept texts on the way."""
        texts = self.data.validation.take(recipe.kept_texts, recipe.seed)
        curve = curve_texts(self.data.validation, self.train, recipe)
        scale = self.data.task_type.scale(self.train.labels)

        def observe(model: PreTrainedModel, step: int, beat: Callable[[], None]) -> State:
            classifier = wrap(
                _in_unit(model, scale),
                tokenizer,
                labels=self.data.labels,
                name=self.names[kind],
                task_type=self.data.task_type,
                pairs=self.data.pairs,
            )
            short = replace(classifier, max_length=recipe.max_length)
            state: State = _observe(short, texts, curve, method=EXPLAINED_BY[kind], step=step, beat=beat)
            return state

        return CourseKeeper(self._kept(kind), recipe, observe, self.reporter)

    def _course(self, kind: str, recipe: Recipe) -> dict[str, str]:
        """The file of what was kept on the way, by its name."""
        if not recipe.kept_texts:
            return {}
        curve = curve_texts(self.data.validation, self.train, recipe)
        metric = self.data.task_type.main_metric.name
        return {COURSE_FILE: course_text(self._kept(kind), metric=metric, validation=len(curve))}

    def _kept(self, kind: str) -> Path:
        return self.work.path / kind / "course"

    def _scored_and_saved(
        self, kind: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, recipe: Recipe, began: float
    ) -> TrainedModel:
        path = self.models / self.names[kind]
        classifier = wrap(
            model,
            tokenizer,
            labels=self.data.labels,
            name=path.name,
            task_type=self.data.task_type,
            pairs=self.data.pairs,
        )
        score = score_on_test(classifier, self.data.test, recipe.max_length, self.reporter, train=self.train.labels)
        twin = self.names["conventional" if kind == "bcos" else "bcos"]
        save_checkpoint(
            model,
            tokenizer,
            path,
            labels=self.data.labels,
            task=self.spec.task.to_dict(),
            recipe=recipe.to_dict(),
            metrics=score.metrics,
            intervals=score.intervals,
            constant=score.constant,
            test_size=score.size,
            task_type=self.data.type,
            data=self.file,
            text_columns=self.data.text_columns,
            max_length=recipe.max_length,
            job=self.job,
            trained_by=trained_by(self.work.path / kind),
            twin=twin if self.recipe.bcos and self.recipe.twin else None,
            beside=self._course(kind, recipe),
            about=About() if self.recipe.bcos and kind == "conventional" else self.spec.about,
        )
        if said := unlearned(read_info(path)):
            self.reporter.log(said)
        keep_logits(
            model_subject(folder_identity(path), recipe.max_length),
            dict(zip(self.data.test.texts, score.logits, strict=True)),
            EvidenceStore(open_database(self.home)),
        )
        return TrainedModel(
            checkpoint=str(path),
            metrics=score.metrics,
            test_size=score.size,
            train_size=len(self.train),
            seconds=time.monotonic() - began,
            intervals=score.intervals,
        )

    def _pretrained(self) -> Start:
        if self.recipe.normalize_weights and self.data.task_type.scale(self.train.labels) != Scale():
            raise RecipeError(
                "normalize_weights",
                "Normalised weight rows cannot have the length that the unit of a score asks for. Choose a recipe "
                "that does not normalise them, such as calibrated.",
            )
        pretrained = load_pretrained(
            self.source, num_labels=len(self.data.labels), seed=self.recipe.seed, task_type=self.data.task_type
        )
        model, tokenizer = pretrained.model, pretrained.tokenizer
        for note in pretrained.notes:
            self.reporter.log(note)
        if self.recipe.max_length > position_limit(model):
            raise RecipeError(
                "max_length",
                f"max_length is {self.recipe.max_length}, but {self.source.name} reads at most "
                f"{position_limit(model)} tokens. Choose that or less.",
            )
        for option in ("masking", "consistency"):
            if getattr(self.recipe, option) and tokenizer.mask_token_id is None:
                raise RecipeError(
                    option,
                    f"{option} is {getattr(self.recipe, option):g}, but the tokenizer of {self.source.name} has no "
                    "mask token to replace words by. Set it to 0, or choose another model.",
                )
        weights = state_hash(model)
        identity = memory_identity(weights, model, tokenizer)
        self.ranks.first(lambda: self.work.require_model(identity, self.source.name))
        return self._on_device(model), tokenizer, {}

    def _calibrated(self) -> Start:
        """The converted model; a calibrated one is kept in the work folder, since calibration takes a while."""
        original, tokenizer, _ = self._pretrained()
        recipe, keep = self.recipe, self.recipe.biases == KEPT
        if not recipe.calibrate:
            converted = convert(
                original, b=recipe.b, normalize_weights=recipe.normalize_weights, keep_biases=keep, in_place=True
            )
            return converted, tokenizer, {}
        kept = self.work.path / "calibrated"

        def fit() -> CalibrationResult:
            if known := self.work.known("calibration", CalibrationResult):
                return known
            self._begin("Fitting the converted layers")
            converted = convert(original, b=recipe.b, keep_biases=keep)
            result: CalibrationResult = calibrate(
                converted,
                original,
                self.data.train.take(recipe.calibration_texts, recipe.seed).texts,
                tokenizer,
                b=recipe.first_b,
                ridge=recipe.ridge,
                held_out=self.data.validation.texts[:HELD_OUT_TEXTS],
                max_length=recipe.max_length,
                reporter=self.reporter,
            )
            self.reporter.log(
                f"Calibrated on {result.texts} texts in {result.seconds:.0f} s; "
                f"hidden states' cosine on held-out texts {result.cosine:.3f} at B = {result.b:g}."
            )
            with renamed_when_complete(kept) as folder, transformers_in_turn():
                converted.save_pretrained(folder)
            self.work.keep("calibration", result)
            return result

        calibration = self.ranks.first(fit)  # the others load what it has written
        model = self._on_device(load_model(kept))
        set_b(model, recipe.first_b)
        return model, tokenizer, calibration.stretch

    def _on_device(self, model: PreTrainedModel) -> PreTrainedModel:
        model.to(self.ranks.device)
        return model

    def _begin(self, title: str) -> None:
        self.reporter.stage(title, self.stages.index(title), len(self.stages))
