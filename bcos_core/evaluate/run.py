"""An evaluation from its spec to its table: the main work of the `evaluate` command and page."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bcos_core.attribution.references import tokens_of
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import DataError, InputError
from bcos_core.evaluate.explainer import Explainer, make_explainer
from bcos_core.evaluate.gather import Gatherer
from bcos_core.evaluate.plan import LOADING, SHORTEST_SECONDS, SOFT, not_measured, pointing_length
from bcos_core.evaluate.pointing import Pair, Pairs, make_pairs
from bcos_core.evaluate.removal import REMOVALS, require_tokens
from bcos_core.evaluate.result import Contender, Evaluation, save_evaluation
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.evaluate.table import Rationale, ScoringProtocol, bounded_by, people_of, values_of
from bcos_core.evaluate.task_of_models import require_task_of
from bcos_core.evaluate.work import Work
from bcos_core.home import Home
from bcos_core.model.classifier import Classifier, load
from bcos_core.model.folder import require_distinct_names
from bcos_core.model.identity import changed_data
from bcos_core.model.info import CheckpointInfo, read_info, trained_on
from bcos_core.progress import Reporter, Tally
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.tasks.task_type import TaskType
from bcos_core.text.tasks import Examples, TaskChoice, TaskData, load_task

ADDED_TOKENS = 2  # [CLS] and [SEP], <s> and </s>


def run_evaluation(spec: EvaluationSpec, *, home: Home, name: str, reporter: Reporter) -> Evaluation:
    """Evaluate, and store the result as `home.evaluations / name`.

    Raises:
        InputError: a checkpoint, task or method that cannot be used.
        JobCancelled: from the reporter; what was measured is kept.
        StorageError: the disk is full.
    """
    started = time.monotonic()
    infos = [read_info(path) for path in spec.checkpoints]
    require_distinct_names([info.path for info in infos])
    stages = ["Reading the data", *[f"Scoring {info.name}" for info in infos], "Making the table"]
    reporter.stage(stages[0], 0, len(stages))
    for method in spec.contenders:
        METHODS[method].load()
    choice = spec.task or trained_on(infos[0])
    task = load_task(choice)
    kind = task.task_type
    for info in infos:
        require_task_of(info, task)
    if spec.probability not in kind.measures:
        reporter.log(f"Scores look at {kind.measures[0]}: {spec.probability} is not defined for such a task.")
        spec = replace(spec, probability=kind.measures[0])
    examples = _side(task, spec).take(spec.limit, spec.seed)
    rationales = {
        text: Rationale(task.word(label), task.rationales[text])
        for text, label in zip(examples.texts, examples.labels, strict=True)
        if text in task.rationales and task.task_type.exclusive  # of several labels, nobody says for which it is
    }
    has = {"rationales": bool(rationales), "pairs": task.pairs}
    asked, spec = spec, _served(spec, kind, **has)
    pairs, without = Pairs(), spec.without("pointing")
    no_pairs: DataError | None = None
    if spec.needs("pointing"):
        try:
            pairs = _pairs(spec, infos[0], task, choice)
        except DataError as error:
            if without is None:  # nothing else was asked for
                raise
            no_pairs, spec = error, without
    run = _Run(spec, task.title, examples.texts, rationales, pairs, EvidenceStore(open_database(home)), reporter)
    own = [info for info in infos if info.task == choice.to_dict()]
    run.note(*filter(None, (changed_data(info, choice) for info in own)))
    for score in asked.scores:
        if reason := SCORES[score].unsupported(kind, **has):
            run.skipped.append({"score": score, "reason": reason})
        elif no_pairs is not None and SCORES[score].evidence == "pointing":
            run.skipped.append({"score": score, "reason": str(no_pairs)})
    for stage, info in enumerate(infos, start=1):
        run.tell_work(info, stage, asked)
    for stage, info in enumerate(infos, start=1):
        reporter.stage(stages[stage], stage, len(stages))
        run.score(info)
    reporter.stage(stages[-1], len(stages) - 1, len(stages))
    evaluation = Evaluation(
        name,
        task.title,
        tuple(run.contenders),
        tuple(run.skipped),
        spec.to_dict(),
        time.monotonic() - started,
        tuple(dict.fromkeys(run.notes)),
        run.people,
    )
    save_evaluation(evaluation, home.evaluations / name)
    return evaluation


@dataclass
class _Run:
    """What the models of one evaluation share: texts, pairs, the store; and what came out so far."""

    spec: EvaluationSpec
    task: str
    texts: tuple[str, ...]
    rationales: dict[str, Rationale]
    pairs: Pairs
    store: EvidenceStore
    reporter: Reporter
    contenders: list[Contender] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    people: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)

    def note(self, *said: str) -> None:
        """What a reader of the result must know of its models and data."""
        self.notes += said
        for one in said:
            self.reporter.log(one)

    def tell_work(self, info: CheckpointInfo, stage: int, asked: EvaluationSpec) -> None:
        """What is to do for a model before its stage comes, and what of it was measured before or, of what was
        `asked`, is left out: nobody waits for that."""
        work = self._work(info)
        totals, known = work.totals, work.known(self.store)
        for part in replace(work, spec=asked).parts:
            total = totals.get(part, 0)
            self.reporter.declare(max(SHORTEST_SECONDS, 1e-6 * total), part, stage)
            self.reporter.given(known.get(part, 0), total, part, stage)

    def score(self, info: CheckpointInfo) -> None:
        """Every method on one model."""
        classifier = replace(load(info.path), max_length=info.max_length)
        self.reporter.progress(1, 1, LOADING)
        self.note(*classifier.notes)
        require_tokens(REMOVALS[self.spec.removal], classifier.tokenizer)
        known = {"family": classifier.family, "answers": classifier.task_type.name}
        without = not_measured(self.spec, is_bcos=classifier.is_bcos, tokens=tokens_of(classifier.tokenizer), **known)
        self.skipped += [{"checkpoint": info.path.name, "method": name, "reason": why} for name, why in without.items()]
        explainers = [self._explainer(classifier, name) for name in self.spec.contenders if name not in without]
        self._gather(Gatherer(classifier, explainers, REMOVALS[self.spec.removal], self.store), self._work(info))
        protocol = ScoringProtocol(self.spec, self.task, len(self.texts), self.pairs, info)
        for explainer in explainers:
            self.contenders.append(values_of(explainer, self.texts, self.rationales, protocol, self.store))
        chance = next(explainer for explainer in explainers if explainer.method.chance)  # fails on no text
        if people := people_of(chance, self.texts, self.rationales, protocol, self.store):
            self.people[info.path.name] = people

    def _explainer(self, classifier: Classifier, method: str) -> Explainer:
        return make_explainer(
            classifier,
            METHODS[method],
            reference=REMOVALS[self.spec.removal].reference_with(tokens_of(classifier.tokenizer)),
            options=self.spec.options.get(method, {}),
            seed=self.spec.seed,
        )

    def _work(self, info: CheckpointInfo) -> Work:
        return Work(self.spec, info, self.texts, self.pairs.pairs)

    def _gather(self, gatherer: Gatherer, work: Work) -> None:
        """Everything that the scores need of one model, with progress in its parts."""
        tallies = {part: Tally(self.reporter, total, part) for part, total in work.totals.items()}
        for part, units in work.known(self.store).items():
            tallies[part].add(0, given=units)

        def advance(part: str, items: Sequence[str | Pair]) -> None:
            tallies[part].add(work.units(part, items))

        gatherer.explanations(
            self.texts,
            curves=self.spec.needs("curves"),
            singles=self.spec.needs("leave_one_out"),
            moves=self.spec.needs("sensitivity"),
            sets_by=self.spec.seed if self.spec.needs("sets") else None,
            soft={evidence: self.spec.seed for evidence in SOFT if self.spec.needs(evidence)},
            bounded=bounded_by(self.spec),
            advance=advance,
        )
        gatherer.pairs(self.pairs.pairs, advance)


def _served(spec: EvaluationSpec, kind: TaskType, **has: bool) -> EvaluationSpec:
    """The same with those scores only that the texts can serve; `has` as in `Score.unsupported`.

    Raises:
        InputError: they serve none.
    """
    reasons = {name: SCORES[name].unsupported(kind, **has) for name in spec.scores}
    scores = tuple(name for name, reason in reasons.items() if reason is None)
    if not scores:
        raise InputError(f"None of the scores {', '.join(reasons)} can be computed. {next(iter(reasons.values()))}")
    return replace(spec, scores=scores)


def _side(task: TaskData, spec: EvaluationSpec) -> Examples:
    return task.validation if spec.side == "validation" else task.test


def _pairs(spec: EvaluationSpec, first: CheckpointInfo, task: TaskData, choice: TaskChoice) -> Pairs:
    """The pairs of the pointing game, each half short enough for a pair to fit into the judge's limit.

    The judge is a conventional model: the twin of the first checkpoint, or that itself if it has none.
    """
    twin = first.path.parent / first.twin if first.twin else None
    judge = load(twin if first.kind == "bcos" and twin is not None and twin.is_dir() else first.path)
    length = min(pointing_length(spec, choice), (judge.max_length - ADDED_TOKENS) // 2)
    return make_pairs(_side(task, spec), judge, length=length, count=spec.pairs, seed=spec.seed)
