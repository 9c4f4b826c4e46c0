"""The methods paragraph: what was done, in the words of a paper, from what was locked and what came in."""

from __future__ import annotations

from collections.abc import Mapping

from bcos_core.numbers import count
from bcos_core.study.comprehension import TRIES
from bcos_core.study.design import StudyDesign
from bcos_core.study.locked import LockedStudy
from bcos_core.study.participation import Part, Participation
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.results import Answered
from bcos_core.study.selection import strata_of
from bcos_core.study.studies import Study
from bcos_core.tasks.registry import TASK_TYPES


def methods_paragraph(
    study: Study, locked: LockedStudy, answered: Answered, models: Mapping[str, str] | None = None
) -> str:
    """Design, materials, raters and exclusions; the statistics say themselves what they assume. `models`: folder → what
    the model is called."""
    design = locked.design
    protocol = PROTOCOLS[design.protocol]
    source = design.source
    became = answered.participation
    kept, left_out = became.number(Part.COUNTS), became.number(Part.LEFT_OUT)
    strata = strata_of(TASK_TYPES[design.task_type])
    drawn = (
        f"taken from the collection “{source.collection}”"
        if source.collection
        else "drawn at random from the held-out test set"
        + (
            f", as evenly by {' and '.join(strata[name] for name in source.strata)} as there were texts"
            if source.strata
            else ""
        )
    )
    chosen = f"{source.filter_title}, " if source.filter_title else ""
    if design.heatmaps > 1 and len(design.checkpoints) > 1:
        chosen += "to which all models gave the same answer, "
    extended = f"; while the study ran, this was raised to {study.extended_to}" if study.extended_to else ""
    conditions = "; ".join(condition.called(models or {}) for condition in design.conditions)
    mixed = [count(design.instructed, "instructed attention check")] if design.instructed else []
    mixed += [f"{count(design.random, 'heatmap')} of random scores"] if design.random else []
    one = design.instructed + design.random == 1
    checks = f"{' and '.join(mixed)} {'was' if one else 'were'} mixed in. " if mixed else ""
    understood = (
        f"Before the first item, raters had to answer {count(len(design.comprehension), 'question')} about the "
        f"instructions, in at most {TRIES} tries. "
        if design.comprehension
        else ""
    )
    article = "an" if protocol.title[0] in "AEIOU" else "a"
    first = "SIMULATED RATERS, NOT PEOPLE. " if study.simulated else ""
    return (
        f"{first}In {article} {protocol.title.lower()} study, {count(kept, 'rater')} "
        f"{protocol.procedure}. "
        f"Materials were {count(source.count, 'text')} of {source.least} to {source.most} words, {chosen}{drawn} "
        f"(seed {source.seed}), explained under {count(len(design.conditions), 'condition')}: {conditions}. "
        f"Each rater was given {count(design.items_per_rater, 'item')} after "
        f"{count(design.practice, 'practice item')}, each item once{_answered_of(answered, design.items_per_rater)}; "
        "conditions were blinded, drawn with one colour scale in one light theme, balanced within items, and ordered "
        f"by Williams squares over raters; {count(design.raters_per_item, 'answer')} "
        f"{'was' if design.raters_per_item == 1 else 'were'} wanted for an item{extended}. {understood}{checks}"
        f"{_left_out(design, left_out, kept + left_out)}{_others(became)} Texts, explanations, wording "
        f"and rules were locked before the first answer (SHA-256 {(study.lock_hash or '')[:16]}…)."
    )


def _left_out(design: StudyDesign, left_out: int, answered: int) -> str:
    """The rule of exclusion, of what it could be held against, and how many it took."""
    rule = design.exclusion
    reasons = [f"failed more than {rule.failed_checks} of the instructed checks"] if design.instructed else []
    reasons += [f"had a median time for an item below {rule.fastest:g} s"] if rule.fastest else []
    if not reasons:
        return "There was no rule to leave raters out by."
    return (
        f"By a rule fixed before data collection, raters who {' or '.join(reasons)} were left out "
        f"({left_out} of {answered})."
    )


def _others(became: Participation) -> str:
    """Everybody else who came, where there is anybody."""
    said = ""
    if others := became.number(Part.NO_ITEM):
        said += f" {count(others, 'other rater')} answered no item."
    if gone := became.number(Part.WITHDREW):
        said += f" {count(gone, 'rater')} withdrew."
    if screened := became.number(Part.SCREENED_OUT):
        said += f" {count(screened, 'rater')} did not pass the comprehension check and saw no item."
    if taken := became.number(Part.TAKEN_OUT):
        said += f" The researcher took {count(taken, 'rater')} out."
    return said


def _answered_of(answered: Answered, given: int) -> str:
    """How many of the items that raters were given they answered, where that is not all of them."""
    counts = answered.counted.groupby("rater")["item"].nunique()
    if counts.empty or counts.min() >= given:
        return ""
    low, high = int(counts.min()), int(counts.max())
    return f", and answered {low if low == high else f'{low} to {high}'} of them"
