"""The texts of a run with their edited copies: which of these leave the answer where it was, and which move it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bcos_core.model.classifier import Classifier
from bcos_core.progress import Reporter, Tally
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.text.encoding import Encoded, encode
from bcos_core.text.units import word_units
from bcos_core.trust.answers import Answers, Tolerance, tolerance_of
from bcos_core.trust.edits import (
    Edit,
    Strength,
    negated,
    other_case,
    with_antonym,
    with_sentence,
    with_synonyms,
    without_strongest,
)
from bcos_core.trust.heatmaps import Question
from bcos_core.trust.strongest import candidate_words, strengths

HARMLESS = ("case", "synonyms", "sentence")
TELLING = ("masked", "antonym", "negation")
"""Tests by edits, by what the edits of each are looked at for: that they leave the answer where it was, or move it."""


@dataclass(frozen=True)
class Edited:
    """The usable edits of one test: of the texts with these numbers, in their order. `reason` says why there are none
    at all."""

    rows: tuple[int, ...] = ()
    edits: tuple[Edit, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Questions:
    """What is explained: every text about its target, and the edited copies about the same."""

    asked: tuple[Question, ...]
    tolerance: Tolerance
    edited: Mapping[str, Edited] = field(default_factory=dict)

    def of_edits(self, test: str) -> list[Question]:
        """The edited texts of a test."""
        one = self.edited[test]
        return [Question(edit.text, self.asked[row].target) for row, edit in zip(one.rows, one.edits, strict=True)]

    @property
    def of_all_edits(self) -> list[Question]:
        return [question for test in self.edited for question in self.of_edits(test)]


def ask_questions(classifier: Classifier, texts: Sequence[str], store: EvidenceStore, reporter: Reporter) -> Questions:
    """Make every edit of every text and see what it does to the answer. `reporter` is told of it in texts, as many as
    may have to be asked about.

    Raises:
        JobCancelled: from the reporter; the answers so far are kept.
    """
    words = candidate_words(classifier, texts)
    most = len(texts) * (1 + len(HARMLESS) + len(TELLING)) + sum(map(len, words))
    answers = Answers(classifier, store, Tally(reporter, most))
    targets = answers.targets(texts)
    values = answers.measured(texts, targets)
    tolerance = tolerance_of(classifier, values)
    strong = strengths(classifier, texts, targets, words, answers.measured)
    plain = encode(classifier.tokenizer, texts, classifier.max_length)
    edited: dict[str, Edited] = {}
    for test in (*HARMLESS, *TELLING):
        made = [(row, edit) for row, text in enumerate(plain) if (edit := _edit(test, text, strong[row], classifier))]
        seen = _that_are_seen(classifier, plain, made)
        if not seen:
            edited[test] = Edited(reason=_why_none(test, bool(made)))
            continue
        after = answers.measured([edit.text for _, edit in seen], [targets[row] for row, _ in seen])
        shifts = [abs(value - values[row]) for (row, _), value in zip(seen, after, strict=True)]
        usable = [
            one
            for one, shift in zip(seen, shifts, strict=True)
            if (shift <= tolerance.still if test in HARMLESS else shift >= tolerance.moved)
        ]
        edited[test] = Edited(tuple(row for row, _ in usable), tuple(edit for _, edit in usable))
    answers.tally.add(0, given=most - len(answers.known))  # edits that do not apply
    asked = tuple(Question(text, target) for text, target in zip(texts, targets, strict=True))
    return Questions(asked, tolerance, edited)


def _edit(test: str, encoded: Encoded, strong: Strength, classifier: Classifier) -> Edit | None:
    text = encoded.text
    match test:
        case "case":
            return other_case(text)
        case "synonyms":
            return with_synonyms(text)
        case "sentence":
            return with_sentence(text)
        case "masked":
            return _masked(encoded, strong, classifier)
        case "antonym":
            return with_antonym(text, strong)
        case _:
            return negated(text, strong)


def _masked(encoded: Encoded, strong: Strength, classifier: Classifier) -> Edit | None:
    """One token for one token, so that all others stay where they are; None where the tokenizer does not let it be.
    Without a mask token the word is left out."""
    text, mask = encoded.text, classifier.tokenizer.mask_token
    single = {(one.start, one.end) for one in word_units(text, encoded.tokens) if len(one.positions) == 1}
    alone = {place: moved for place, moved in strong.items() if place in single}
    if mask is None:
        return without_strongest(text, alone, None)
    made = [without_strongest(text, alone, mask, joined=joined) for joined in (False, True)]
    edits = [edit for edit in made if edit is not None]
    after = encode(classifier.tokenizer, [edit.text for edit in edits], classifier.max_length)
    return next((edit for edit, new in zip(edits, after, strict=True) if len(new) == len(encoded)), None)


def _that_are_seen(
    classifier: Classifier, plain: Sequence[Encoded], made: Sequence[tuple[int, Edit]]
) -> list[tuple[int, Edit]]:
    """The edits that the model reads: not those behind the limit of length, or of letters that the tokenizer makes
    alike."""
    after = encode(classifier.tokenizer, [edit.text for _, edit in made], classifier.max_length)
    return [one for one, encoded in zip(made, after, strict=True) if encoded.ids != plain[one[0]].ids]


def _why_none(test: str, made: bool) -> str:
    """Why no text can be used."""
    if test == "case" and made:
        return "This tokenizer reads capital letters as small ones: the edited text is the same text."
    if made:
        return "The model reads none of the edits: its limit of length cuts them off."
    return {
        "case": "No text has letters that can be written otherwise.",
        "synonyms": "No text has a word of our list, which is English.",
        "antonym": "No text has a word of our list, which is English.",
        "negation": "No text has an auxiliary verb or a word of our list, which is English.",
    }.get(test, "No text has a word that could be edited.")
