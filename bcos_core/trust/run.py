"""The trust tests from a spec to a report: the main work of the `trust` command and page."""

from __future__ import annotations

import time
from dataclasses import replace

from bcos_core.attribution.references import tokens_of
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError
from bcos_core.evaluate.explainer import Explainer
from bcos_core.evaluate.plan import SHORTEST_SECONDS, explanation_seconds, part_of
from bcos_core.evaluate.task_of_models import require_task_of
from bcos_core.home import Home
from bcos_core.model.classifier import Classifier, load
from bcos_core.model.identity import changed_data
from bcos_core.model.info import CheckpointInfo, trained_on
from bcos_core.progress import Reporter, Tally
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.text.size import about_tokens
from bcos_core.text.tasks import load_task
from bcos_core.trust.decide import judge
from bcos_core.trust.heatmaps import Gallery
from bcos_core.trust.measure import Measurement
from bcos_core.trust.questions import ask_questions
from bcos_core.trust.result import TrustReport
from bcos_core.trust.spec import TrustSpec

STAGES = ("Reading the data", "Editing the texts", "Explaining", "Judging")
EXPLAINING = STAGES.index("Explaining")


def run_trust(spec: TrustSpec, *, home: Home, reporter: Reporter) -> TrustReport:
    """Test the methods on a model.

    Raises:
        InputError: a model that does not say what it was trained on, or none of the methods can serve it.
        JobCancelled: from the reporter; what was explained is kept.
    """
    started = time.monotonic()
    info = spec.model
    choice = trained_on(info)
    reporter.stage(STAGES[0], 0, len(STAGES))
    left_out = {
        name: reason
        for name in spec.contenders
        if (
            reason := METHODS[name].unsupported(is_bcos=info.kind == "bcos", family=info.family, answers=info.task_type)
        )
    }
    if not set(spec.methods) - set(left_out):
        raise InputError(f"None of the methods can explain {info.name}. {next(iter(left_out.values()))}")
    names = [name for name in spec.contenders if name not in left_out]
    for name in names:
        METHODS[name].load()
    task = load_task(choice)
    require_task_of(info, task)
    texts = tuple(dict.fromkeys(task.test.take(spec.limit, spec.seed).texts))
    classifier = replace(load(info.path), max_length=info.max_length)
    notes = (*filter(None, [changed_data(info, choice)]), *classifier.notes)
    for note in notes:
        reporter.log(note)

    reporter.stage(STAGES[1], 1, len(STAGES))
    store = EvidenceStore(open_database(home))
    questions = ask_questions(classifier, texts, store, reporter)
    explainers = [_explainer(classifier, name, spec.seed) for name in names]
    measurement = Measurement(classifier, explainers, questions, Gallery(store), spec.seed)
    amounts = measurement.amounts()
    _tell_work(info, texts, amounts, reporter)

    reporter.stage(STAGES[EXPLAINING], EXPLAINING, len(STAGES))
    tallies = {name: Tally(reporter, total, part_of(name)) for name, (total, _) in amounts.items()}
    for name, (_, known) in amounts.items():
        tallies[name].add(0, given=known)
    measurement.gather(lambda name, done: tallies[name].add(done))

    reporter.stage(STAGES[-1], len(STAGES) - 1, len(STAGES))
    samples, steps = measurement.samples()
    return TrustReport(
        checkpoint=info.name,
        path=str(info.path),
        identity=classifier.identity,
        task=task.title,
        task_type=task.type,
        texts=len(texts),
        seed=spec.seed,
        methods=tuple(names),
        findings=judge(samples),
        steps=tuple(steps),
        still=questions.tolerance.in_words(questions.tolerance.still),
        moved=questions.tolerance.in_words(questions.tolerance.moved),
        seconds=time.monotonic() - started,
        left_out=left_out,
        notes=notes,
    )


def _explainer(classifier: Classifier, name: str, seed: int) -> Explainer:
    """The method as it is at first, with the first reference that the tokenizer has a token for."""
    method = METHODS[name]
    reference = method.checked_reference(None, tokens_of(classifier.tokenizer))
    return Explainer(classifier, method, reference, method.checked_options({}), seed)


def _tell_work(
    info: CheckpointInfo, texts: tuple[str, ...], amounts: dict[str, tuple[int, int]], reporter: Reporter
) -> None:
    """What is to explain before its stage comes, and what of it is there already."""
    lengths = [min(about_tokens(text), info.max_length) for text in texts]
    mean = sum(lengths) / len(lengths)
    for name, (total, known) in amounts.items():
        seconds = total * explanation_seconds(info, name, mean, mean)
        reporter.declare(max(SHORTEST_SECONDS, seconds), part_of(name), EXPLAINING)
        reporter.given(known, total, part_of(name), EXPLAINING)
