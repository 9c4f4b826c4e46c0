"""Answers of a study as tidy frames, who is left out by the rule that was fixed, and the analyses of its protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from bcos_core.storage.database import Database
from bcos_core.study.analysis import Analysis
from bcos_core.study.answer_rows import answer_rows
from bcos_core.study.assignment import SlotKind
from bcos_core.study.design import Exclusion
from bcos_core.study.locked import LockedStudy
from bcos_core.study.participation import Participation, participation
from bcos_core.study.plan import PAIR
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.raters import Raters
from bcos_core.study.scoring import LOOP_SCORES
from bcos_core.study.statistics.closed_loop import closed_loop
from bcos_core.study.statistics.result import Result

COLUMNS = ("rater", "arrival", "kind", "item", "cell", "position", "question", "value", "seconds")


@dataclass(frozen=True)
class Answered:
    """`answers`: one row an answer that stands, with the columns `COLUMNS`; `seconds` from the item's opening to its
    last answer. `excluded`: rater → why their answers do not count, by the rule of the design. `participation`: what
    has become of everybody who came."""

    answers: pd.DataFrame
    excluded: Mapping[str, str]
    participation: Participation

    @property
    def of_items(self) -> pd.DataFrame:
        """Answers to items, of all raters: not to practice, nor to checks."""
        return self.answers[self.answers["kind"] == SlotKind.ITEM.value]

    @property
    def counted(self) -> pd.DataFrame:
        """Answers to items, of raters who count."""
        return self.of_items[~self.of_items["rater"].isin(self.excluded)]


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
    excluded = exclusions(frame, locked)
    answered = frozenset(map(str, frame[frame["kind"] == SlotKind.ITEM.value]["rater"]))
    return Answered(frame, excluded, participation(Raters(database).of(study), answered, excluded))


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
    return PROTOCOLS[locked.design.protocol].analyse(wide(answered.counted, locked), locked)


def short_titles(locked: LockedStudy, models: Mapping[str, str] | None = None) -> dict[str, str]:
    """Title of a condition → what it is called where only this study is spoken of: its method alone, where that is
    enough, else with its model as it is called (`models`: folder → name); in the order of the design."""
    conditions = locked.design.conditions
    enough = len({one.method_title for one in conditions}) == len(conditions)
    return {one.title: one.method_title if enough else one.called(models or {}) for one in conditions}


def findings(analyses: Sequence[Analysis], locked: LockedStudy, models: Mapping[str, str] | None = None) -> list[str]:
    """A sentence for each analysis that the protocol's finding is about, the first one first. `models` as in
    `short_titles`."""
    protocol = PROTOCOLS[locked.design.protocol]
    about = analyses if protocol.reworded else analyses[:1]
    return [protocol.finding.sentence(analysis.compared, short_titles(locked, models)) for analysis in about]


def closed_loops(analysis: Analysis, locked: LockedStudy) -> dict[str, Result]:
    """Score → how well it predicts what people answered about the same explanations; none where several are
    judged at once, which have no answer of their own for each explanation."""
    if locked.design.heatmaps > 1:
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
    """One row per rater and item: `rater`, `item`, `cell`, `condition` (its title), and a column for every question
    and for everything that was measured."""
    keys = ["rater", "item", "cell"]
    table = frame.pivot(index=keys, columns="question", values="value").reset_index() if len(frame) else frame
    names = {condition.id: condition.title for condition in locked.design.conditions}
    return table.assign(condition=[PAIR.join(names[id] for id in str(cell).split(PAIR)) for cell in table["cell"]])
