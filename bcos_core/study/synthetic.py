"""A locked study of made-up texts with made-up heatmaps, for load and for tests of statistics: no model is asked."""

from __future__ import annotations

import math
import random

from bcos_core.attribution.record import Attribution, Cost, Target, Token
from bcos_core.attribution.registry import CHANCE
from bcos_core.study.design import NO_HEATMAP, Condition, StudyDesign
from bcos_core.study.locked import LockedItem, LockedStudy
from bcos_core.study.selection import Source
from bcos_core.text.words import word_spans

SYNTHETIC = "synthetic"
CLASSES = ("synthetic class 1", "synthetic class 2")
WORDS = ("blip", "dorm", "fenk", "gorp", "lunt", "mave", "plid", "quib", "snep", "tweg", "vost", "zarf")
RIGHT_SHARE = 0.7
"""So often the made-up model's answer is the label."""


def synthetic_source(count: int) -> Source:
    return Source(count=count, collection="synthetic texts", strata=())


def synthetic_condition(number: int, method: str = CHANCE) -> Condition:
    """Conditions with different numbers have different titles."""
    return Condition(f"{SYNTHETIC} condition {number}", method)


def load_design(raters: int, items: int, conditions: int = 2, seed: int = 0) -> StudyDesign:
    """A rating study in which each of the raters sees every item.

    Raises:
        InputError: numbers that no study can have.
    """
    return StudyDesign(
        f"{raters} raters × {items} items",
        tuple(synthetic_condition(number) for number in range(1, conditions + 1)),
        source=synthetic_source(items),
        items_per_rater=items,
        raters_per_item=raters,
        practice=0,
        instructed=0,
        seed=seed,
    )


def synthetic_study(design: StudyDesign) -> LockedStudy:
    """The design with its `source.count` items, all of which count: it must ask for no practice and no checks."""
    if design.practice or design.instructed or design.random:
        raise ValueError("A synthetic study has neither practice nor checks.")
    items = tuple(_item(design, number) for number in range(1, design.source.count + 1))
    return LockedStudy(design, items, CLASSES, dict.fromkeys(design.checkpoints, SYNTHETIC))


def _item(design: StudyDesign, number: int) -> LockedItem:
    chance = random.Random(f"{design.seed}/{number}")
    text = f"Synthetic text number {number}: {' '.join(chance.choices(WORDS, k=chance.randint(6, 18)))}."
    answer = chance.randrange(len(CLASSES))
    label = CLASSES[answer if chance.random() < RIGHT_SHARE else 1 - answer]
    probability = chance.uniform(0.55, 0.95)
    records = {one.id: _record(one, text, answer, probability, chance) for one in design.conditions}
    return LockedItem(f"item-{number}", "item", text, label, records)


def _record(condition: Condition, text: str, answer: int, probability: float, chance: random.Random) -> Attribution:
    tokens = tuple(Token(text[start:end], start, end) for start, end in word_spans(text))
    plain = condition.method == NO_HEATMAP
    logit = math.log(probability / (1 - probability)) / 2  # softmax(logit, −logit) = (probability, 1 − probability)
    logits = tuple(logit if place == answer else -logit for place in range(len(CLASSES)))
    return Attribution(
        text=text,
        tokens=tokens,
        scores=tuple(0.0 if plain else chance.uniform(-1, 1) for _ in tokens),
        method=CHANCE,
        parameters={},
        target=Target(answer, CLASSES[answer]),
        logit=logit,
        reference_share=0.0,
        bias_share=0.0,
        additive=False,
        logits=logits,
        probabilities=tuple(probability if place == answer else 1 - probability for place in range(len(CLASSES))),
        labels=CLASSES,
        model=SYNTHETIC,
        weights_hash=SYNTHETIC,
        cost=Cost(0, 0, 0.0),
    )
