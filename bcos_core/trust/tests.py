"""The trust tests, each with its definition, its source and its threshold. They were fixed before any result was seen.

A test turns each text into one number. A method fails it where the mean over texts lies beyond the threshold, on the
wrong side, by more than chance: one-sided sign-flip test, corrected by Holm over all tests of the method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bcos_core.registry import Registry

ALIKE = 0.5
"""Rank correlation from which on two heatmaps count as alike: nearer to the same order than to none."""
THE_SAME = 0.99
"""Likeness above which two heatmaps count as the same."""
VISIBLE = 0.01
"""Difference of a score, as a share of the largest one, from which on it could be seen."""
LEAST_TEXTS = 10
"""With fewer texts a test is not judged."""
ENOUGH_TEXTS = 50
"""Tests in which every text counts look at the first so many: an interval of a mean ρ is then at most ± 0.14."""
LEAST_WORDS = 5
"""With fewer words a text has no order to speak of, and does not count."""


@dataclass(frozen=True)
class TrustTest:
    """`title` names it in a table, `question` asks it, `definition` says in full what is computed for a text, with
    {still} and {moved} for the tolerances of the task, `fault` completes the sentence "Method …", with {part} for the
    part of the model that it speaks of. `wrong` is the side
    of `threshold` on which the mean must not lie. `measure` is what the number of a text is, with its range."""

    name: str
    title: str
    question: str
    definition: str
    source: str
    measure: str
    threshold: float
    wrong: Literal["above", "below"]
    fault: str

    def gap(self, value: float) -> float:
        """How far a value lies beyond the threshold on the wrong side; negative on the right one."""
        return value - self.threshold if self.wrong == "above" else self.threshold - value

    @property
    def rule(self) -> str:
        """When a method fails."""
        return f"Fails where the mean is {self.wrong} {self.threshold:g}."


TESTS: Registry[TrustTest] = Registry("trust test")

RHO, LIKENESS, DIFFERENCE = (
    "Spearman’s ρ of the words’ scores, −1 to 1",
    "likeness, 0 to 1",
    "largest difference of a score ÷ largest score",
)
_ADEBAYO = "Adebayo et al. 2018, Sanity Checks for Saliency Maps (arXiv 1810.03292), §3"
_SHUFFLED = (
    "Shuffled: every weight tensor keeps its values, in random order (as the Quantus toolkit does it, Hedström et al. "
    "2023, JMLR 24:34), so that sizes stay what the model was made for"
)
_STABLE = "Alvarez-Melis & Jaakkola 2018, On the Robustness of Interpretability Methods (arXiv 1806.08049)"
_CHECKLIST = "Ribeiro et al. 2020, Beyond Accuracy: CheckList (ACL 2020), invariance and directional tests"
_STILL = "Only edits count that leave the answer where it was (by at most {still})."
_MOVED = "Only edits count that move the answer (by at least {moved})."
_OVERLAP = (
    "Both heatmaps are divided by their largest absolute score; likeness = 1 − Σ|a − b| / Σ(|a| + |b|) over the words "
    "of both texts, a word that one of them lacks having 0 there (Bray & Curtis 1957)."
)

for _test in (
    TrustTest(
        name="cascade",
        title="Shuffled weights",
        question="Does the heatmap change when the model knows nothing any more?",
        definition=(
            "The weights are shuffled part by part, from the output layer to the embeddings, until none is left. "
            f"{_SHUFFLED}. Spearman’s ρ of the words’ scores before and after, when all are shuffled."
        ),
        source=_ADEBAYO,
        measure=RHO,
        threshold=ALIKE,
        wrong="above",
        fault="gives much the same heatmap when all weights are shuffled",
    ),
    TrustTest(
        name="cascade_strengths",
        title="Shuffled weights, strengths",
        question="Does it change which words are strong, whatever their sign?",
        definition=f"The same of the absolute scores. {_SHUFFLED}. Not for methods whose scores have no sign.",
        source=_ADEBAYO,
        measure=RHO.replace("scores", "absolute scores"),
        threshold=ALIKE,
        wrong="above",
        fault="finds the same words strong when all weights are shuffled",
    ),
    TrustTest(
        name="layers",
        title="One part shuffled",
        question="Does every part of the model have a say in the heatmap?",
        definition=(
            "One part of the model at a time is shuffled, the rest stays as it is. Judged is the part that matters "
            "least to the heatmap; its p is multiplied by the number of parts (Bonferroni). "
            f"{_SHUFFLED}. Spearman’s ρ of the words’ scores before and after."
        ),
        source=f"{_ADEBAYO}, independent randomisation",
        measure=RHO,
        threshold=THE_SAME,
        wrong="above",
        fault="does not depend on the {part}",
    ),
    TrustTest(
        name="case",
        title="Capital letters",
        question="Does it hold still when only capital letters change?",
        definition=(
            f"The text in small letters; one without capital letters gets one at its beginning. {_STILL} Spearman’s ρ "
            "of the words’ scores before and after."
        ),
        source=f"{_STABLE}; {_CHECKLIST}",
        measure=RHO,
        threshold=ALIKE,
        wrong="below",
        fault="changes when only capital letters do",
    ),
    TrustTest(
        name="synonyms",
        title="Synonym",
        question="Does it hold still when words are replaced by others of the same meaning?",
        definition=(
            f"Every word that our list has is replaced by its synonym. {_STILL} Spearman’s ρ of the other words’ "
            "scores before and after."
        ),
        source=f"{_STABLE}; {_CHECKLIST}",
        measure=RHO,
        threshold=ALIKE,
        wrong="below",
        fault="changes when words are replaced by synonyms",
    ),
    TrustTest(
        name="sentence",
        title="Added sentence",
        question="Does it hold still when a sentence is added that has nothing to do with the answer?",
        definition=(
            f"A neutral sentence is added at the end, of a pair at the end of the first text. {_STILL} Spearman’s ρ of "
            "the old words’ scores before and after."
        ),
        source=f"{_STABLE}; {_CHECKLIST}",
        measure=RHO,
        threshold=ALIKE,
        wrong="below",
        fault="changes when an irrelevant sentence is added",
    ),
    TrustTest(
        name="masked",
        title="Strongest word hidden",
        question="Does it move when the word that the answer hangs on is hidden?",
        definition=(
            "Of the words that are one token, the one without which the model’s answer changes most is replaced by the "
            f"mask token, where all others stay as they are; it is left out where the tokenizer has none. {_MOVED} "
            f"{_OVERLAP}"
        ),
        source=_CHECKLIST,
        measure=LIKENESS,
        threshold=THE_SAME,
        wrong="above",
        fault="stays the same when the word that the answer hangs on is hidden",
    ),
    TrustTest(
        name="antonym",
        title="Antonym",
        question="Does it move when a word becomes its opposite?",
        definition=(
            "Of the words that our list has an opposite for, the one that the answer hangs on most is replaced by it. "
            f"{_MOVED} {_OVERLAP}"
        ),
        source=_CHECKLIST,
        measure=LIKENESS,
        threshold=THE_SAME,
        wrong="above",
        fault="stays the same when a word becomes its opposite",
    ),
    TrustTest(
        name="negation",
        title="Negation",
        question="Does it move when “not” is put into the text?",
        definition=(
            "“not” is put behind the first auxiliary verb, or, without one, before the word that our list has an "
            f"opposite for; a text that is negated already does not count. {_MOVED} {_OVERLAP}"
        ),
        source=_CHECKLIST,
        measure=LIKENESS,
        threshold=THE_SAME,
        wrong="above",
        fault="stays the same when “not” is put into the text",
    ),
    TrustTest(
        name="seeds",
        title="Other seeds",
        question="Do two people with two seeds see the same heatmap?",
        definition="Mean of Spearman’s ρ between the words’ scores under three seeds, two at a time. Only for methods "
        "that draw at random.",
        source="Visani et al. 2022, Statistical stability indices for LIME (JORS 73: 91)",
        measure=RHO,
        threshold=ALIKE,
        wrong="below",
        fault="gives another heatmap under another seed",
    ),
    TrustTest(
        name="again",
        title="Asked again",
        question="Is the same question answered the same way twice?",
        definition="The same texts are explained once more, in the same batches with the same seed.",
        source="Rule 3 of this project: a text alone, in a batch, or padded has one heatmap",
        measure=DIFFERENCE,
        threshold=VISIBLE,
        wrong="above",
        fault="answers the same question differently when asked again",
    ),
    TrustTest(
        name="alone",
        title="Alone",
        question="Does a text’s heatmap depend on what else is in its batch?",
        definition="Each text is explained alone, without padding, and compared with its heatmap in a batch of others.",
        source="Rule 3 of this project: a text alone, in a batch, or padded has one heatmap",
        measure=DIFFERENCE,
        threshold=VISIBLE,
        wrong="above",
        fault="gives a text another heatmap when it is alone",
    ),
    TrustTest(
        name="padded",
        title="Padded",
        question="Does it depend on padding?",
        definition="Each text is explained in a batch with one that is twice as long, and compared.",
        source="Rule 3 of this project: a text alone, in a batch, or padded has one heatmap",
        measure=DIFFERENCE,
        threshold=VISIBLE,
        wrong="above",
        fault="gives a text another heatmap beside a long one",
    ),
    TrustTest(
        name="precision",
        title="Precision",
        question="Is it the same when the model computes with twice the digits?",
        definition="The model computes in float64 in place of float32. Not for methods that draw at random: they draw "
        "other numbers there.",
        source="IEEE 754; Higham 2002, Accuracy and Stability of Numerical Algorithms, §1.5",
        measure=DIFFERENCE,
        threshold=VISIBLE,
        wrong="above",
        fault="is not computed exactly enough in float32",
    ),
):
    TESTS.register(_test.name, _test)
