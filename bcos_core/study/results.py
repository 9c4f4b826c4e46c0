"""Answers of a study as tidy frames, who is left out by the rule that was fixed, and the analyses of its protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bcos_core.storage.database import Database
from bcos_core.study.answer_rows import answer_rows
from bcos_core.study.assignment import SlotKind
from bcos_core.study.design import Exclusion
from bcos_core.study.locking import LockedStudy
from bcos_core.study.plan import PAIR
from bcos_core.study.protocols import Question
from bcos_core.study.scoring import LOOP_SCORES
from bcos_core.study.statistics.agreement import agreement
from bcos_core.study.statistics.closed_loop import closed_loop
from bcos_core.study.statistics.gain import simulation_gain
from bcos_core.study.statistics.means import condition_differences, condition_means
from bcos_core.study.statistics.mixed import binary_mixed_model, ordinal_mixed_model
from bcos_core.study.statistics.pairs import bradley_terry
from bcos_core.study.statistics.ranks import friedman, pairwise_wilcoxon
from bcos_core.study.statistics.result import Result

COLUMNS = ("rater", "arrival", "kind", "item", "cell", "position", "question", "value", "seconds")


@dataclass(frozen=True)
class Answered:
    """`answers`: one row an answer that stands, with the columns `COLUMNS`; `seconds` from the item's opening to its
    last answer. `excluded`: rater → why their answers do not count, by the rule of the design."""

    answers: pd.DataFrame
    excluded: Mapping[str, str]

    @property
    def of_items(self) -> pd.DataFrame:
        """Answers to items, of all raters: not to practice, nor to checks."""
        return self.answers[self.answers["kind"] == SlotKind.ITEM.value]

    @property
    def counted(self) -> pd.DataFrame:
        """Answers to items, of raters who count."""
        return self.of_items[~self.of_items["rater"].isin(self.excluded)]


@dataclass(frozen=True)
class Analysis:
    """What is said about one thing that was asked: its results, the first ones to be read first, and the values
    behind them, one row an answer with `rater`, `item`, `condition`, `value`."""

    title: str
    results: tuple[Result, ...]
    values: pd.DataFrame


def read_answers_of(database: Database, study: str, locked: LockedStudy) -> Answered:
    """Every answer of a study that stands; those of raters who have withdrawn do not."""
    fixed = {item.id: item.cell for item in locked.items}
    rows = [
        (
            *(row.rater, row.arrival, row.kind.value, row.item, row.cell or fixed[row.item], row.position),
            *(row.dimension, row.value),
            None if row.answered_at is None else (row.answered_at - row.opened_at).total_seconds(),
        )
        for row in answer_rows(database, study)
        if row.stands
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return Answered(frame, exclusions(frame, locked))


def failed_checks(frame: pd.DataFrame, locked: LockedStudy, kind: str = "instructed") -> dict[str, tuple[int, int]]:
    """rater → how many checks of a kind they failed, and how many they answered."""
    found: dict[str, tuple[int, int]] = {}
    checks = {item.id: item for item in locked.of_kind(kind)}
    for (rater, item), answers in frame[frame["item"].isin(checks)].groupby(["rater", "item"]):
        expected = checks[str(item)].expected
        failed = any(
            row.value not in expected[row.question] for row in answers.itertuples() if row.question in expected
        )
        before = found.get(str(rater), (0, 0))
        found[str(rater)] = (before[0] + int(failed), before[1] + 1)
    return found


def exclusions(frame: pd.DataFrame, locked: LockedStudy) -> dict[str, str]:
    """rater → why they are left out, by the rule that was fixed when the study was locked."""
    checks = failed_checks(frame, locked)
    items = frame[frame["kind"] == SlotKind.ITEM.value].drop_duplicates(["rater", "item"])
    medians = {str(rater): median for rater, median in items.groupby("rater")["seconds"].median().items()}
    reasons = {
        rater: left_out_because(locked.design.exclusion, *checks.get(rater, (0, 0)), medians.get(rater))
        for rater in (*checks, *(rater for rater in medians if rater not in checks))
    }
    return {rater: why for rater, why in reasons.items() if why}


def left_out_because(rule: Exclusion, failed: int, seen: int, median_seconds: float | None) -> str:
    """Why a rater is left out, who failed so many of the instructed checks seen, and took so long for an item in the
    median (None: no item yet); "" where they count."""
    if failed > rule.failed_checks:
        return f"failed {failed} of {seen} instructed checks; the rule allows {rule.failed_checks}"
    if median_seconds is not None and median_seconds < rule.fastest:
        return f"took {median_seconds:.1f} s for an item in the median; the rule asks for {rule.fastest:g} s"
    return ""


def analyse(answered: Answered, locked: LockedStudy) -> list[Analysis]:
    """Everything that the study's protocol asks of its answers."""
    return _PROTOCOLS[locked.design.protocol](answered.counted, locked)


def closed_loops(analysis: Analysis, locked: LockedStudy) -> dict[str, Result]:
    """Score → how well it predicts what people answered about the same explanations; none for pairs, which have no
    answer of their own for each explanation."""
    if locked.design.protocol == "paired":
        return {}
    names = {condition.id: condition.title for condition in locked.design.conditions}
    rows = [
        (item.id, names[id], score, value)
        for item in locked.of_kind("item")
        for id, scores in item.scores.items()
        for score, value in scores.items()
    ]
    table = pd.DataFrame(rows, columns=["item", "condition", "name", "score"])
    return {score: closed_loop(table[table["name"] == score], analysis.values) for score in LOOP_SCORES}


