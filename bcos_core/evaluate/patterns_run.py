"""From models and a test set to the patterns of their heatmaps: the work of the `patterns` command and the Models page.

What evaluations have explained is taken from their evidence; what is explained here is there for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError
from bcos_core.evaluate.explainer import make_explainer
from bcos_core.evaluate.gather import Gatherer
from bcos_core.evaluate.patterns import Heat, heat
from bcos_core.evaluate.patterns_job import PatternsSpec
from bcos_core.evaluate.patterns_table import (
    Agreement,
    Explained,
    ExplainedModel,
    Patterns,
    agreement,
    pattern_rows,
)
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.evaluate.subjects import EXPLANATION
from bcos_core.evaluate.task_of_models import require_task_of
from bcos_core.home import Home
from bcos_core.model.classifier import load
from bcos_core.model.identity import changed_data
from bcos_core.model.info import CheckpointInfo, trained_on
from bcos_core.progress import Reporter, Tally
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.text.encoding import encode
from bcos_core.text.tasks import load_task
from bcos_core.text.word_rates import WordRates, word_rates

_REMOVAL = REMOVALS["mask"]
"""Nothing is removed here: evidence is gathered as an evaluation gathers it."""


def run_patterns(spec: PatternsSpec, *, home: Home, reporter: Reporter) -> Patterns:
    """Explain the answer to `spec.limit` test texts by every model, as far as it is not known, and compare.

    Raises:
        InputError: models that are not of one task, or a method that cannot serve one.
        JobCancelled: from the reporter; what was explained is kept.
    """
    asked = spec.asked
    stages = ["Reading the data", *[f"Explaining by {info.name}" for info, _ in asked], "Comparing the heatmaps"]
    reporter.stage(stages[0], 0, len(stages))
    task = load_task(trained_on(asked[0][0]))
    for info, method in asked:
        require_task_of(info, task)
        if reason := METHODS[method].unsupported(
            is_bcos=info.kind == "bcos", family=info.family, answers=info.task_type
        ):
            raise InputError(f"{METHODS[method].title} cannot explain {info.name}. {reason}")
        if note := changed_data(info):
            reporter.log(note)
    texts = task.test.take(spec.limit, spec.seed).texts
    rates = word_rates(task.train.texts)
    store = EvidenceStore(open_database(home))
    found: dict[tuple[str, str], tuple[ExplainedModel, dict[str, Explained]]] = {}
    for stage, (info, method) in enumerate(asked, start=1):
        reporter.stage(stages[stage], stage, len(stages))
        found[str(info.path), method] = _explained(info, method, texts, spec.seed, store, reporter)
    reporter.stage(stages[-1], len(stages) - 1, len(stages))
    looked_at = [found[one] for one in zip(spec.checkpoints, spec.methods, strict=True)]
    return Patterns(
        tuple(model for model, _ in looked_at),
        tuple(pattern_rows([_heats(model, explained, rates) for model, explained in looked_at])),
        tuple(_agreements(spec, found)),
        task.title,
        task.type,
        len(texts),
        rates.texts,
    )


def _explained(
    info: CheckpointInfo, method: str, texts: Sequence[str], seed: int, store: EvidenceStore, reporter: Reporter
) -> tuple[ExplainedModel, dict[str, Explained]]:
    """The explanation of every text, by the text, but of those that the method fails on."""
    classifier = replace(load(info.path), max_length=info.max_length)
    for note in classifier.notes:
        reporter.log(note)
    explainer = make_explainer(classifier, METHODS[method], reference=None, options={}, seed=seed)
    items = [name_of(text) for text in texts]
    tally = Tally(reporter, len(texts))
    tally.add(0, given=len(store.known(explainer.name, EXPLANATION, items)))
    Gatherer(classifier, [explainer], _REMOVAL, store).explanations(
        texts,
        curves=False,
        singles=False,
        moves=False,
        sets_by=None,
        soft={},
        bounded=None,
        advance=lambda part, new: tally.add(len(new)),
    )
    known = store.find(explainer.name, EXPLANATION, items)
    usable = [(text, known[item]) for text, item in zip(texts, items, strict=True) if not known[item]["failed"]]
    encoded = encode(classifier.tokenizer, [text for text, _ in usable], classifier.max_length)
    explained = {
        text: Explained(text, one.tokens, tuple(brief["scores"]), brief["target"])
        for one, (text, brief) in zip(encoded, usable, strict=True)
    }
    failed = len(texts) - len(usable)
    return ExplainedModel(info.path.name, info.kind, method, explainer.reference, failed), explained


def _heats(model: ExplainedModel, explained: Mapping[str, Explained], rates: WordRates) -> dict[str, Heat]:
    signed = METHODS[model.method].signed
    return {text: heat(text, one.tokens, one.scores, rates, signed=signed) for text, one in explained.items()}


def _agreements(
    spec: PatternsSpec, found: Mapping[tuple[str, str], tuple[ExplainedModel, Mapping[str, Explained]]]
) -> list[Agreement]:
    """Between the two models, and between the seeds of each that has others."""
    own = list(zip(spec.checkpoints, spec.methods, strict=True))
    rows = [Agreement("", agreement([found[one][1] for one in own]), 2)] if len(own) == 2 else []
    for (checkpoint, method), others in zip(own, spec.seeds_of, strict=False):
        if others:
            group = [(folder, method) for folder in (checkpoint, *others)]
            rows.append(
                Agreement(found[group[0]][0].checkpoint, agreement([found[one][1] for one in group]), len(group))
            )
    return rows
