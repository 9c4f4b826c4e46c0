"""From a word to what its edit does: the work of the `retest` command and of the Models page."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError
from bcos_core.evaluate.explainer import make_explainer
from bcos_core.evaluate.probability import PROBABILITIES
from bcos_core.evaluate.retest import Retest, Retested
from bcos_core.evaluate.retest_spec import RetestSpec
from bcos_core.evaluate.task_of_models import require_task_of
from bcos_core.evaluate.vocabulary_run import sums_of
from bcos_core.evaluate.word_edits import WORD_EDITS, edited
from bcos_core.home import Home
from bcos_core.model.classifier import load
from bcos_core.model.info import trained_on
from bcos_core.model.predictions import logits_on
from bcos_core.progress import Reporter, Tally
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.text.tasks import load_task
from bcos_core.text.words import word_spans

CHUNK = 32


def run_retest(spec: RetestSpec, *, home: Home, reporter: Reporter) -> Retest:
    """Explain the texts that have the word (what the Words job has explained is known), edit them, and ask again.

    Raises:
        InputError: no text has the word, or a model or method that cannot be used.
        JobCancelled: from the reporter; what was computed is kept.
    """
    started = time.monotonic()
    info, method, edit = spec.model, METHODS[spec.method], WORD_EDITS[spec.edit]
    if reason := method.unsupported(is_bcos=info.kind == "bcos", family=info.family, answers=info.task_type):
        raise InputError(f"{method.title} cannot explain {info.name}. {reason}")
    reporter.stage("Reading the data", 0, 3)
    task = load_task(trained_on(info))
    require_task_of(info, task)
    if spec.label >= len(task.labels):
        raise InputError(f"Output {spec.label} was asked about; {info.name} has {len(task.labels)}, counted from 0.")
    kind, word = task.task_type, spec.word.strip().lower()
    looked_at = task.test.texts[: spec.limit]
    places = [place for place, text in enumerate(looked_at) if word in _words(text)]
    if not places:
        raise InputError(f"None of the first {len(looked_at):,} test texts has the word “{word}”. Choose another one.")
    reporter.stage("Explaining the texts", 1, 3)
    classifier = replace(load(info.path), max_length=info.max_length)
    for note in classifier.notes:
        reporter.log(note)
    explainer = make_explainer(classifier, method, reference=None, options={}, seed=spec.seed)
    store = EvidenceStore(open_database(home))
    texts = [looked_at[place] for place in places]
    tally = Tally(reporter, len(texts))
    sums: dict[str, Mapping[str, float]] = {}
    for start in range(0, len(texts), CHUNK):
        sums |= sums_of(explainer, tuple(texts[start : start + CHUNK]), spec.label, store, tally)
    reporter.stage("Asking again", 2, 3)
    after = [edited(text, word, edit, spec.other) for text in texts]
    by_lot = [_another(text, word, spec.seed) for text in texts]
    control = [edited(t, w, edit, spec.other) if w else None for t, w in zip(texts, by_lot, strict=True)]
    # A word that the model read no more of, in a text that was cut, has no contribution and no part in its answer.
    kept = [i for i, text in enumerate(texts) if after[i] is not None and word in sums[name_of(text)]]
    asked = [one for i in kept for one in (texts[i], after[i], control[i]) if one is not None]
    logits = dict(zip(asked, logits_on(classifier, asked, store, Tally(reporter, len(asked))), strict=True))
    p = PROBABILITIES[kind.measures[0]]
    golds = kind.array([task.test.labels[place] for place in places], len(task.labels))

    def figure(text: str, place: int) -> float:
        return float(kind.each_text(np.array([logits[text]]), golds[place : place + 1])[0])

    def is_changed(one: str, other: str) -> bool:
        return bool(kind.distances(np.array([logits[one]]), np.array([logits[other]]))[0] > 0)

    rows = []
    for i in kept:
        text, new, lot = texts[i], after[i], control[i]
        assert new is not None
        known = sums[name_of(text)]
        rows.append(
            Retested(
                place=places[i],
                text=text,
                edited=new,
                rank=1 + sum(abs(value) > abs(known[word]) for value in known.values()),
                contribution=known[word],
                before=p(logits[text], spec.label),
                after=p(logits[new], spec.label),
                control_word=by_lot[i] if lot is not None else None,
                control=None if lot is None else p(logits[lot], spec.label),
                answer=kind.answer(kind.prediction(logits[text], task.labels)),
                answer_after=kind.answer(kind.prediction(logits[new], task.labels)),
                changed=is_changed(text, new),
                control_changed=None if lot is None else is_changed(text, lot),
                figures=(figure(text, i), figure(new, i)),
            )
        )
    return Retest(
        model=info.name,
        task=task.title,
        task_type=task.type,
        labels=task.labels,
        label=spec.label,
        word=word,
        edit=edit.name,
        other=spec.other,
        method=method.name,
        looked_at=len(looked_at),
        emptied=len(texts) - len(kept),
        texts=tuple(rows),
        content=classifier.identity,
        seconds=time.monotonic() - started,
    )


def _words(text: str) -> set[str]:
    return {text[start:end].lower() for start, end in word_spans(text)}


def _another(text: str, word: str, seed: int) -> str | None:
    """Another word of a text, drawn by lot; None where it has none."""
    free: Sequence[str] = sorted(one for one in _words(text) - {word} if any(letter.isalpha() for letter in one))
    return free[int(np.random.default_rng(int(name_of([text, word, seed]), 16)).integers(len(free)))] if free else None