def wide(frame: pd.DataFrame, locked: LockedStudy) -> pd.DataFrame:
    """One row per rater and item: `rater`, `item`, `cell`, `condition` (its title), and a column for every question."""
    keys = ["rater", "item", "cell"]
    table = frame.pivot(index=keys, columns="question", values="value").reset_index() if len(frame) else frame
    names = {condition.id: condition.title for condition in locked.design.conditions}
    return table.assign(condition=[PAIR.join(names[id] for id in str(cell).split(PAIR)) for cell in table["cell"]])


def _values(table: pd.DataFrame, value: Any) -> pd.DataFrame:
    return table[["rater", "item", "condition"]].assign(value=value)


def _rating(frame: pd.DataFrame, locked: LockedStudy) -> list[Analysis]:
    table = wide(frame, locked)
    return [_scale(question, table) for question in locked.design.questions]


def _scale(question: Question, table: pd.DataFrame) -> Analysis:
    given = table[question.name] if question.name in table else pd.Series(dtype=float)
    values = _values(table.loc[given.dropna().index], given.dropna().astype(float))
    return Analysis(
        question.prompt,
        (
            condition_means(values),
            condition_differences(values),
            agreement(values),
            friedman(values),
            pairwise_wilcoxon(values),
            ordinal_mixed_model(values),
        ),
        values,
    )


def _paired(frame: pd.DataFrame, locked: LockedStudy) -> list[Analysis]:
    table = wide(frame, locked)
    (question,) = locked.design.questions
    sides = pd.DataFrame([str(pair).split(PAIR) for pair in table["condition"]], index=table.index, columns=[0, 1])
    outcome = table.get(question.name, pd.Series(dtype=object)).map(
        {"left": "first", "right": "second", "none": "none"}
    )
    pairs = table[["rater", "item"]].assign(first=sides[0], second=sides[1], outcome=outcome).dropna()
    # Which condition was preferred, whichever side it stood on, so that raters of the same pair can agree.
    preferred = pairs["first"].where(pairs["outcome"] == "first", pairs["second"]).where(pairs["outcome"] != "none", "")
    values = pairs[["rater", "item"]].assign(
        condition=[PAIR.join(sorted(pair)) for pair in zip(pairs["first"], pairs["second"], strict=True)],
        value=pd.factorize(preferred, sort=True)[0].astype(float),
    )
    return [Analysis(question.prompt, (bradley_terry(pairs), agreement(values, level="nominal")), values)]


def _simulation(frame: pd.DataFrame, locked: LockedStudy) -> list[Analysis]:
    table = wide(frame, locked)
    said = [_predicted(locked, item, cell) for item, cell in zip(table["item"], table["cell"], strict=True)]
    guesses = table.reindex(columns=["rater", "item", "condition", "before", "after"])
    kept = guesses[["before", "after"]].notna().all(axis=1)
    right = guesses[["before", "after"]].eq(pd.Series(said, index=table.index, dtype=object), axis=0).astype(float)
    gains = guesses.assign(before=right["before"], after=right["after"])[kept]
    after = _values(gains, gains["after"])
    return [
        Analysis(
            "Guessing the model’s answer, before and after the heatmap",
            (simulation_gain(gains), binary_mixed_model(after), agreement(after, level="nominal")),
            _values(gains, gains["after"] - gains["before"]),
        )
    ]


def _trust(frame: pd.DataFrame, locked: LockedStudy) -> list[Analysis]:
    table = wide(frame, locked)
    truth = {
        (item.id, cell): item.label == _predicted(locked, item.id, cell)
        for item in locked.of_kind("item")
        for cell in locked.design.cells
        if item.label is not None
    }
    known = [(str(row.item), str(row.cell)) in truth for row in table.itertuples()]
    judged = table[pd.Series(known, index=table.index, dtype=bool)].dropna(subset=["right"]) if len(table) else table
    correct = [float((row.right == "yes") == truth[(str(row.item), str(row.cell))]) for row in judged.itertuples()]
    return [_binary("Right verdicts on the model’s answer", _values(judged, correct))]


def _edit(frame: pd.DataFrame, locked: LockedStudy) -> list[Analysis]:
    table = wide(frame, locked)
    if "flipped" not in table:
        table = table.assign(
            flipped=pd.Series(dtype=float), edits=pd.Series(dtype=float), change=pd.Series(dtype=float)
        )
    done = table.dropna(subset=["flipped"])
    flipped = _values(done, done["flipped"].astype(float))
    edits, change = (_values(done, done[name].astype(float)) for name in ("edits", "change"))
    return [
        _binary("Answers that were flipped", flipped),
        Analysis("Words that were changed", (condition_means(edits), condition_differences(edits)), edits),
        Analysis("Fall of the answer’s probability", (condition_means(change), condition_differences(change)), change),
    ]


def _binary(title: str, values: pd.DataFrame) -> Analysis:
    results = (condition_means(values), condition_differences(values), binary_mixed_model(values))
    return Analysis(title, (*results, agreement(values, level="nominal")), values)


def _predicted(locked: LockedStudy, item: str, cell: str) -> str:
    record = locked.item(item).shown(cell)[0]
    return record.labels[record.predicted]


_PROTOCOLS: dict[str, Callable[[pd.DataFrame, LockedStudy], list[Analysis]]] = {
    "rating": _rating,
    "paired": _paired,
    "simulation": _simulation,
    "edit": _edit,
    "trust": _trust,
}
