"""From a checkpoint and its test set to its vocabulary: the work of the `words` command and of the Models page."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError
from bcos_core.evaluate.explainer import Explainer, make_explainer
from bcos_core.evaluate.task_of_models import require_task_of
from bcos_core.evaluate.vocabulary import Vocabulary, vocabulary, word_sums
from bcos_core.home import Home
from bcos_core.model.classifier import load
from bcos_core.model.info import CheckpointInfo, trained_on
from bcos_core.model.text_model import require_finite_logits
from bcos_core.progress import Reporter, Tally
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.text.tasks import load_task

CHUNK = 32


@dataclass(frozen=True, kw_only=True)
class ModelVocabulary(Vocabulary):
    """A model's vocabulary as one method sees it, and as it is kept."""

    method: str

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"it has the method {self.method!r}, which is none of {', '.join(METHODS)}")
        if unknown := next((use for use in self.uses if use.label >= len(self.labels)), None):
            raise ValueError(f"“{unknown.word}” is of output {unknown.label}, and there are {len(self.labels)}")


def run_vocabulary(
    info: CheckpointInfo, *, method: str, limit: int, seed: int, home: Home, reporter: Reporter
) -> ModelVocabulary:
    """Explain every output on `limit` test texts, and gather what each word adds.

    Raises:
        InputError: a model that does not say what it was trained on, or a method that cannot serve it.
        JobCancelled: from the reporter; what was computed is kept.
    """
    trained = trained_on(info)
    chosen = METHODS[method]
    if reason := chosen.unsupported(is_bcos=info.kind == "bcos", family=info.family, answers=info.task_type):
        raise InputError(f"{chosen.title} cannot explain {info.name}. {reason}")
    if not chosen.targeted:
        raise InputError(
            f"{chosen.title} says the same whatever is explained, so it cannot tell which words speak for something."
        )
    reporter.stage("Reading the data", 0, 3)
    task = load_task(trained)
    require_task_of(info, task)
    # The first texts are a fair sample, and their places are those of the whole test set.
    test = replace(task.test, texts=task.test.texts[:limit], labels=task.test.labels[:limit])
    reporter.stage("Explaining the texts", 1, 3)
    classifier = replace(load(info.path), max_length=info.max_length)
    for note in classifier.notes:
        reporter.log(note)
    explainer = make_explainer(classifier, chosen, reference=None, options={}, seed=seed)
    store = EvidenceStore(open_database(home))
    sums = []
    tally = Tally(reporter, len(task.labels) * len(test))
    names = [name_of(text) for text in test.texts]
    for label in range(len(task.labels)):
        there = store.known(explainer.name, words_kind(label), names)
        tally.add(0, given=sum(name in there for name in names))
    for label in range(len(task.labels)):
        known: dict[str, dict[str, float]] = {}
        for start in range(0, len(test), CHUNK):
            known |= sums_of(explainer, test.texts[start : start + CHUNK], label, store, tally)
        sums.append([known[name_of(text)] for text in test.texts])
    reporter.stage("Counting words", 2, 3)
    found = vocabulary(sums, replace(task, test=test))
    return ModelVocabulary(**vars(found), method=method)


def words_kind(label: int) -> str:
    """Of the word sums of a text for one output."""
    return f"words:{label}"


def sums_of(
    explainer: Explainer, texts: tuple[str, ...], label: int, store: EvidenceStore, tally: Tally
) -> dict[str, dict[str, float]]:
    """The word sums of texts for one output, by the texts' names; computed where they are not known."""
    kind = words_kind(label)
    known: dict[str, dict[str, float]] = store.find(explainer.name, kind, map(name_of, texts))
    missing = [text for text in texts if name_of(text) not in known]
    if missing:
        records = explainer(missing, target=label)
        for record in records:
            require_finite_logits(explainer.classifier.name, record.text, record.logits)
        computed = {
            name_of(text): {} if record.failed else word_sums(record)
            for text, record in zip(missing, records, strict=True)
        }
        store.keep(explainer.name, kind, computed)
        known |= computed
        tally.add(len(missing))
    return known
