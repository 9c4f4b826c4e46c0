"""The job for language models: texts → conversion → calibration → training → perplexity, beside the original's on the
same tokens, and the original trained on where that is asked.

Everything it makes on the way lies in a work folder; started again on the same folder, it goes on from there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerBase, set_seed

from bcos_core.attribution.references import NOTHING, tokens_of
from bcos_core.attribution.strike import replacement
from bcos_core.errors import DataError, NotFiniteError, RecipeError
from bcos_core.home import Home
from bcos_core.model.about import About
from bcos_core.model.calibrate import CalibrationResult, calibrate
from bcos_core.model.checkpoint import load_model, renamed_when_complete, save_checkpoint
from bcos_core.model.convert import convert, set_b
from bcos_core.model.embedded import EMBEDDED_MODELS
from bcos_core.model.identity import library_versions
from bcos_core.model.info import read_language_info
from bcos_core.model.language_model import LanguageModel, load
from bcos_core.model.naming import folder_stem
from bcos_core.model.perplexity import Perplexity, perplexity, ratio
from bcos_core.model.quiet import transformers_in_turn
from bcos_core.model.sources import pretrained_folder, resolve_model
from bcos_core.model.tokenizer import save_tokenizer
from bcos_core.numbers import count, number
from bcos_core.progress import Reporter, SilentReporter
from bcos_core.storage.content import name_of
from bcos_core.tasks.next_token import PERPLEXITY, RATIO
from bcos_core.text.running import RunningText, load_texts, size_in_words, source_hash, take
from bcos_core.text.sequences import Ids, packed, predicted_tokens, whole_texts
from bcos_core.text.streamed import Wanted
from bcos_core.train.language.memory import require_training_memory
from bcos_core.train.language.plan import CURVE_TOKENS, memory_plan, stage_titles, trained_kinds
from bcos_core.train.language.recipe import DISTILLATION, LanguageRecipe
from bcos_core.train.language.spec import LanguageSpec
from bcos_core.train.language.trainer import for_distillation, train_language_model
from bcos_core.train.naming import trained_folders
from bcos_core.train.ordered import trained_by
from bcos_core.train.plan import KINDS
from bcos_core.train.precision import precision_of_job
from bcos_core.train.ranks import Ranks
from bcos_core.train.work import Inputs, WorkFolder

HELD_OUT_TEXTS = 100


@dataclass(frozen=True)
class TrainedLanguageModel:
    """A finished checkpoint and its `metrics` (`NextToken.metrics`) on `test_size` sequences, by name, with their 95 %
    intervals over these; `before` is its perplexity before the first training step. `train_tokens` were predicted in
    one epoch."""

    checkpoint: str
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    test_size: int
    before: float | None
    train_tokens: int
    seconds: float


@dataclass(frozen=True)
class Measured:
    """The perplexity of a model that is not saved, and what measuring it took."""

    found: Perplexity
    seconds: float


@dataclass(frozen=True)
class LanguageResult:
    """What a training gives. `original` is the perplexity of the pretrained model on `test_tokens` predicted tokens of
    `test_sequences`, as all others are; `calibration_cosine` is on held-out texts (see `CalibrationResult`)."""

    bcos: TrainedLanguageModel | None
    conventional: TrainedLanguageModel | None
    original: float
    test_tokens: int
    test_sequences: int
    calibration_cosine: float | None
    calibration_seconds: float | None
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def artefacts(self) -> list[str]:
        return [model.checkpoint for model in (self.bcos, self.conventional) if model is not None]


def run_language_training(
    spec: LanguageSpec, *, home: Home, work: Path, job: str, reporter: Reporter
) -> LanguageResult:
    """Train what `spec` asks for; the checkpoints go to `home.models`.

    Raises:
        InputError: a model, texts or a recipe that cannot be used, or more than the memory can hold.
        JobCancelled: from the reporter; what is in `work` is kept.
        JobError: what is in `work` was made of other texts, another model or another request.
        NotFiniteError: a loss or log-likelihood that is not finite; no model is saved.
        StorageError: the disk is full.
    """
    started = time.monotonic()
    run = _Run(spec, home=home, work=work, job=job, reporter=reporter)
    original = run.original()
    bcos = run.model("bcos", spec.recipe, run.converted) if spec.recipe.bcos else None
    conventional = None
    if "conventional" in trained_kinds(spec.recipe):
        own = spec.recipe.continued() if spec.recipe.bcos else spec.recipe
        conventional = run.model("conventional", own, run.pretrained)
    calibration = run.work.known("calibration", CalibrationResult)
    return LanguageResult(
        bcos,
        conventional,
        original.value,
        original.predicted,
        len(original.tokens),
        None if calibration is None else calibration.cosine,
        None if calibration is None else calibration.seconds,
        run.seconds_before + time.monotonic() - started,
    )


Start = tuple[PreTrainedModel, dict[str, float]]
"""A model that training starts from, and the layers that calibration made longer (`CalibrationResult`)."""


def wanted_texts(recipe: LanguageRecipe) -> Wanted:
    """What a training needs of texts that are streamed: for validation, those that calibration is measured on are about
    as many as the curve is drawn by, too."""
    return Wanted(recipe.examples, HELD_OUT_TEXTS, recipe.test_texts)


class _Run:
    """One run: its texts, its folder, and the stages that remain."""

    def __init__(self, spec: LanguageSpec, *, home: Home, work: Path, job: str, reporter: Reporter) -> None:
        self.spec, self.recipe, self.home, self.job = spec, spec.recipe, home, job
        self.ranks = Ranks()
        self.of_original: Perplexity
        self.reporter = reporter = reporter if self.ranks.is_first else SilentReporter()
        self.work = WorkFolder(work, job).create()
        self.stages = stage_titles(self.recipe)
        self.seconds_before = self._finished_seconds()
        self._begin("Reading the texts")
        self.source = resolve_model(spec.model)
        self.folder = pretrained_folder(self.source)
        info = read_language_info(self.folder)
        if self.recipe.max_length > info.max_length:
            raise RecipeError(
                "max_length",
                f"max_length is {self.recipe.max_length}, but {self.source.name} reads at most {info.max_length} "
                "tokens. Choose that or less.",
            )
        memory = memory_plan(str(self.folder), self.recipe)
        require_training_memory(memory, self.source.name)
        reporter.log(f"Memory at the peak, about: {memory.words}.")
        self.file = source_hash(spec.texts) or None
        self.texts: RunningText = load_texts(spec.texts, wanted_texts(self.recipe), reporter.progress)
        inputs = Inputs(name_of({**spec.work(), "name": spec.name}), self.texts.hash, library_versions())
        if changed := self.ranks.first(lambda: self.work.begin(inputs, spec.texts.title)):
            reporter.log(changed)
        for note in self.texts.notes:
            reporter.log(note)
        reporter.log(f"{size_in_words(self.texts)}.")
        self.loaded: LanguageModel | None = self._load()
        self.biases = self.loaded.has_biases
        tokenizer = self.loaded.tokenizer
        self.tokenizer: PreTrainedTokenizerBase = tokenizer
        self.replaced_by = self._replaced_by()
        self.train_texts = take(self.texts.train, self.recipe.examples, self.recipe.seed)
        self.train = self._sequences(self.train_texts, "training")
        self.test = self._sequences(take(self.texts.test, self.recipe.test_texts, self.recipe.seed), "test")
        self.curve = _up_to(self._sequences(self.texts.validation, "validation"), CURVE_TOKENS)
        self.names = trained_folders(spec.name, folder_stem(spec.texts.title, "texts"), self.recipe, job)

    def original(self) -> Perplexity:
        """That of the pretrained model; asked for before all else."""

        def measure() -> Perplexity:
            if known := self.work.known("original", Measured):
                return known.found
            self._begin("Measuring the original")
            began = time.monotonic()
            found = self._measured(self.pretrained()[0])
            self.work.keep("original", Measured(found, time.monotonic() - began))
            self.reporter.log(
                f"Perplexity of {self.source.name}: {number(found.value)} on {found.predicted:,} tokens of "
                f"{len(found.tokens):,} sequences."
            )
            return found

        self.of_original = self.ranks.first(measure)
        return self.of_original

    def model(self, kind: str, recipe: LanguageRecipe, start: Callable[[], Start]) -> TrainedLanguageModel:
        """Train from `start()`, measure and save; if that was done before the job was interrupted, its result."""
        if known := self.ranks.first(lambda: self.work.known(kind, TrainedLanguageModel)):
            return known
        model, stretch = start()
        began = time.monotonic()  # calibration, inside start(), keeps its own time
        before = self.ranks.first(lambda: self._before(kind, model))
        if recipe.epochs:
            self._begin(f"Training the {KINDS[kind]} model")
            # Measured by one: processes of one run must not differ in it.
            precision = self.ranks.first(lambda: precision_of_job(self.work, model, recipe.precision))
            self.reporter.log(precision.reason)
            original = None
            if recipe.loss == DISTILLATION:
                original = for_distillation(self.pretrained()[0], bf16=precision.bf16)
            self.loaded = None  # after a restart nothing may have asked for it, and it would be a copy too many
            set_seed(recipe.seed)
            train_language_model(
                model,
                self.train,
                self.curve,
                recipe,
                original=original,
                added=self.tokenizer.all_special_ids,
                replaced_by=self.replaced_by,
                work=self.work.path / kind,
                reporter=self.reporter,
                bf16=precision.bf16,
                stretch=stretch,
                ranks=self.ranks,
            )
        if recipe.bcos:
            set_b(model, recipe.b)

        def measure_and_save() -> TrainedLanguageModel:
            result = self._measured_and_saved(kind, model, recipe, before, began)
            self.work.keep(kind, result)
            return result

        self._begin(f"Measuring the {KINDS[kind]} model")
        return self.ranks.first(measure_and_save)

    def pretrained(self) -> Start:
        """The original as it is; what was loaded before is handed on, since it will be changed."""
        loaded, self.loaded = self.loaded, None
        return (loaded or self._load()).model, {}

    def converted(self) -> Start:
        """The converted model; a calibrated one is kept in the work folder, since calibration takes a while."""
        recipe = self.recipe
        if not recipe.calibrate:
            self._begin("Converting the layers")
            model, _ = self.pretrained()
            return convert(model, b=recipe.first_b, normalize_weights=recipe.normalize_weights, in_place=True), {}
        kept = self.work.path / "calibrated"

        def fit() -> CalibrationResult:
            if known := self.work.known("calibration", CalibrationResult):
                return known
            self._begin("Fitting the converted layers")
            original, _ = self.pretrained()
            converted = convert(original, b=recipe.b)
            ridge = recipe.ridge_of(biases=self.biases)
            result: CalibrationResult = calibrate(
                converted,
                original,
                take(self.train_texts, recipe.calibration_texts, recipe.seed),
                self.tokenizer,
                b=recipe.first_b,
                ridge=ridge,
                held_out=self.texts.validation[:HELD_OUT_TEXTS],
                max_length=recipe.max_length,
                reporter=self.reporter,
            )
            self.reporter.log(
                f"Calibrated on {result.texts} texts with ridge {ridge:g} in {result.seconds:.0f} s; hidden "
                f"states' cosine on held-out texts {result.cosine:.3f} at B = {result.b:g}."
            )
            with renamed_when_complete(kept) as folder, transformers_in_turn():
                converted.save_pretrained(folder)
                save_tokenizer(self.tokenizer, folder)
            self.work.keep("calibration", result)
            return result

        calibration = self.ranks.first(fit)  # the others load what it has written
        model = load_model(kept)
        model.to(self.ranks.device)
        set_b(model, recipe.first_b)
        return model, calibration.stretch

    def _replaced_by(self) -> int | None:
        """The token that a strike puts in the place of others; None where the tokenizer has none.

        Raises:
            RecipeError: none, and deletion consistency is asked for.
        """
        tokens = tokens_of(self.tokenizer)
        if tokens:
            return int(getattr(self.tokenizer, f"{replacement(NOTHING, tokens)}_token_id"))
        if self.recipe.consistency:
            raise RecipeError(
                "consistency",
                f"consistency is {self.recipe.consistency:g}, but the tokenizer of {self.source.name} has no mask "
                "token and no padding token to replace words by. Set it to 0, or choose another model.",
            )
        return None

    def _load(self) -> LanguageModel:
        """The original, each time from its folder.

        Raises:
            JobError: it is not what the job was started on.
        """
        found = load(self.source.name if self.source.name in EMBEDDED_MODELS else self.folder)
        if self.ranks.is_first:  # which may load it once more than the others
            self.work.require_model(found.identity, self.source.name)
        return found

    def _sequences(self, texts: Sequence[str], side: str) -> list[Ids]:
        """
        Raises:
            DataError: nothing is left of them; names the side.
        """
        make = packed if self.recipe.packing else whole_texts
        try:
            return make(self.tokenizer, texts, self.recipe.max_length)
        except DataError as error:
            raise DataError(f"Of {count(len(texts), f'{side} text')} nothing can be used. {error}") from error

    def _measured(self, model: PreTrainedModel) -> Perplexity:
        """
        Raises:
            NotFiniteError: it is more than a number can hold.
        """
        found = perplexity(model, self.test, beat=self.reporter.progress)
        if not math.isfinite(found.value):
            raise NotFiniteError(
                f"On the test texts a predicted token costs {number(found.mean_loss)} nats on average: as a "
                "perplexity, more than a number can hold. The pretrained weights are damaged, or training diverged: "
                "check the model, or choose a lower learning rate."
            )
        return found

    def _before(self, kind: str, model: PreTrainedModel) -> float | None:
        """The perplexity of a converted model before its first step; None where there is no step, and of others."""
        if kind != "bcos" or not self.recipe.epochs:
            return None
        known = self.work.known("before", Measured)
        if known is None:
            began = time.monotonic()
            known = Measured(self._measured(model), time.monotonic() - began)
            self.work.keep("before", known)
            self.reporter.log(
                f"Perplexity once converted, at B = {self.recipe.first_b:g}: {number(known.found.value)}, "
                f"{number(ratio(known.found, self.of_original).value)} × the original's."
            )
        return known.found.value

    def _measured_and_saved(
        self, kind: str, model: PreTrainedModel, recipe: LanguageRecipe, before: float | None, began: float
    ) -> TrainedLanguageModel:
        path = self.home.models / self.names[kind]
        found = self._measured(model)
        against = ratio(found, self.of_original)
        metrics = {PERPLEXITY.name: found.value, RATIO.name: against.value}
        intervals = {PERPLEXITY.name: found.interval, RATIO.name: (against.low, against.high)}
        intervals = {name: ends for name, ends in intervals.items() if all(map(math.isfinite, ends))}
        twins = self.recipe.bcos and self.recipe.twin
        save_checkpoint(
            model,
            self.tokenizer,
            path,
            task=self.spec.texts.to_dict(),
            recipe=recipe.to_dict(),
            metrics=metrics,
            intervals=intervals,
            test_size=len(found.tokens),
            data=self.file,
            job=self.job,
            trained_by=trained_by(self.work.path / kind),
            twin=self.names["conventional" if kind == "bcos" else "bcos"] if twins else None,
            about=About() if self.recipe.bcos and kind == "conventional" else self.spec.about,
        )
        return TrainedLanguageModel(
            checkpoint=str(path),
            metrics=metrics,
            intervals=intervals,
            test_size=len(found.tokens),
            before=before,
            train_tokens=predicted_tokens(self.train) if recipe.epochs else 0,
            seconds=time.monotonic() - began,
        )

    def _finished_seconds(self) -> float:
        """What an earlier start has spent on what is finished."""
        found = [
            *(self.work.known(name, Measured) for name in ("original", "before")),
            self.work.known("calibration", CalibrationResult),
            *(self.work.known(kind, TrainedLanguageModel) for kind in KINDS),
        ]
        return sum(one.seconds for one in found if one is not None)

    def _begin(self, title: str) -> None:
        self.reporter.stage(title, self.stages.index(title), len(self.stages))


def _up_to(sequences: Sequence[Ids], tokens: int) -> list[Ids]:
    """The first sequences, of about so many tokens together; one at least."""
    found: list[Ids] = []
    for ids in sequences:
        if found and sum(map(len, found)) + len(ids) > tokens:
            break
        found.append(ids)
    return found
