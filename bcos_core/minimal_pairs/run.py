"""Minimal pairs from a spec to a result: the main work of `evaluate --pairs`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from transformers import PreTrainedTokenizerBase

from bcos_core.attribution.method import Method
from bcos_core.attribution.references import NOTHING, REFERENCE_TOKENS, tokens_of
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError
from bcos_core.evaluate.plan import (
    CURVES,
    LOADING,
    SHORTEST_SECONDS,
    SINGLES,
    explanation_seconds,
    not_measured,
    part_of,
    pass_seconds,
)
from bcos_core.evaluate.removal import REMOVALS, require_tokens, usual_removal
from bcos_core.home import Home
from bcos_core.minimal_pairs import table
from bcos_core.minimal_pairs.answers import Answer, Answers
from bcos_core.minimal_pairs.faithfulness import has_strike_order
from bcos_core.minimal_pairs.folders import LanguageFolder, ready_folder
from bcos_core.minimal_pairs.measures import COURSE, MEASURES, STRIKES, asks_for
from bcos_core.minimal_pairs.pair import MinimalPair
from bcos_core.minimal_pairs.plan import course_passes, strike_passes
from bcos_core.minimal_pairs.questions import Question, ask, pair_name, tokenize_by
from bcos_core.minimal_pairs.result import Contender, PairsResult, Source, Speaker, save_result
from bcos_core.minimal_pairs.settled import Settled, settle
from bcos_core.minimal_pairs.sources import Drawn, draw_pairs
from bcos_core.minimal_pairs.spec import USUAL, PairsSpec
from bcos_core.minimal_pairs.struck import Struck
from bcos_core.model.folder import require_distinct_names
from bcos_core.model.identity import folder_identity, model_subject
from bcos_core.model.info import read_config, read_language_info
from bcos_core.model.language_model import LanguageModel, load
from bcos_core.model.skeleton import transformers_config
from bcos_core.model.tokenizer import load_tokenizer
from bcos_core.numbers import count
from bcos_core.progress import Reporter, Tally
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.tasks.next_token import NextToken


def run_pairs(spec: PairsSpec, *, home: Home, name: str, reporter: Reporter) -> PairsResult:
    """Ask the models, one after the other, and store the result as `home.minimal_pairs / name`.

    Raises:
        InputError: a model, file or method that cannot be used.
        JobCancelled: from the reporter; what was explained is kept.
        StorageError: the disk is full.
    """
    started = time.monotonic()
    folders = [ready_folder(source) for source in spec.checkpoints]
    require_distinct_names([folder.path for folder in folders])
    stages = ["Reading the pairs", *[f"Asking {folder.name}" for folder in folders], "Making the table"]
    reporter.stage(stages[0], 0, len(stages))
    for method in spec.contenders:
        METHODS[method].load()
    configs = [transformers_config(one.path, read_config(one.path)) for one in folders]
    tokenizers = [load_tokenizer(*one).tokenizer for one in zip([one.path for one in folders], configs, strict=True)]
    spec = _with_removal(spec, tokenizers)
    drawn = [draw_pairs(source, spec.limit, spec.seed, [*map(tokenize_by, tokenizers)]) for source in spec.sources]
    run = _Run(spec, drawn, Answers(EvidenceStore(open_database(home))), reporter)
    pairs = run.pairs()
    asked = [run.prepare(*one, pairs) for one in zip(folders, tokenizers, strict=True)]
    for stage, one in enumerate(asked, start=1):
        run.tell_work(stage, one)
    for stage, one in enumerate(asked, start=1):
        reporter.stage(stages[stage], stage, len(stages))
        run.ask(one)
    reporter.stage(stages[-1], len(stages) - 1, len(stages))
    result = PairsResult(
        name,
        tuple(Source(one.name, tuple(map(pair_name, one.pairs)), one.left_out) for one in drawn),
        {pair_name(pair): pair for pair in pairs},
        tuple(run.speakers),
        tuple(run.contenders),
        tuple(run.skipped),
        asdict(spec),
        time.monotonic() - started,
        tuple(dict.fromkeys(run.notes)),
    )
    save_result(result, home.minimal_pairs / name)
    return result


def _with_removal(spec: PairsSpec, tokenizers: Sequence[PreTrainedTokenizerBase]) -> PairsSpec:
    """The same with the removal that all models allow, if none was chosen.

    Raises:
        InputError: a removal or a reference whose token one of the tokenizers has not.
    """
    shared = [kind for kind in REFERENCE_TOKENS if all(kind in tokens_of(one) for one in tokenizers)]
    removal = usual_removal(shared) if spec.removal == USUAL else REMOVALS[spec.removal]
    for tokenizer in tokenizers:
        require_tokens(removal, tokenizer)
    if spec.reference != NOTHING and spec.reference not in shared:
        there = ", ".join([NOTHING, *shared])
        raise InputError(
            f"Not all tokenizers have a {spec.reference} token to compare with. Choose the reference {there} (on the "
            f"command line: --reference)."
        )
    return replace(spec, removal=removal.name)


@dataclass(frozen=True)
class _Asked:
    """What one model is asked, before it is loaded, and by which methods; `own` is the subject of its own answers."""

    folder: LanguageFolder
    questions: Sequence[Question]
    methods: Sequence[Settled]
    own: str
    mean_tokens: float


@dataclass
class _Run:
    """What the models share: pairs and the store; and what came out so far."""

    spec: PairsSpec
    drawn: Sequence[Drawn]
    answers: Answers
    reporter: Reporter
    speakers: list[Speaker] = field(default_factory=list)
    contenders: list[Contender] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def struck(self) -> Struck:
        return Struck(self.answers.store, REMOVALS[self.spec.removal], self.spec.unit)

    def note(self, *said: str) -> None:
        """What a reader of the result must know."""
        self.notes += said
        for one in said:
            self.reporter.log(one)

    def pairs(self) -> list[MinimalPair]:
        """Those of all sources, each once, whichever paradigms they are of."""
        each: dict[tuple[object, ...], MinimalPair] = {}
        for pair in (pair for one in self.drawn for pair in one.pairs):
            each.setdefault(pair.asked, pair)
        found = list(each.values())
        if unmarked := sum(pair.evidence is None for pair in found):
            self.note(
                f"{count(unmarked, 'pair')} of {len(found):,} {'has' if unmarked == 1 else 'have'} no evidence marked: "
                "there is no measure of whether explanations point at it."
            )
        for one in self.drawn:
            if one.left_out:
                self.note(f"{count(len(one.left_out), 'row')} of {one.name} cannot be used. {one.left_out[0].sentence}")
        return found

    def prepare(
        self, folder: LanguageFolder, tokenizer: PreTrainedTokenizerBase, pairs: Sequence[MinimalPair]
    ) -> _Asked:
        """The pairs as a model's tokenizer has them, those counted that it cannot be asked; and the methods."""
        questions, reasons = ask(pairs, tokenizer)
        if not questions:
            raise InputError(f"{folder.name} can be asked about none of the pairs. {reasons[0]}")
        if reasons:
            self.note(f"{folder.name} was not asked about {count(len(reasons), 'pair')}. The first: {reasons[0]}")
        without = not_measured(
            self.spec,
            is_bcos=folder.kind == "bcos",
            family=folder.family,
            answers=NextToken.name,
            tokens=tokens_of(tokenizer),
        )
        self.skipped += [
            {"checkpoint": folder.path.name, "method": name, "reason": why} for name, why in without.items()
        ]
        identity = folder_identity(folder.path)
        methods = [
            settle(name, self.spec, folder, identity, tokenizer) for name in self.spec.contenders if name not in without
        ]
        tokens = sum(len(tokenize_by(tokenizer)(one.prompt)) for one in questions)
        own = model_subject(identity, folder.max_length)
        return _Asked(folder, questions, methods, own, tokens / len(questions))

    def tell_work(self, stage: int, asked: _Asked) -> None:
        """What is to explain before a model's stage comes, and what of it is there already."""
        total = len(asked.questions)
        for one in asked.methods:
            part = part_of(one.method.name)
            seconds = total * explanation_seconds(asked.folder, one.method.name, asked.mean_tokens, asked.mean_tokens)
            self.reporter.declare(max(SHORTEST_SECONDS, seconds), part, stage)
            self.reporter.given(total - len(self.answers.missing(one.subject, asked.questions)), total, part, stage)
        one_pass = pass_seconds(asked.folder, asked.mean_tokens)
        if asks_for(STRIKES, self.spec.measures):
            missing = len(self.struck.missing_strikes(asked.own, asked.questions))
            self.reporter.declare(
                max(SHORTEST_SECONDS, total * strike_passes(asked.mean_tokens) * one_pass), SINGLES, stage
            )
            self.reporter.given(total - missing, total, SINGLES, stage)
        if asks_for(COURSE, self.spec.measures):
            missing = sum(len(self.struck.missing_courses(one.subject, asked.questions)) for one in asked.methods)
            total *= len(asked.methods)
            self.reporter.declare(
                max(SHORTEST_SECONDS, total * course_passes(asked.mean_tokens) * one_pass), CURVES, stage
            )
            self.reporter.given(total - missing, total, CURVES, stage)

    def ask(self, asked: _Asked) -> None:
        """Every method on one model; chance first, whose answers say which word the model prefers."""
        folder, questions, checkpoint = asked.folder, asked.questions, asked.folder.path.name
        model = load(folder.source)
        self.reporter.progress(1, 1, LOADING)
        self.note(*model.notes)
        found: dict[str, list[Answer]] = {}
        for one in asked.methods:
            explainer = one.explainer(model)
            tally = Tally(self.reporter, len(questions), part_of(one.method.name))
            tally.add(0, given=len(questions) - len(self.answers.missing(explainer.name, questions)))
            self.answers.fill(explainer, questions, tally.add)
            found[one.subject] = self.answers.find(explainer.name, questions)
        self._strike(asked, model, found)
        strikes = self.struck.strikes(asked.own, questions)
        for one in asked.methods:
            name, answers = one.method.name, found[one.subject]
            courses = self.struck.courses(one.subject, questions)
            cases = table.cases_of(questions, answers, unit=self.spec.unit, strikes=strikes, courses=courses)
            made = table.contender(checkpoint, name, cases, answers, measures=self.spec.measures)
            self.contenders.append(made)
            if made.failed:
                self.note(
                    f"{one.method.title} gave no finite numbers for {count(made.failed, 'pair')} on {folder.name}: "
                    f"{'it has' if made.failed == 1 else 'they have'} no value of it."
                )
            self._note_orders(folder.name, one.method, cases, made)
            if not one.method.chance:
                continue
            differences = table.differences(questions, answers)
            weight = float((read_language_info(folder.path).recipe or {}).get("consistency", 0.0))
            self.speakers.append(
                Speaker(checkpoint, str(folder.path), folder.kind, model.identity, differences, weight)
            )
            if cut := table.cut(questions, answers):
                self.note(
                    f"{folder.name} did not read the beginning of {count(cut, 'prompt')}: it reads the last "
                    f"{count(folder.max_length, 'token')} alone."
                )
            if lost := table.unread(questions, answers):
                self.note(
                    f"{folder.name} did not read the evidence of {count(lost, 'pair')}: the prompts are too long."
                )

    def _strike(self, asked: _Asked, model: LanguageModel, found: Mapping[str, Sequence[Answer]]) -> None:
        """Ask the model without the tokens that measures remove."""
        total, missing = len(asked.questions), len(self.struck.missing_strikes(asked.own, asked.questions))
        strikes, courses = (asks_for(what, self.spec.measures) for what in (STRIKES, COURSE))
        struck, followed = Tally(self.reporter, total, SINGLES), Tally(self.reporter, total * len(found), CURVES)
        if strikes:
            struck.add(0, given=total - missing)
        if courses:
            missing = sum(len(self.struck.missing_courses(one, asked.questions)) for one in found)
            followed.add(0, given=total * len(found) - missing)
        self.struck.fill(
            model,
            asked.questions,
            found if courses else {},
            strikes=strikes,
            struck=struck.add,
            followed=followed.add,
        )

    def _note_orders(self, name: str, method: Method, cases: table.Cases, made: Contender) -> None:
        """Of how many pairs the measures of strikes are not defined: what is all the same has no order."""
        if not asks_for(STRIKES, self.spec.measures):
            return
        if method.chance:
            if alike := sum(not has_strike_order(case) for case in cases.values()):
                self.note(
                    f"Of {count(alike, 'pair')} strikes change nothing on {name}, or all the same, or the prompt has "
                    f"one {self.spec.unit} alone: there is no order to foresee."
                )
            return
        ordered = {pair for pair, case in cases.items() if has_strike_order(case)}
        for measure in self.spec.measures:
            constant = len(ordered - set(made.values[measure]))
            if MEASURES[measure].asks == STRIKES and method.signed and constant:
                self.note(
                    f"{method.title} gives every {self.spec.unit} of {count(constant, 'pair')} the same score on "
                    f"{name}: these have no rank correlation."
                )
